"""What people do and see on the page of their own message."""
