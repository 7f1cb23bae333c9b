"""A batch of messages becomes contacts: gather what is known, decide, store everything with the cursor."""

import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from bot import log
from bot.channel import Batch
from bot.core import acknowledgements, intakes, references
from bot.core.contacts import Contact, State
from bot.core.deliveries import State as Leaving
from bot.core.escalations import BEFORE_WINDOW_CLOSES
from bot.core.histories import Happened, Kind
from bot.core.messages import Inbound
from bot.flows import alert, promise
from bot.flows.adjust import Word, adjust
from bot.flows.deliver import Claimed
from bot.flows.rulebook import Rulebook, Way
from bot.store import contacts, cursors, outbox, shunt
from bot.store.outbox import Delivery

Values = dict[str, Any]
logger = log.get("receive")
PERSON_WROTE = Word("ackbot", note="the person wrote again")


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of one message: the reference that holds it (None: shunted), and whether it was here before."""

    reference: str | None
    new: bool
    outcome: str = ""
    rule: str = ""


@dataclass(slots=True)
class Room:
    """How many acknowledgements each outlet could send at once, and how long a claim holds.

    What fits is claimed in the transaction that queues it: it leaves without another one.
    """

    free: dict[str, int] = field(default_factory=dict)
    hold: timedelta = timedelta(0)

    def take(self, outlet: str) -> bool:
        """One place, if there is one."""
        left = self.free.get(outlet, 0)
        self.free[outlet] = left - 1
        return left > 0


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a batch: one result for each message, in order; and what is claimed, to be sent after the commit.

    `more` says that the outbox holds something besides.
    """

    filed: list[Filed]
    claimed: list[Claimed]
    more: bool


@dataclass(slots=True)
class Plan:
    """The rows to store for a batch at `now`; running numbers are taken under the write lock."""

    now: datetime
    book: Rulebook
    room: Room
    next_contact: int
    next_message: int
    next_delivery: int
    contacts: list[Values] = field(default_factory=list)
    messages: list[Values] = field(default_factory=list)
    raws: list[Values] = field(default_factory=list)
    events: list[Values] = field(default_factory=list)
    deliveries: list[Values] = field(default_factory=list)
    filed: list[Filed] = field(default_factory=list)
    claimed: list[Claimed] = field(default_factory=list)
    windows: list[Values] = field(default_factory=list)
    resumed: list[tuple[Contact, datetime]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reading:
    """Whose batch it is and where its cursor stood."""

    channel: str
    cursor: str | None = None


def receive(
    connection: Connection, batch: Batch, reading: Reading, now: datetime, book: Rulebook, room: Room
) -> Received:
    """Log a batch. Raises CursorMoved if another listener was first.

    A message that breaks the code is shunted, raw, and its neighbours are logged all the same.
    """
    connection.exec_driver_sql("SAVEPOINT batch")
    try:
        received = _log(connection, batch.messages, now, book, room)
    except OperationalError:
        raise  # the store itself: nothing of the batch counts
    except Exception:  # noqa: BLE001 - whatever one message breaks, its neighbours are logged
        connection.exec_driver_sql("ROLLBACK TO batch")
        singly = [_one_by_one(connection, message, now, book) for message in batch.messages]
        received = Received([one for each in singly for one in each.filed], [], more=True)
    connection.exec_driver_sql("RELEASE batch")
    if batch.cursor is not None and batch.cursor != reading.cursor:
        cursors.move(connection, reading.channel, reading.cursor, batch.cursor, now)
    return received


def _log(connection: Connection, messages: tuple[Inbound, ...], now: datetime, book: Rulebook, room: Room) -> Received:
    named = [
        ref for m in messages if book.prefix in m.subject.upper() for ref in references.find(m.subject, book.prefix)
    ]
    facts = contacts.facts_about(connection, messages, named)
    plan = Plan(now, book, room, *contacts.next_ids(connection))

    for message in messages:
        _decide(message, facts, plan)

    contacts.add(connection, plan.contacts, plan.messages, plan.raws)
    contacts.note(connection, plan.events)
    contacts.move_windows(connection, plan.windows)
    for contact, at in plan.resumed:
        adjust(connection, contact.reference, Happened(Kind.RESUMED, at), PERSON_WROTE, now, book)
    outbox.queue(connection, plan.deliveries)
    return Received(plan.filed, plan.claimed, more=len(plan.deliveries) > len(plan.claimed))


def _one_by_one(connection: Connection, message: Inbound, now: datetime, book: Rulebook) -> Received:
    connection.exec_driver_sql("SAVEPOINT message")
    try:
        received = _log(connection, (message,), now, book, Room())
    except OperationalError:
        raise
    except Exception as error:
        connection.exec_driver_sql("ROLLBACK TO message")
        logger.exception("message.shunted", channel=message.channel)
        filed = _shunt(connection, message, f"{type(error).__name__}: {error}", now, book)
        received = Received([filed], [], more=True)
    connection.exec_driver_sql("RELEASE message")
    return received


def _shunt(connection: Connection, message: Inbound, error: str, now: datetime, book: Rulebook) -> Filed:
    new = shunt.keep(connection, message, error[:500].encode("utf-8", "replace").decode(), now)
    if new:
        way = book.ways.get(message.channel)
        words = {
            "subject": f"A message on {message.channel} needs a person",
            "happened": f"A message on the channel {message.channel} could not be logged. It is kept as it came.",
            "action": "Read it in its mailbox, answer it by hand, and pass it on to whoever looks after Ackbot.",
        }
        key = f"shunted:{message.channel}:{message.digest}"
        outbox.queue(connection, alert.notices(way.team if way else None, key, now, book, **words))
    return Filed(None, new=new, outcome="shunted")


def _decide(message: Inbound, facts: contacts.Facts, plan: Plan) -> None:
    seen = facts.digests.setdefault((message.channel, message.external_id), {})
    if message.digest in seen:
        plan.filed.append(Filed(seen[message.digest], new=False))
        return
    # Other content under an id that was used before is another message: RFC 5322 section 3.6.4 forbids it, it happens.
    external_id = f"{message.external_id} {message.digest[:16]}" if seen else message.external_id
    thread, verdict = _judge(message, facts, plan.book)
    if thread is not None and verdict.outcome == "attach":
        contact_id, reference = thread.id, thread.reference
        plan.events.append(_event(contact_id, plan.now, "follow-up", verdict))
        if verdict.row == intakes.HUMAN_REPLY:
            _go_on(thread, message, plan)
    else:
        contact_id, reference = _open_contact(message, external_id, verdict, plan)
    seen[message.digest] = reference
    _keep_message(message, external_id, contact_id, plan)
    plan.filed.append(Filed(reference, new=True, outcome=verdict.outcome, rule=verdict.rule))


def _go_on(contact: Contact, message: Inbound, plan: Plan) -> None:
    """The person wrote again: what waited for that runs on."""
    at = message.received_at or plan.now
    until = _window(message, plan)
    if until is not None:
        plan.windows.append({"chosen": contact.id, "until": until, "look_at": until - BEFORE_WINDOW_CLOSES})
    if contact.paused_at is not None:
        plan.resumed.append((contact, min(max(at, contact.paused_at), plan.now)))


def _judge(message: Inbound, facts: contacts.Facts, book: Rulebook) -> tuple[Contact | None, intakes.Verdict]:
    thread = _thread(message, facts)
    believed = book.ways.get(message.channel, _NO_WAY).authserv_id
    verdict = intakes.triage(message, intakes.Facts(book.own, thread.reference if thread else None, believed))
    if thread and verdict.outcome == "attach" and verdict.row == intakes.HUMAN_REPLY and thread.state != State.OPEN:
        # A person writes again after the answer: a new matter with a clock of its own, so that nobody overlooks it.
        return None, intakes.triage(message, intakes.Facts(book.own, None, believed))
    return thread, verdict


def _thread(message: Inbound, facts: contacts.Facts) -> Contact | None:
    """The contact that this message goes on with: it answers one of our messages, or the same sender names it."""
    if message.mail is None:
        return None
    for message_id in (*message.mail.in_reply_to, *reversed(message.mail.references)):
        if message_id in facts.threads:
            return facts.threads[message_id]
    sender = message.sender.address.lower() if message.sender else None
    for reference, contact in facts.by_reference.items():
        # The same sender only: a reference seen over somebody's shoulder must not reach into their contact.
        if reference in message.subject.upper() and sender == (contact.sender_address or "").lower():
            return contact
    return None


def _open_contact(message: Inbound, external_id: str, verdict: intakes.Verdict, plan: Plan) -> tuple[int, str]:
    contact_id, plan.next_contact = plan.next_contact, plan.next_contact + 1
    reference = references.reference(contact_id, plan.book.prefix)
    way = plan.book.ways.get(message.channel, _NO_WAY)
    received_at = message.received_at or plan.now
    owed = verdict.outcome in ("acknowledge", "ask")
    shown = verdict.outcome == "acknowledge" and verdict.recipient is None  # the page itself was the receipt
    row: Values = {
        "id": contact_id,
        "reference": reference,
        "channel": message.channel,
        "external_id": external_id,
        "state": State.OPEN if owed else State.LOGGED,
        "outcome": verdict.outcome,
        "rule": verdict.rule,
        "reason": verdict.reason,
        "sender_address": message.sender.address if message.sender else None,
        "sender_name": message.sender.name if message.sender else "",
        "subject": message.subject,
        "team": way.team,
        "received_at": received_at,
        "kind": way.contact_kind,
        "area": way.area,
        "service": way.service or None,
        "visibility": message.visibility,
        "receipt_sent_at": plan.now if shown else None,
        "platform_reply_by": _window(message, plan) if owed else None,
        **_NEW,
        **(promise.opening(received_at, way.matter(message.visibility), plan.book) if owed else _NOTHING_PROMISED),
    }
    row["acknowledged_at"] = plan.now if shown and row["acknowledged_by"] == "receipt" else None
    if row["platform_reply_by"] is not None:
        row["next_look_at"] = min(row["next_look_at"], row["platform_reply_by"] - BEFORE_WINDOW_CLOSES)
    plan.contacts.append(row)
    plan.events.append(_event(contact_id, plan.now, "logged", verdict))
    if verdict.outcome == "acknowledge" and verdict.recipient and way.outlet:
        _queue_acknowledgement(message, verdict.recipient, row, plan)
    return contact_id, reference


def _window(message: Inbound, plan: Plan) -> datetime | None:
    """Until when the platform takes an answer to this message."""
    window = plan.book.ways.get(message.channel, _NO_WAY).reply_window
    return None if window is None else (message.received_at or plan.now) + window


_NOTHING_PROMISED: Values = (
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
_NO_WAY = Way(outlet=None, team=None)


def _queue_acknowledgement(message: Inbound, recipient: str, contact: Values, plan: Plan) -> None:
    way = plan.book.ways[message.channel]
    outlet, reference = way.outlet or "", contact["reference"]
    in_reply_to, ancestors = acknowledgements.threading(message.mail) if message.mail else ("", ())
    claimed = plan.room.take(outlet)
    row = {
        "id": plan.next_delivery,
        "key": f"{contact['id']}:acknowledgement",
        "contact_id": contact["id"],
        "purpose": "acknowledgement",
        "step": "",
        "channel": outlet,
        "recipient": recipient,
        # Fixed for every attempt, so that a repeat is recognised; random, so that nobody can name it unseen.
        "message_id": f"<ack.{reference.lower()}.{secrets.token_hex(6)}@{plan.book.domain(outlet)}>",
        "details": {"reply_to": way.address, "in_reply_to": in_reply_to, "references": list(ancestors)},
        "state": Leaving.SENDING if claimed else Leaving.CREATED,
        "attempts": 1 if claimed else 0,
        "created_at": plan.now,
    }
    plan.next_delivery += 1
    plan.deliveries.append({**row, "next_attempt_at": plan.now + plan.room.hold if claimed else plan.now})
    if claimed:
        plan.claimed.append(Claimed(Delivery(**row), Contact(**contact)))


def _keep_message(message: Inbound, external_id: str, contact_id: int, plan: Plan) -> None:
    plan.messages.append(
        {
            "id": plan.next_message,
            "contact_id": contact_id,
            "channel": message.channel,
            "external_id": external_id,
            "message_id": message.external_id,
            "digest": message.digest,
            "received_at": message.received_at or plan.now,
            "sender_address": message.sender.address if message.sender else None,
            "text": message.text,
            "fields": json.dumps(dict(message.fields), ensure_ascii=False) if message.fields else "{}",
            "fault": message.fault,
        }
    )
    plan.raws.append({"message_id": plan.next_message, "raw": message.raw})
    plan.next_message += 1


def _event(contact_id: int, now: datetime, kind: str, verdict: intakes.Verdict) -> Values:
    details = {"outcome": verdict.outcome, "rule": verdict.rule, "reason": verdict.reason}
    return {"contact_id": contact_id, "at": now, "kind": kind, "details": details}
