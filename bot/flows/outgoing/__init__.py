"""What leaves: alerts and letters queued, claimed, joined, written, sent, recorded."""
