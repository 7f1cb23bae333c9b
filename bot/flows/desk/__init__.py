"""What staff look at and do: one contact, one message, the backlog, the actions of console, API and mailed links."""
