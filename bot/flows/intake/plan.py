"""The rows to store for a batch, as its messages are decided one after another."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.core import clocks, references
from bot.core.contacts import Contact, State
from bot.core.deliveries import HELD, Delivery, NewDelivery
from bot.core.deliveries import State as Leaving
from bot.core.events import Event, EventKind
from bot.core.intakes import Verdict
from bot.core.messages import Inbound
from bot.flows import promise
from bot.flows.intake.gather import Known, key_of
from bot.flows.intake.topics import Found
from bot.flows.outgoing import alert, tell
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.deliver import ClaimTerms
from bot.flows.rulebook import NO_WAY, Rulebook, Way
from bot.store.contacts import Numbers
from bot.store.known import Answered, Recent, Seen

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of one message: the reference that holds it (None: shunted, or no contact's), and if it was new."""

    reference: str | None
    new: bool
    outcome: str = ""
    rule: str = ""


@dataclass(slots=True)
class Capacity:
    """How many acknowledgements each outlet could send at once, and how such a claim holds.

    What fits is claimed in the transaction that queues it: it leaves without another one.
    """

    free: dict[str, int] = field(default_factory=dict)
    hold: ClaimTerms = field(default_factory=ClaimTerms)

    def take(self, outlet: str) -> bool:
        """One place, if there is one."""
        left = self.free.get(outlet, 0)
        self.free[outlet] = left - 1
        return left > 0


@dataclass(slots=True)
class Plan:
    """The rows to store at `now`, with their running numbers.

    `afterwards` is what touches contacts that were there before: done once the rows are stored.
    """

    now: datetime
    book: Rulebook
    known: Known
    room: Capacity
    numbers: Numbers
    contacts: list[Values] = field(default_factory=list)
    messages: list[Values] = field(default_factory=list)
    raws: list[Values] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    deliveries: list[NewDelivery] = field(default_factory=list)
    notices: list[NewDelivery] = field(default_factory=list)
    filed: list[Filed] = field(default_factory=list)
    claimed: list[Claimed] = field(default_factory=list)
    windows: list[Values] = field(default_factory=list)
    afterwards: list[Callable[[Connection], None]] = field(default_factory=list)
    tripped: bool = False

    def way(self, message: Inbound) -> Way:
        """How it came."""
        return self.book.ways.get(message.channel, NO_WAY)

    def at(self, message: Inbound) -> datetime:
        """When it was received."""
        return message.received_at or self.now

    def note(self, contact_id: int, kind: EventKind, verdict: Verdict, **more: str) -> None:
        """An event of the contact: what was decided of a message."""
        details = {"outcome": verdict.outcome, "rule": verdict.rule, "reason": verdict.reason, **more}
        self.events.append(Event(contact_id, self.now, kind, details=details))


@dataclass(frozen=True, slots=True)
class Opening:
    """What is special about a contact that opens: an earlier one it goes on with, one whose receipt stands for it."""

    found: Found
    linked_to: int | None = None
    receipt_of: int | None = None


def open_contact(message: Inbound, verdict: Verdict, opening: Opening, plan: Plan) -> Contact:
    """A new contact, with its receipt if it is to have one of its own."""
    contact_id = next(plan.numbers.contacts)
    way, received_at = plan.way(message), plan.at(message)
    found = opening.found
    owed = verdict.outcome in ("acknowledge", "ask")
    shown = verdict.outcome == "acknowledge" and verdict.recipient is None  # the page itself was the receipt
    row: Values = {
        "id": contact_id,
        "reference": references.reference(contact_id, plan.book.prefix),
        "channel": message.channel,
        "external_id": external_id(message, plan),
        "state": State.OPEN if owed else State.LOGGED,
        "outcome": verdict.outcome,
        "rule": verdict.rule,
        "reason": verdict.reason,
        "sender_address": message.sender.address if message.sender else None,
        "sender_key": key_of(message) or None,
        "sender_name": message.sender.name if message.sender else message.fields.get("name", ""),
        "subject": message.subject,
        "received_at": received_at,
        "visibility": message.visibility,
        "receipt_sent_at": plan.now if shown else None,
        "platform_reply_by": window(message, plan) if owed else None,
        "conversation": (message.post.conversation or None) if message.post else None,
        "linked_to": opening.linked_to,
        "receipt_of": opening.receipt_of,
        **_NEW,
        **found.columns(received_at, plan.now, plan.book),
        **(promise.opening(received_at, found.matter(message, plan.book), plan.book) if owed else NOTHING_PROMISED),
    }
    row["acknowledged_at"] = plan.now if shown and row["acknowledged_by"] == "receipt" else None
    row["told_respond_by"] = row["respond_by"] if shown else None
    row["next_look_at"] = _first_look(row, way, plan)
    if not owed:
        row |= {"urgent_at": None, "urgent_step": 0}
    plan.contacts.append(row)
    plan.note(contact_id, EventKind.LOGGED, verdict, **found.because())
    contact = Contact(**row, due_at=clocks.due_next(row["acknowledge_by"], row["acknowledged_at"], row["respond_by"]))
    if contact.urgent_at is not None:
        plan.notices += alert.urgent_alerts(contact, 0, plan.now, plan.book)
    if (
        verdict.outcome == "acknowledge"
        and opening.receipt_of is None
        and verdict.recipient
        and way.outlet_to(verdict.recipient)
    ):
        _queue_receipt(message, verdict.recipient, contact, plan)
    return contact


def _first_look(row: Values, way: Way, plan: Plan) -> datetime | None:
    look: datetime | None = row["next_look_at"]
    if look is not None and row["platform_reply_by"] is not None:
        look = min(look, *way.window.looks(row["platform_reply_by"], plan.book.clocks.timing))
    if look is not None and look <= plan.now:
        # It came late: its receipt is about to leave, and to alert at once would be a storm after every outage.
        return plan.now + plan.book.clocks.timing.receipt_late_after
    return look


def window(message: Inbound, plan: Plan) -> datetime | None:
    """Until when the platform takes an answer to this message."""
    span = plan.way(message).window.last
    return None if span is None else plan.at(message) + span


NOTHING_PROMISED: Values = (
    dict.fromkeys(("standard", "standard_version", "acknowledge_by", "respond_by", "next_look_at"))
    | dict.fromkeys(("promise", "calendar", "receipt_rule"), "")
    | {"acknowledged_by": "receipt"}
)
_NEW: Values = {
    "responded_at": None,
    "acknowledge_step": 0,
    "respond_step": 0,
    "paused_at": None,
    "clock_changed": False,
}


def _queue_receipt(message: Inbound, recipient: str, contact: Contact, plan: Plan) -> None:
    number = next(plan.numbers.deliveries)
    receipt = tell.receipt(message, recipient, contact, plan.now, plan.book)
    is_held = _stopped_by_breaker(plan) or plan.book.may_have_answered(contact.received_at)
    if is_held or not plan.room.take(receipt.channel):
        plan.deliveries.append(replace(receipt, id=number, next_attempt_at=HELD if is_held else plan.now))
        return
    terms = plan.room.hold
    due = plan.now + terms.span
    claimed = replace(receipt, id=number, state=Leaving.SENDING, attempts=1, next_attempt_at=due, holder=terms.holder)
    plan.deliveries.append(claimed)
    plan.claimed.append(Claimed(_as_claimed(claimed, number), contact, claim=terms.holder))


def _as_claimed(new: NewDelivery, number: int) -> Delivery:
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


def _stopped_by_breaker(plan: Plan) -> bool:
    known = plan.known
    if known.receipts_left is not None and not known.held:
        known.receipts_left -= 1
        known.held = plan.tripped = known.receipts_left < 0
    return known.held


def external_id(message: Inbound, plan: Plan) -> str:
    """The channel's own name for it; other content under a name that was used before has a name of its own.

    RFC 5322 section 3.6.4 forbids that, and it happens.
    """
    used = any(one.channel == message.channel for one in plan.known.seen.get(message.external_id, ()))
    return f"{message.external_id} {message.digest[:16]}" if used else message.external_id


def keep(message: Inbound, contact: Contact, plan: Plan, *, written_by: str = "sender") -> None:
    """Store a message of this contact; whatever follows in the batch knows of it."""
    number = next(plan.numbers.messages)
    plan.messages.append(
        {
            "id": number,
            "contact_id": contact.id,
            "channel": message.channel,
            "external_id": external_id(message, plan),
            "message_id": message.external_id,
            "digest": message.digest,
            "received_at": plan.at(message),
            "sender_address": message.sender.address if message.sender else None,
            "text": message.text,
            "fields": json.dumps(_fields(message), ensure_ascii=False),
            "fault": message.fault,
            "written_by": written_by,
        }
    )
    plan.raws.append({"message_id": number, "raw": message.raw})
    _remember(message, contact, plan, written_by)


def _fields(message: Inbound) -> dict[str, str]:
    post = message.post
    shown = {"kind": post.kind, "holds": ", ".join(post.holds), "link": post.link} if post else {}
    return dict(message.fields) | {name: value for name, value in shown.items() if value}


def _remember(message: Inbound, contact: Contact, plan: Plan, written_by: str) -> None:
    known = plan.known
    seen = Seen(message.channel, message.digest, contact.reference, contact.id)
    known.seen.setdefault(message.external_id, []).append(seen)
    known.answered.setdefault(message.external_id, Answered(contact, written_by))
    if message.post is not None and message.post.conversation and contact.outcome in ("acknowledge", "ask"):
        known.conversations[message.channel, message.post.conversation] = contact


def remember_receipt(message: Inbound, contact: Contact, plan: Plan) -> None:
    """This person has, or is about to have, a receipt of their own for this contact."""
    recent = Recent(contact.received_at, contact.id, contact.channel, None, contact.visibility)
    plan.known.of_late.setdefault(key_of(message), []).append(recent)
    plan.known.sent_before.append((message.digest, contact))
