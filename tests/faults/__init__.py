"""Real services on one store, harmed on purpose, and judged by what is in the store and in people's mailboxes."""
