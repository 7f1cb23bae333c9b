"""Pages for everybody: the form, the standards, the links in alerts, health, hooks."""
