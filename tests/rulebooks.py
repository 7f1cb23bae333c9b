"""A rulebook with other rules than the usual one."""

from dataclasses import fields, replace
from typing import Any

from bot.flows.rulebook import ClockRules, IntakeRules, OutgoingRules, Rulebook


def altered(book: Rulebook, **changes: Any) -> Rulebook:
    """The rulebook with these rules, each in the part that has a field of its name."""
    parts = {"clocks": ClockRules, "intake": IntakeRules, "outgoing": OutgoingRules}
    for name, part in parts.items():
        rules = {field.name: changes.pop(field.name) for field in fields(part) if field.name in changes}
        if rules:
            changes[name] = replace(getattr(book, name), **rules)
    return replace(book, **changes)
