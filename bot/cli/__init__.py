"""The commands of `ackbot`."""
