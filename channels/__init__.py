"""Every file here is a channel."""
