"""What a daily list says: one row for each contact, what is due first on top, and no word of the person."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from bot.core.alerting import Reason
from bot.core.contacts import Contact
from bot.core.deliveries import Delivery, Purpose
from bot.core.durations import Duration, Unit
from bot.core.roles import Scope
from bot.flows.rulebook import ClockRules, Rulebook
from bot.flows.titles import Titles
from bot.render.words import date_in_words
from bot.store import clocks, format_tasks

# What has no date stands behind all that has one.
NEVER = datetime.max.replace(tzinfo=UTC)
Contacts = tuple[Contact, ...]

_WORDS = {
    Reason.NEW: "new",
    Reason.OVERDUE: "late",
    Reason.SOON: "due soon",
    Reason.USED: "half of the time or more is used",
    Reason.UNACKNOWLEDGED: "not acknowledged yet",
    Reason.UNASSIGNED: "nobody has it",
}


def contents(connection: Connection, delivery: Delivery, now: datetime, rules: ClockRules) -> tuple[Contacts, Contacts]:
    """The contacts that a daily list names, and those of which staff have to make a message into a format."""
    if delivery.purpose is not Purpose.DIGEST:
        return (), ()
    owed, to_make = dict[int, Contact](), dict[int, Contact]()
    for team, role in delivery.details.get("lists", ()):
        owed |= {contact.id: contact for contact in _owed(connection, team, role, now, rules)}
        to_make |= {contact.id: contact for contact in _to_make(connection, team, role)}
    by_date = sorted(owed.values(), key=lambda contact: (contact.respond_by or NEVER, contact.id))
    return tuple(by_date), tuple(to_make.values())


def _owed(connection: Connection, team: str | None, role: str, now: datetime, rules: ClockRules) -> Iterator[Contact]:
    daily_list = rules.daily_list(now)
    for contact in clocks.open_of_team(connection, team, daily_list.horizon, now, daily_list.since):
        ladder, assign_by = rules.ladders.of(contact.standard), rules.assign_by(contact)
        if daily_list.names(contact, role, ladder, assign_by):
            yield contact


def _to_make(connection: Connection, team: str | None, role: str) -> Iterator[Contact]:
    """Of an owner's list their own; of the team's and the lead's all that are the team's."""
    scope = Scope(frozenset({team} if team else ()), unassigned=team is None)
    for contact, _ in format_tasks.waiting(connection, scope):
        if role in ("team", "lead") or role == f"owner {contact.owner}":
            yield contact


def values(
    listed: Sequence[Contact], reader: str, now: datetime, book: Rulebook, to_make: Sequence[Contact] = ()
) -> dict[str, Any]:
    """The values of the template, for the person with this address."""
    daily_list, rows, counts = book.clocks.daily_list(now), list[dict[str, str]](), Counter[Reason]()
    titles = Titles(book)
    for contact in listed:
        reasons = list(daily_list.reasons(contact, book.clocks.assign_by(contact)))
        counts.update(reasons)
        rows.append(
            {
                "reference": contact.reference,
                "due": book.clocks.respond_by(contact) or "no date",
                "why": ", ".join(_WORDS[reason] for reason in reasons),
                "whose": _whose(contact, reader, titles),
                "channel": titles.way(contact),
            }
        )
    last_list = book.clocks.default_calendar.day_of(daily_list.since)
    return {
        "day": date_in_words(book.clocks.today(now)),
        "ahead": str(Duration(book.clocks.timing.list_ahead_working_days, Unit.WORKING_DAY)),
        "late": counts[Reason.OVERDUE],
        "soon": counts[Reason.SOON],
        "new": counts[Reason.NEW],
        "since": date_in_words(last_list),
        "since_day": last_list.isoformat(),
        "rows": rows,
        "to_make": [{"reference": contact.reference, "whose": _whose(contact, reader, titles)} for contact in to_make],
    }


def _whose(contact: Contact, reader: str, titles: Titles) -> str:
    taker = contact.taken_by.removeprefix("staff:") if contact.taken_by.startswith("staff:") else ""
    if person := contact.owner or taker:
        return "yours" if person == reader else person
    return titles.team(contact.team)
