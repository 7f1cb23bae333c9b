"""Verbs: gather what is known, decide, apply it in one transaction."""
