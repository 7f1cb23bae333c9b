"""Contacts of every kind that a store can hold, each pair of their properties at least once."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from itertools import combinations, count
from random import Random
from typing import Any

from sqlalchemy import Connection, insert

from bot.core import threads
from bot.core.books import Matter
from bot.core.contacts import State
from bot.core.deliveries import Purpose
from bot.core.deliveries import State as Leaving
from bot.core.events import EventKind
from bot.core.histories import Kind
from bot.flows.rulebook import NO_WAY, Rulebook, Way
from bot.store import links, needs
from bot.store.needs import Needs
from bot.store.tables import contacts, deliveries, events, messages, raw_messages

Values = dict[str, Any]
PLATFORMS = ("bluesky", "facebook", "instagram", "mastodon", "telegram", "whatsapp", "x")
# Channel -> how its contacts come; the last one is configured no more.
MEDIA = {"email": "email", "form": "web_form", "desk": "desk", "loop": ""}
MEDIA |= {name: name for name in PLATFORMS}
OLD_CHANNEL = "old-mailbox"
OUTCOMES = ("acknowledge", "log", "attach", "undeliverable", "ask")
LANGUAGES = ("", "en", "cy", "pl", "ar", "ro", "xx")
FLAGS = (
    *("plain", "paused", "held", "forgotten", "undelivered", "urgent", "taken", "urgent-no-more", "legal-hold"),
    *("muted", "linked", "no-sender", "phone-only", "letter", "old-standard", "old-calendar", "no-promise-kept"),
    *("public", "quiet", "window", "needs", "no-messages", "many-messages", "only-staff-wrote", "unreadable"),
    *("extended", "old-events"),
)
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6300010000050001"
    "0d0a2db40000000049454e44ae426082"
)


def ways() -> dict[str, Way]:
    """Every channel that is configured."""
    return {name: Way("post", "front", f"{name}@example.gov.uk", medium, name=name) for name, medium in MEDIA.items()}


def combinations_of(kinds: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Each pair of values of two properties in at least one combination, in as few combinations as come easily."""
    factors = {
        "outcome": OUTCOMES,
        "state": tuple(State),
        "channel": (*MEDIA, OLD_CHANNEL),
        "kind": kinds,
        "language": LANGUAGES,
        "flag": FLAGS,
        "team": ("front", "housing", "", "old-team"),
        "service": ("", "bins", "old_service"),
    }
    choose = Random(1)
    pairs = {
        ((first, a), (second, b))
        for first, second in combinations(factors, 2)
        for a in factors[first]
        for b in factors[second]
    }
    while pairs:
        first = min(pairs)
        tries = [{name: choose.choice(values) for name, values in factors.items()} | dict(first) for _ in range(12)]
        best = max(tries, key=lambda row: len(pairs & set(combinations(row.items(), 2))))
        pairs -= set(combinations(best.items(), 2))
        yield best


class Store:
    """Fills a store with contacts, written as this version writes them, or as older ones did."""

    def __init__(self, connection: Connection, book: Rulebook, now: datetime) -> None:
        self._connection, self._book, self._now = connection, book, now
        self._ids = count(1)
        self._previous = 0

    def add(self, row: dict[str, str]) -> str:
        """One contact with all that belongs to it; its reference."""
        number, flag = next(self._ids), row["flag"]
        reference = threads.reference_of(number, "EX")
        self._connection.execute(insert(contacts).values(**self._contact(number, reference, row)))
        for values in self._messages(number, row):
            raw = values.pop("raw")
            self._connection.execute(insert(messages).values(**values))
            self._connection.execute(insert(raw_messages).values(message_id=values["id"], raw=raw))
        self._connection.execute(insert(events), list(self._events(number, row)))
        self._connection.execute(insert(deliveries), list(self._deliveries(number, row)))
        if flag == "needs":
            needs.note(self._connection, {needs.key_of_contact(number)}, Needs("Large print; Welsh", "ada", self._now))
        if flag == "linked" and self._previous:
            links.link(self._connection, self._previous, number)
        self._previous = number
        return reference

    def _contact(self, number: int, reference: str, row: dict[str, str]) -> Values:
        book, flag, at = self._book, row["flag"], self._now - timedelta(days=number % 40)
        way = book.ways.get(row["channel"], NO_WAY)
        is_owed = row["state"] != State.LOGGED and row["outcome"] in ("acknowledge", "ask")
        medium = "letter" if flag == "letter" else way.medium
        values: Values = {
            **dict.fromkeys(("standard", "standard_version"), None),
            **dict.fromkeys(("promise", "calendar", "receipt_rule"), ""),
            **dict.fromkeys(("acknowledge_by", "respond_by"), None),
        }
        if is_owed:
            values |= book.clocks.opening(at, Matter(medium, row["service"], row["kind"], "", "private"))
        values |= {
            "id": number,
            "reference": reference,
            "channel": row["channel"],
            "external_id": f"{'letter' if flag == 'letter' else 'phone'}:{number}",
            "state": row["state"],
            "outcome": row["outcome"],
            "rule": "24 person",
            "reason": "a person wrote",
            "sender_address": _ADDRESSES.get(flag, f"person{number}@residents.example"),
            "sender_name": "" if flag in ("no-sender", "phone-only") else "Sam Resident",
            "subject": "" if number % 7 == 0 else "A hole in the road",
            "team": row["team"] or None,
            "service": row["service"] or None,
            "kind": row["kind"],
            "language": row["language"],
            "received_at": at,
            "next_look_at": self._now if row["state"] == State.OPEN else None,
            "sender_key": _ADDRESSES.get(flag, f"person{number}@residents.example"),
        }
        return values | _of_flag(flag, at, self._now) if is_owed or flag not in _NEED_A_CLOCK else values

    def _messages(self, number: int, row: dict[str, str]) -> Iterator[Values]:
        flag = row["flag"]
        many = {"no-messages": 0, "many-messages": 12}.get(flag, 1 + number % 2)
        for place in range(many):
            written_by = "staff" if flag == "only-staff-wrote" or place == 1 else "sender"
            fields, raw = _as_it_came(row["channel"], number)
            yield {
                "id": number * 20 + place,
                "contact_id": number,
                "channel": row["channel"],
                "external_id": f"m{number}-{place}",
                "message_id": f"<m{number}-{place}@residents.example>",
                "digest": str(number),
                "received_at": self._now,
                "text": "" if flag == "forgotten" else "There is a hole in the road.\n" * (1 + number % 60),
                "fields": json.dumps(fields),
                "fault": "the text could not be read" if flag == "unreadable" else "",
                "written_by": "perhaps staff" if written_by == "staff" and number % 3 == 0 else written_by,
                "raw": b"\xff\x00 not a mail" if flag == "unreadable" else b"" if flag == "forgotten" else raw,
            }

    def _events(self, number: int, row: dict[str, str]) -> Iterator[Values]:
        flag, clock_kinds = row["flag"], set(map(str, Kind))
        all_kinds = [kind for kind in EventKind if kind.value not in clock_kinds]
        usual = [EventKind.LOGGED, *(all_kinds[(number * 7 + place) % len(all_kinds)] for place in range(7))]
        clock = {"paused": [Kind.PAUSED], "extended": [Kind.EXTENDED]}.get(flag, [])
        clock += [Kind.RESPONDED] if row["state"] == State.ANSWERED else []
        unknown = ["a kind of long ago"] if flag == "old-events" else []
        for place, kind in enumerate([*usual, *clock, *unknown]):
            details: Values = {"note": "n" * (place * 200), "respond_by": self._now.isoformat(), "list": [1, "two"]}
            if kind is Kind.EXTENDED:
                details = {"extended_to": "40 working days"}
            yield {
                "contact_id": number,
                "at": self._now - timedelta(hours=1),
                "kind": str(kind),
                "actor": "ackbot" if place % 2 else "staff:ada@example.gov.uk",
                "details": json.dumps({"old": {"deep": [None, 1.5]}} if flag == "old-events" else details),
            }

    def _deliveries(self, number: int, row: dict[str, str]) -> Iterator[Values]:
        purposes, states = list(Purpose), list(Leaving)
        for place in range(1 + number % 3):
            purpose = Purpose.ACKNOWLEDGEMENT if place == 0 else purposes[(number + place) % len(purposes)]
            state = Leaving.PERMANENT_FAILURE if row["flag"] == "undelivered" else states[number % len(states)]
            state = Leaving.CREATED if row["flag"] == "held" else state
            yield {
                "key": f"{purpose}:{number}:{place}",
                "contact_id": number,
                "purpose": purpose,
                "step": "late" if place else "",
                "channel": "post",
                "recipient": "" if row["flag"] == "forgotten" else f"person{number}@residents.example",
                "message_id": f"<d{number}-{place}@example.gov.uk>",
                "state": state,
                "created_at": self._now,
                "sent_at": self._now if state == Leaving.SENT else None,
                "next_attempt_at": None,
                "last_error": "Permanent: 550 no such mailbox" if row["flag"] == "undelivered" else "",
                "details": "{}",
            }


_ADDRESSES: dict[str, str | None] = {"no-sender": None, "phone-only": "tel:+441632960001"}
_NEED_A_CLOCK = ("paused", "window", "quiet", "extended", "no-promise-kept", "old-standard", "old-calendar")


def _of_flag(flag: str, at: datetime, now: datetime) -> Values:
    values: dict[str, Values] = {
        "paused": {"paused_at": now, "respond_by": None, "clock_changed": True},
        "forgotten": {"forgotten": True, "sender_address": None, "sender_key": None, "sender_name": "", "subject": ""},
        "urgent": {"urgent": "gas", "urgent_words": "smell gas", "urgent_at": now},
        "taken": {"urgent": "gas", "urgent_at": now, "taken_by": "staff:ada@example.gov.uk", "taken_at": now},
        "urgent-no-more": {"urgent": "a rule of long ago", "urgent_words": "x", "urgent_at": now},
        "legal-hold": {"legal_hold": "A claim is expected."},
        "muted": {"muted": True},
        "old-standard": {"standard": "of-long-ago", "standard_version": "1", "promise": "7 working days"},
        "old-calendar": {"standard": "of-long-ago", "standard_version": "1", "calendar": "a-calendar-of-long-ago"},
        "no-promise-kept": {"standard": "of-long-ago", "standard_version": None, "promise": "", "receipt_rule": ""},
        "public": {"visibility": "public"},
        "quiet": {"quiet_until": now + timedelta(days=1), "owner": "gone@example.gov.uk", "assigned_at": at},
        "window": {"platform_reply_by": now - timedelta(hours=1)},
        "extended": {"clock_changed": True},
    }
    return values.get(flag, {})


def _as_it_came(channel: str, number: int) -> tuple[Values, bytes]:
    """What a message says besides its words, and what came over the wire."""
    if channel in PLATFORMS:
        holds = ("voice", "image", "something new", "document")[number % 4]
        raw = {"id": number, holds: {"duration": 12, "file_name": "plan.pdf"}, "text": "A hole"}
        fields = {"kind": "message", "holds": holds} | ({"link": "https://t.example/1"} if number % 2 else {})
        return fields, json.dumps(raw).encode()
    if channel == "form":
        return {"name": "Sam", "phone": "01632 960 001", "old field": ["a", {"b": 1}]}, b"name=Sam"
    mail = EmailMessage()
    mail["Subject"] = "A hole"
    mail.set_content("There is a hole in the road.")
    mail.add_alternative("<p>There is a hole in the road.</p>", subtype="html")
    if number % 3 == 0:
        mail.add_attachment(PIXEL, maintype="image", subtype="png", filename="hole.png")
        mail.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="réport.exe")
        mail.add_attachment(b"OggS\0\2", maintype="audio", subtype="ogg", filename="note.ogg")
    return {}, mail.as_bytes()
