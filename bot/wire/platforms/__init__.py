"""The formats and connections of platforms."""
