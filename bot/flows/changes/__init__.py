"""What staff, programs and the service itself change about a contact; each verb keeps its own rules."""
