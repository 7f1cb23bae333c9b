"""What to store for a batch of messages: rows for what is new, and changes to what was there before, all as values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from bot.core import remote_files
from bot.core.contacts import Contact, State
from bot.core.deliveries import Delivery, NewDelivery
from bot.core.events import Event, EventKind
from bot.core.intakes import Verdict
from bot.core.messages import Inbound
from bot.core.threads import key_of
from bot.flows.intake.batches import Filed
from bot.flows.intake.consequences import Called, Change
from bot.flows.intake.topics import Topic
from bot.flows.outgoing.claimed import Claimed
from bot.flows.rulebook import NO_WAY, ClockRules, Rulebook, Way
from bot.store.remote_files import NewFile

Values = dict[str, Any]
Looks = tuple[tuple[int, datetime], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows and changes in the order in which they are stored.

    `deliveries` are receipts, with their numbers; those that are in `claims`, too, leave after the commit. `notices`
    are for staff, `calls` say what cannot wait. `unscanned` are the messages whose files nobody opens yet, `files` are
    fetched from their platforms, `looks` the contacts that were said in public and owe no receipt, with until when
    somebody is to look at them. `windows` says until when a platform takes an answer, `results` what became of each
    message.
    """

    contacts: tuple[Values, ...] = ()
    messages: tuple[Values, ...] = ()
    raws: tuple[Values, ...] = ()
    unscanned: tuple[int, ...] = ()
    files: tuple[NewFile, ...] = ()
    looks: Looks = ()
    events: tuple[Event, ...] = ()
    windows: tuple[Values, ...] = ()
    deliveries: tuple[NewDelivery, ...] = ()
    claims: tuple[Claimed, ...] = ()
    changes: tuple[Change, ...] = ()
    calls: tuple[Called, ...] = ()
    notices: tuple[NewDelivery, ...] = ()
    results: tuple[Filed, ...] = ()

    def __add__(self, later: "Plan") -> "Plan":
        """This plan, and then the later one."""
        if later is NOTHING or self is NOTHING:
            return self if later is NOTHING else later
        return Plan(
            self.contacts + later.contacts,
            self.messages + later.messages,
            self.raws + later.raws,
            self.unscanned + later.unscanned,
            self.files + later.files,
            self.looks + later.looks,
            self.events + later.events,
            self.windows + later.windows,
            self.deliveries + later.deliveries,
            self.claims + later.claims,
            self.changes + later.changes,
            self.calls + later.calls,
            self.notices + later.notices,
            self.results + later.results,
        )


NOTHING = Plan()


def way_of(message: Inbound, book: Rulebook) -> Way:
    """How it came."""
    return book.ways.get(message.channel, NO_WAY)


def event(contact_id: int, kind: EventKind, verdict: Verdict, now: datetime, **more: str) -> Event:
    """An event of the contact: what was decided of a message."""
    details = {"outcome": verdict.outcome, "rule": verdict.rule, "reason": verdict.reason, **more}
    return Event(contact_id, now, kind, details=details)


def window(message: Inbound, now: datetime, book: Rulebook) -> datetime | None:
    """Until when the platform takes an answer to this message."""
    span = way_of(message, book).window.last
    return None if span is None else (message.received_at or now) + span


def moved_window(message: Inbound, contact: Contact, now: datetime, book: Rulebook) -> Plan:
    """The platform takes an answer to the contact for longer: the person wrote again."""
    until = window(message, now, book)
    # A contact that others were merged into may have come another way.
    if until is None or contact.channel != message.channel:
        return NOTHING
    look_at = min(way_of(message, book).window.looks(until, book.clocks.timing))
    return Plan(windows=({"chosen": contact.id, "until": until, "look_at": look_at},))


def as_stored(new: NewDelivery, number: int) -> Delivery:
    """What this new delivery is, once it is stored under that number."""
    return Delivery(
        id=number,
        key=new.key,
        contact_id=new.contact_id,
        purpose=new.purpose,
        step=new.step,
        channel=new.channel,
        recipient=new.recipient,
        message_id=new.message_id,
        state=new.state,
        attempts=new.attempts,
        created_at=new.created_at,
        details=new.details,
    )


# What a person said in public; a like, and what is taken back, is nothing to look at.
_LOOKED_AT = frozenset({"message", "mention", "comment", "edit"})


def looks(contact: Contact, message: Inbound, written_by: str, now: datetime, book: Rulebook) -> Plan:
    """Have staff look, by the end of the next working day, at what was said in public and owes no receipt."""
    post = message.post
    is_of_person = post is not None and post.kind in _LOOKED_AT and not post.by_program and written_by == "sender"
    if not is_of_person or contact.visibility != "public" or contact.state != State.LOGGED:
        return NOTHING
    return Plan(looks=((contact.id, book.clocks.default_calendar.due(message.received_at or now, 1)),))


@dataclass(frozen=True, slots=True)
class Opening:
    """Why a contact opens, and what is special about it.

    `linked_to` is an earlier contact that it goes on with, `receipt_of` one whose receipt stands for it. `unproven`:
    nothing proves the address of its receipt; `is_held`: that waits until staff let it leave.
    """

    verdict: Verdict
    topic: Topic
    linked_to: int | None = None
    receipt_of: int | None = None
    unproven: bool = False
    is_held: bool = False

    @property
    def is_owed(self) -> bool:
        """Whether an answer is owed."""
        return self.verdict.outcome in ("acknowledge", "ask")

    @property
    def is_shown(self) -> bool:
        """Whether the page that took it was the receipt itself."""
        return self.verdict.outcome == "acknowledge" and self.verdict.recipient is None


def contact_row(
    number: int, reference: str, external_id: str, message: Inbound, opening: Opening, now: datetime, book: Rulebook
) -> Values:
    """The row of a new contact, every time with the same columns."""
    received_at, way = message.received_at or now, way_of(message, book)
    row: Values = {
        "id": number,
        "reference": reference,
        "channel": message.channel,
        "external_id": external_id,
        "sender_address": message.sender.address if message.sender else None,
        "sender_key": key_of(message) or None,
        "sender_name": message.sender.name if message.sender else message.fields.get("name", ""),
        "subject": message.subject,
        "received_at": received_at,
        "visibility": message.visibility,
        "conversation": (message.post.conversation or None) if message.post else None,
        "medium": message.medium or way.medium,
        "channel_kind": way.channel_kind,
        **_verdict_columns(opening),
        **opening.topic.columns(received_at, now, book),
        **_promise_columns(message, opening, now, book),
        **_NEW,
    }
    return row if opening.is_owed else row | {"urgent_at": None, "urgent_step": 0}


def _verdict_columns(opening: Opening) -> Values:
    return {
        "state": State.OPEN if opening.is_owed else State.LOGGED,
        "outcome": opening.verdict.outcome,
        "rule": opening.verdict.rule,
        "reason": opening.verdict.reason,
        "linked_to": opening.linked_to,
        "receipt_of": opening.receipt_of,
    }


def _promise_columns(message: Inbound, opening: Opening, now: datetime, book: Rulebook) -> Mapping[str, Any]:
    """Its promise, its dates, and when it is looked at first."""
    if not opening.is_owed:
        return _NOTHING_PROMISED
    received_at = message.received_at or now
    row = book.clocks.opening(received_at, opening.topic.matter(message, book))
    is_acknowledged = opening.is_shown and row["acknowledged_by"] == "receipt"
    reply_by = window(message, now, book)
    return row | {
        "first_acknowledge_by": row["acknowledge_by"],
        "first_respond_by": row["respond_by"],
        "receipt_sent_at": now if opening.is_shown else None,
        "acknowledged_at": now if is_acknowledged else None,
        "told_respond_by": row["respond_by"] if opening.is_shown else None,
        "platform_reply_by": reply_by,
        "next_look_at": _first_look(row["next_look_at"], reply_by, way_of(message, book), now, book.clocks),
    }


_NOTHING_PROMISED: Mapping[str, Any] = MappingProxyType(
    dict.fromkeys(("standard", "standard_version", "acknowledge_by", "respond_by", "next_look_at"))
    | dict.fromkeys(("first_acknowledge_by", "first_respond_by"))
    | dict.fromkeys(("receipt_sent_at", "acknowledged_at", "told_respond_by", "platform_reply_by"))
    | dict.fromkeys(("promise", "calendar", "receipt_rule"), "")
    | {"acknowledged_by": "receipt"}
)
_NEW: Mapping[str, Any] = MappingProxyType(
    dict.fromkeys(("responded_at", "paused_at"))
    | dict.fromkeys(("acknowledge_step", "respond_step"), 0)
    | {"clock_changed": False}
)


def _first_look(look: datetime, reply_by: datetime | None, way: Way, now: datetime, rules: ClockRules) -> datetime:
    if reply_by is not None:
        look = min(look, *way.window.looks(reply_by, rules.timing))
    # What came late is about to have its receipt, and to alert at once would be a storm after every outage.
    return look if look > now else now + rules.timing.receipt_late_after


def message_plan(
    number: int, external_id: str, message: Inbound, contact_id: int, written_by: str, now: datetime
) -> Plan:
    """A message of this contact is stored, with what came over the wire, and with what its platform keeps of it."""
    row = {
        "id": number,
        "contact_id": contact_id,
        "channel": message.channel,
        "external_id": external_id,
        "message_id": message.external_id,
        "digest": message.digest,
        "received_at": message.received_at or now,
        "sender_address": message.sender.address if message.sender else None,
        "text": message.text,
        "fields": json.dumps(_fields(message), ensure_ascii=False),
        "fault": message.fault,
        "written_by": written_by,
    }
    raw = {"message_id": number, "raw": message.raw}
    unscanned = () if message.is_scanned else (number,)
    return Plan(messages=(row,), raws=(raw,), unscanned=unscanned, files=_files_to_fetch(number, message))


def _files_to_fetch(number: int, message: Inbound) -> tuple[NewFile, ...]:
    if message.post is None or not message.post.files:
        return ()
    return tuple(
        NewFile(number, remote_files.tidy(file), "" if place < remote_files.MOST_FILES else remote_files.TOO_MANY)
        for place, file in enumerate(message.post.files)
    )


def _fields(message: Inbound) -> Values:
    post = message.post
    more = {"kind": post.kind, "holds": ", ".join(post.holds), "link": post.link} if post else {}
    return dict(message.fields) | {name: value for name, value in more.items() if value}
