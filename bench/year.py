"""A store with a year of contacts, written as the flows write them: columns and events, several of each contact."""

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.core.threads import reference_of

BEGINNING = datetime(2026, 1, 1, 8, tzinfo=UTC)
YEAR = timedelta(days=365)
AT_ONCE = 20_000
CHANNELS = {"inbox": ("mail", "email"), "website": ("form", "form"), "page": ("facebook", "facebook")}
SERVICES = ("bins", "council-tax", "housing", "roads", "planning", "")
TEAMS = ("front-office", "housing", "streets")
_EVENT = "INSERT INTO events (contact_id, at, kind, actor, details) VALUES (?, ?, ?, ?, ?)"
_STAFF = "staff:ada@example.gov.uk"
Event = tuple[int, datetime, str, str, str]


def fill(path: Path, count: int) -> int:
    """Fill a SQLite store that has every table with so many contacts; return how many events there are."""
    dice, events_count = random.Random(count), 0
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        for first in range(1, count + 1, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, count + 1))
            pairs = [_contact(number, BEGINNING + number * YEAR / count, dice) for number in numbers]
            names = list(pairs[0][0])
            places = ", ".join(f":{name}" for name in names)
            insert = f"INSERT INTO contacts ({', '.join(names)}) VALUES ({places})"  # noqa: S608 - our own names
            connection.executemany(insert, [row for row, _ in pairs])
            # Events of several contacts stand between one another, as in life.
            events = sorted((event for _, own in pairs for event in own), key=lambda event: event[1])
            connection.executemany(_EVENT, [(*event[:1], _at(event[1]), *event[2:]) for event in events])
            events_count += len(events)
            connection.commit()
        connection.execute("ANALYZE")
        connection.commit()
    return events_count


def _contact(number: int, received_at: datetime, dice: random.Random) -> tuple[dict[str, Any], list[Event]]:
    channel = dice.choice(list(CHANNELS))
    kind, medium = CHANNELS[channel]
    due = received_at + timedelta(days=dice.choice((7, 14, 28)))
    events = list(_life(number, received_at, due, dice))
    answers = [at for _, at, what, *_ in events if what == "responded"]
    is_open = not answers and events[-1][2] != "closed"
    return {
        "id": number,
        "reference": reference_of(number, "EX", b"bench"),
        "channel": channel,
        "external_id": f"<{number}@old.example>",
        "state": "open" if is_open else "answered" if answers else "closed",
        "outcome": "acknowledge",
        "rule": "24 person",
        "reason": "a person wrote",
        "team": dice.choice(TEAMS),
        "service": dice.choice(SERVICES) or None,
        "standard": "general",
        "standard_version": "2",
        "promise": "10 working days",
        "calendar": "england",
        "receipt_rule": "same day",
        "language": dice.choice(("en", "en", "en", "pl")),
        "received_at": _at(received_at),
        "acknowledge_by": _at(received_at + timedelta(days=1)),
        "acknowledged_at": _at(received_at),
        "respond_by": _at(due),
        "responded_at": _at(answers[-1]) if answers else None,
        "receipt_sent_at": _at(received_at),
        "next_look_at": "2099-01-01 00:00:00.000000" if is_open else None,
        "medium": medium,
        "channel_kind": kind,
        "first_acknowledge_by": _at(received_at + timedelta(days=1)),
        "first_respond_by": _at(due),
    }, events


def _life(number: int, received_at: datetime, due: datetime, dice: random.Random) -> Iterator[Event]:
    def event(kind: str, actor: str = "ackbot", **details: Any) -> Event:
        return number, at, kind, actor, json.dumps(details)

    at, chance = received_at, dice.random
    yield event("logged", outcome="acknowledge", rule="24 person", reason="a person wrote")
    yield event("acknowledgement sent", purpose="acknowledgement", step="", attempt=1)
    if chance() < 0.3:
        at += timedelta(hours=3)
        yield event("assigned", _STAFF, team="housing", owner="", team_before="front-office", owner_before="")
    if chance() < 0.1:
        at += timedelta(days=1)
        yield event("follow-up", outcome="attach", rule="8 reply to a contact", reason="a person wrote")
    if chance() < 0.08:
        yield event("paused", _STAFF, respond_by_before=due.isoformat())
        at += timedelta(days=4)
        yield event("resumed", _STAFF, respond_by=(due + timedelta(days=4)).isoformat())
    if chance() < 0.3:
        yield event("alert sent", purpose="alert", step="50%", attempt=1)
    at += timedelta(hours=dice.randint(1, 400))
    if chance() < 0.03:
        yield event(
            "extended", _STAFF, extended_to="20 working days", respond_by=(due + timedelta(days=14)).isoformat()
        )
    if chance() < 0.05:
        yield event("closed", _STAFF, outcome="told", was="open", note="By phone.")
    elif chance() < 0.97:
        yield event("responded", _STAFF, note="it was written here", cancelled_deliveries=0)
        yield event("answer sent", purpose="answer", step="", attempt=1)
        if chance() < 0.05:
            at += timedelta(days=2)
            yield event("reopened", answered_at=at.isoformat(), respond_by=(at + timedelta(days=14)).isoformat())
            at += timedelta(days=3)
            yield event("responded", _STAFF)


def _at(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M:%S.%f")
