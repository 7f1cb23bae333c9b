"""What goes on as long as the service runs, one task each."""
