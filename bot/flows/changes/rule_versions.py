"""The rules by which open contacts were computed, as the store keeps them, beside those that are in force."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.core.calendar_notes import note_of
from bot.core.events import Event, EventKind
from bot.core.standards import Standard, from_stored
from bot.flows.rulebook import ClockRules, Rulebook
from bot.store import contacts, rules

_NOTED = "noted "
_NO_DATES = frozenset(
    {"title", "valid_from", "valid_to", "page", "approved_by", "reason", "review_by", "areas", "services", "channels"}
    | {"kinds", "visibility"}
)


def now_in_force(clock_rules: ClockRules) -> dict[str, str]:
    """Every rule by its name: the standards as they are written, the calendars that they use by their version."""
    tables = {name_of(s): json.dumps(s.as_table(), ensure_ascii=False) for s in clock_rules.promises.standards}
    calendar_keys = {s.calendar_key for s in (*clock_rules.promises.standards, *clock_rules.past.values())}
    return tables | {f"calendar {key}": clock_rules.calendars[key].version for key in sorted(calendar_keys)}


def name_of(standard: Standard) -> str:
    """Return what a standard is called among the rules."""
    return f"standard {standard.id} {standard.version}"


def remember(connection: Connection, clock_rules: ClockRules) -> dict[str, str]:
    """Take up the standards that contacts keep and no file holds any more; returns all that is kept."""
    stored_rules = rules.load(connection)
    for name, value in stored_rules.items():
        if name.startswith("standard "):
            was = from_stored(json.loads(value))
            if clock_rules.promises.versions.get((was.id, was.version)) is None:
                clock_rules.past[was.id, was.version] = was
    return stored_rules


def names_changed(connection: Connection, book: Rulebook) -> list[str]:
    """The names of the rules that are not what open contacts were computed by; new standards change nothing."""
    stored_rules = remember(connection, book.clocks)
    in_force = now_in_force(book.clocks)
    return [
        name
        for name, value in in_force.items()
        if name in stored_rules and _dates_of(stored_rules[name]) != _dates_of(value)
    ]


def _dates_of(value: str) -> Any:
    """What dates follow from: a standard without what it is called, whom it is for and until when it is offered."""
    if not value.startswith("{"):
        return value
    return {key: text for key, text in json.loads(value).items() if key not in _NO_DATES}


def settle(connection: Connection, book: Rulebook, now: datetime) -> None:
    """Keep the rules as they are by now: every open contact was computed by them.

    The days of a calendar that changed are noted, so that figures up to an earlier event count by the days known then.
    """
    stored_rules, in_force = rules.load(connection), now_in_force(book.clocks)
    versions = {f"{_NOTED}{name}": version for name, version in in_force.items() if name.startswith("calendar ")}
    new_values = {name: value for name, value in (in_force | versions).items() if stored_rules.get(name) != value}
    rules.keep(connection, new_values, now)
    keys = [name.removeprefix(f"{_NOTED}calendar ") for name in new_values if name in versions]
    notes = [note_of(key, book.clocks.calendars[key]) for key in keys]
    contacts.note(connection, [Event(None, now, EventKind.CALENDAR_NOTED, details=note) for note in notes])
