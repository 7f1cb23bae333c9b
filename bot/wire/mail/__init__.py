"""The formats and connections of mail."""
