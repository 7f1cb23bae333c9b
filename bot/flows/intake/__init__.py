"""What comes in: gather what is known, decide, write it down."""
