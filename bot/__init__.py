"""Ackbot: every contact logged, one acknowledgement each, and an alert before a promise is broken."""
