"""Ackbot: every contact logged, one acknowledgement each, and an alert before a promise is broken."""

__version__ = "1.0.0rc1"
