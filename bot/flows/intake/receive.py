"""A batch of messages becomes contacts: gather what is known, decide, store everything with the cursor."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot import log
from bot.channel import Batch
from bot.core.messages import Inbound
from bot.flows.intake.decide import decide
from bot.flows.intake.gather import gather
from bot.flows.intake.plan import Capacity, Filed, Plan
from bot.flows.outgoing import alert
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.release import BREAKER
from bot.flows.rulebook import Rulebook
from bot.store import contacts, cursors, direct, outbox, shunt
from bot.store.databases import UNAVAILABLE
from bot.store.direct import mark

logger = log.get("receive")


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a batch: one result for each message, in order; and what is claimed, to be sent after the commit.

    `more` says that the outbox holds something besides.
    """

    filed: list[Filed]
    claimed: list[Claimed]
    more: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """Whose batch it is and where its cursor stood."""

    channel: str
    cursor: str | None = None


def receive(
    connection: Connection, batch: Batch, reading: Reading, now: datetime, book: Rulebook, room: Capacity
) -> Received:
    """Log a batch. Raises CursorMoved if another listener was first.

    A message that breaks the code is shunted, raw, and its neighbours are logged all the same.
    """
    direct.alone(connection, direct.RECEIVING)
    mark(connection, "SAVEPOINT batch")
    try:
        received = _log(connection, batch.messages, now, book, room)
    except UNAVAILABLE:
        raise  # the store itself: nothing of the batch counts
    except Exception:  # noqa: BLE001 - whatever one message breaks, its neighbours are logged
        mark(connection, "ROLLBACK TO batch")
        singly = [_one_by_one(connection, message, now, book) for message in batch.messages]
        received = Received([one for each in singly for one in each.filed], [], more=True)
    mark(connection, "RELEASE batch")
    if batch.cursor is not None and batch.cursor != reading.cursor:
        cursors.move(connection, reading.channel, reading.cursor, batch.cursor, now)
    return received


def replay(connection: Connection, number: int, message: Inbound, now: datetime, book: Rulebook) -> Filed:
    """Log a message that was shunted under this number; where it breaks the code again it stays as it was."""
    direct.alone(connection, direct.RECEIVING)
    mark(connection, "SAVEPOINT replay")
    shunt.drop(connection, number)
    (filed,) = receive(connection, Batch((message,)), Reading(message.channel), now, book, Capacity()).filed
    mark(connection, "ROLLBACK TO replay" if filed.outcome == "shunted" else "RELEASE replay")
    return filed


def _log(
    connection: Connection, messages: tuple[Inbound, ...], now: datetime, book: Rulebook, room: Capacity
) -> Received:
    known = gather(connection, messages, now, book)
    plan = Plan(now, book, known, room, contacts.numbers(connection, len(messages)))

    for message in messages:
        decide(message, plan)

    contacts.add(connection, plan.contacts, plan.messages, plan.raws)
    contacts.note(connection, plan.events)
    contacts.move_windows(connection, plan.windows)
    outbox.queue(connection, plan.deliveries)
    for work in plan.afterwards:
        work(connection)
    if plan.tripped:
        _stop_receipts(connection, plan)
    outbox.queue(connection, plan.notices)
    more = bool(plan.afterwards or plan.notices) or len(plan.deliveries) > len(plan.claimed)
    return Received(plan.filed, plan.claimed, more=more)


def _stop_receipts(connection: Connection, plan: Plan) -> None:
    """The breaker: no receipt leaves until somebody has looked."""
    outbox.hold(connection)
    cursors.put(connection, BREAKER, plan.now.isoformat(), plan.now)
    plan.notices += alert.notices(
        None,
        f"breaker:{plan.now.isoformat()}",
        plan.now,
        plan.book,
        subject="Receipts are stopped: too many in a minute",
        happened=f"More than {plan.book.intake.limits.a_minute} receipts would have left within a minute. "
        "They are all kept, and none leaves. Every contact is logged and has its dates.",
        action="See what comes in: ackbot contacts list. If it is people, let the receipts leave: ackbot release",
    )


def _one_by_one(connection: Connection, message: Inbound, now: datetime, book: Rulebook) -> Received:
    mark(connection, "SAVEPOINT message")
    try:
        received = _log(connection, (message,), now, book, Capacity())
    except UNAVAILABLE:
        raise
    except Exception as error:
        mark(connection, "ROLLBACK TO message")
        logger.exception("message.shunted", channel=message.channel)
        filed = _shunt(connection, message, f"{type(error).__name__}: {error}", now, book)
        received = Received([filed], [], more=True)
    mark(connection, "RELEASE message")
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
