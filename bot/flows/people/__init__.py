"""What a person may ask for: all that is kept of them, and that it is erased (UK GDPR, articles 15 and 17)."""
