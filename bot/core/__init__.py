"""Nouns: what a contact, a promise, a delivery is. Pure: no input, no output, no clock, no chance."""
