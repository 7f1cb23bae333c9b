"""A batch of messages becomes contacts: gather what is known, decide, apply the plan, move the cursor with it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot import log
from bot.channel import Batch
from bot.core import intakes
from bot.core.deliveries import Purpose
from bot.core.events import Event, EventKind
from bot.core.histories import Kind
from bot.core.messages import NO_LOSSES, Inbound, Losses
from bot.flows.changes import answer_outcome, call, needs, staff_answers
from bot.flows.changes.adjust import ClockChange, Word, adjust
from bot.flows.changes.close import PERSON_WROTE, reopen_for_person
from bot.flows.changes.needs import Wished
from bot.flows.changes.refusals import Refused
from bot.flows.changes.staff_answers import StaffAnswer
from bot.flows.intake import delivery_news
from bot.flows.intake.batches import Capacity, Filed, Reading
from bot.flows.intake.consequences import (
    Allowed,
    CameBack,
    Change,
    FollowUp,
    Muted,
    News,
    NotReached,
    ReceiptShared,
    ReceiptsKeptBack,
    ReceiptsStopped,
    Suppressed,
    WordsRemoved,
)
from bot.flows.intake.decide import decide
from bot.flows.intake.gather import gather
from bot.flows.intake.plan import Plan
from bot.flows.outgoing import alert
from bot.flows.outgoing.claimed import Claimed
from bot.flows.rulebook import Rulebook
from bot.store import (
    clocks,
    contacts,
    cursors,
    direct,
    outbox,
    public_posts,
    remote_files,
    retention,
    scans,
    shunt,
    suppressions,
)
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


def receive(
    connection: Connection, batch: Batch, reading: Reading, now: datetime, book: Rulebook, room: Capacity
) -> Received:
    """Log a batch. Raises CursorMoved if another listener was first.

    A message that breaks the code is shunted, raw, and its neighbours are logged all the same.
    """
    with direct.together(connection):
        direct.alone(connection, direct.RECEIVING)
        mark(connection, "SAVEPOINT batch")
    try:
        result = _log_or_keep(connection, batch.messages, now, book, room)
    except UNAVAILABLE:
        raise  # the store itself: nothing of the batch counts
    except Exception:  # noqa: BLE001 - whatever one message breaks, its neighbours are logged
        mark(connection, "ROLLBACK TO batch")
        singly = [_one_by_one(connection, message, now, book) for message in batch.messages]
        result = Received([filing for part in singly for filing in part.filed], [], more=True)
    mark(connection, "RELEASE batch")
    if batch.again:
        _note_reconciled(connection, reading.channel, result.filed, now)
    if batch.losses is not NO_LOSSES:
        _tell_of_losses(connection, batch.losses, now, book)
        result = replace(result, more=True)
    if batch.cursor is not None and batch.cursor != reading.cursor:
        cursors.move(connection, reading.channel, reading.cursor, batch.cursor, now)
    return result


def _note_reconciled(connection: Connection, channel: str, filings: Sequence[Filed], now: datetime) -> None:
    """Note how many messages only the comparing with the platform's own list brought in, where there are any."""
    if count := sum(filing.new for filing in filings):
        details = {"channel": channel, "count": count}
        contacts.note(connection, [Event(None, now, EventKind.MESSAGES_RECONCILED, details=details)])


def replay(
    connection: Connection, number: int, messages: Sequence[Inbound], now: datetime, book: Rulebook
) -> tuple[Filed, ...]:
    """Log what was shunted under this number; where it breaks the code again it stays as it was."""
    direct.alone(connection, direct.RECEIVING)
    mark(connection, "SAVEPOINT replay")
    shunt.drop(connection, number)
    filings = receive(connection, Batch(tuple(messages)), Reading(messages[0].channel), now, book, Capacity()).filed
    fails = any(filing.outcome == "shunted" for filing in filings)
    mark(connection, "ROLLBACK TO replay" if fails else "RELEASE replay")
    return tuple(filings)


def _log_or_keep(
    connection: Connection, messages: tuple[Inbound, ...], now: datetime, book: Rulebook, room: Capacity
) -> Received:
    """Log the messages; shunt those that no reader of their channel understands."""
    result = _log(connection, tuple(message for message in messages if message.is_understood), now, book, room)
    if len(result.filed) == len(messages):
        return result
    results = iter(result.filed)
    filings = [next(results) if m.is_understood else _keep_raw(connection, m, now, book) for m in messages]
    return replace(result, filed=filings, more=True)


def _keep_raw(connection: Connection, message: Inbound, now: datetime, book: Rulebook) -> Filed:
    logger.warning("message.not_understood", channel=message.channel)
    return _shunt(connection, message, message.fault, now, book, happened=f"{message.fault} It is kept as it came.")


def _log(
    connection: Connection, messages: tuple[Inbound, ...], now: datetime, book: Rulebook, room: Capacity
) -> Received:
    messages = tuple(intakes.by_author(message, book.intake.own) for message in messages)
    facts = gather(connection, messages, now, book)
    numbers = contacts.numbers(connection, len(messages))
    return apply(connection, decide(facts, messages, numbers, room, now, book), now, book)


def apply(connection: Connection, plan: Plan, now: datetime, book: Rulebook) -> Received:
    """Write a plan. A change that its contact does not allow any more is left out; the message stays."""
    with direct.together(connection):
        contacts.add(connection, plan.contacts, plan.messages, plan.raws)
        contacts.note(connection, plan.events)
        contacts.move_windows(connection, plan.windows)
        outbox.queue(connection, plan.deliveries)
    if plan.unscanned:
        scans.await_scanner(connection, plan.unscanned, now)
    if plan.files:
        remote_files.add(connection, plan.files, now)
    if plan.looks:
        public_posts.add(connection, dict(plan.looks))
    for change in plan.changes:
        _change(connection, change, now, book)
    for urgent in plan.calls:
        call.call(connection, urgent.contact_id, now, book, is_one_danger=urgent.is_one_danger)
    outbox.queue(connection, plan.notices)
    more = bool(plan.changes or plan.calls or plan.notices) or len(plan.deliveries) > len(plan.claims)
    return Received(list(plan.results), list(plan.claims), more=more)


def _come_back(connection: Connection, change: CameBack | News, now: datetime, book: Rulebook) -> None:
    if isinstance(change, News):
        delivery_news.note(connection, change, now, book)
        return
    is_new = outbox.came_back(connection, change.delivery, change.error, now, change.again_at)
    if is_new and change.delivery.purpose is Purpose.ANSWER:
        answer_outcome.came_back(connection, change.delivery, now, book)


def _change(connection: Connection, change: Change, now: datetime, book: Rulebook) -> None:
    match change:
        case FollowUp():
            _go_on(connection, change, now, book)
        case StaffAnswer():
            staff_answers.take(connection, change, now, book)
            public_posts.look(connection, change.contact_id, now)
        case CameBack() | News():
            _come_back(connection, change, now, book)
        case NotReached():
            delivery_news.withdraw_receipt(connection, change.contact_id, now)
        case Suppressed() | Allowed() | Muted() | Wished():
            _note_of_person(connection, change, now)
        case ReceiptShared():
            contacts.share_receipt(connection, change.contact_id, now)
        case WordsRemoved():
            retention.strip_messages(connection, retention.of_message(connection, change.contact_id, change.message_id))
            public_posts.look(connection, change.contact_id, now)
        case ReceiptsStopped() | ReceiptsKeptBack():
            from bot.flows.intake import guards  # noqa: PLC0415 - hardly ever there is too much

            guards.follow(connection, change, now, book)


def _note_of_person(connection: Connection, change: Suppressed | Allowed | Muted | Wished, now: datetime) -> None:
    match change:
        case Suppressed():
            delivery_news.suppress(connection, change, now)
        case Allowed():
            suppressions.drop(connection, change.address)
        case Muted():
            contacts.put(connection, change.contact_id, {"muted": True})
        case Wished():
            (contact,) = contacts.with_id(connection, [change.contact_id]).values()
            needs.remember(connection, contact, change.of_form, now)


def _go_on(connection: Connection, step: FollowUp, now: datetime, book: Rulebook) -> None:
    if step.urgent:
        contacts.put(connection, step.contact_id, dict(step.urgent))
        clocks.look_again(connection, [step.contact_id], step.urgent["urgent_at"])
    if step.reopens_at is not None:
        with suppress(Refused):
            reopen_for_person(connection, step.reference, step.reopens_at, now, book)
    if step.resumes_at is not None:
        word = Word("ackbot", note=PERSON_WROTE, quiet=step.is_told)  # what they are told names the date
        with suppress(Refused):
            adjust(connection, step.reference, ClockChange(Kind.RESUMED, step.resumes_at), word, now, book)
    if step.is_told:
        contacts.put(connection, step.contact_id, {"noted_at": now})
    outbox.queue(connection, step.deliveries)


def _one_by_one(connection: Connection, message: Inbound, now: datetime, book: Rulebook) -> Received:
    mark(connection, "SAVEPOINT message")
    try:
        result = _log_or_keep(connection, (message,), now, book, Capacity())
    except UNAVAILABLE:
        raise
    except Exception as error:
        mark(connection, "ROLLBACK TO message")
        logger.exception("message.shunted", channel=message.channel)
        filing = _shunt(connection, message, f"{type(error).__name__}: {error}", now, book)
        result = Received([filing], [], more=True)
    mark(connection, "RELEASE message")
    return result


def _tell_of_losses(connection: Connection, losses: Losses, now: datetime, book: Rulebook) -> None:
    """Keep what the provider could not give, and tell the team of what was taken away before it could be read."""
    for message in losses.unreadable:
        why = f"{message.fault[:1].upper()}{message.fault[1:]}. What is known of it is kept."
        _shunt(connection, message, message.fault, now, book, happened=why)
    if losses.gap:
        _tell_of_gap(connection, losses.channel, losses.gap, now, book)


def _tell_of_gap(connection: Connection, channel: str, count: int, now: datetime, book: Rulebook) -> None:
    logger.warning("messages.taken_away", channel=channel, count=count)
    what = "1 message was" if count == 1 else f"{count} messages were"
    words = {
        "subject": f"{what} moved before we read {'it' if count == 1 else 'them'}",
        "happened": f"On the channel {channel} {what} moved or deleted before Ackbot could read anything of it. "
        "Whoever wrote has no receipt and no date.",
        "action": "Look for it in the other folders of the mailbox, and answer by hand; what lies in a folder that "
        "Ackbot reads, too, is logged from there. Where rules or people sort mail into folders, name those folders in "
        "the settings of the channel.",
    }
    way = book.ways.get(channel)
    key = f"gap:{channel}:{now.isoformat()}"
    outbox.queue(connection, alert.notices(way.team if way else None, key, now, book, **words))


def _shunt(
    connection: Connection, message: Inbound, error: str, now: datetime, book: Rulebook, happened: str = ""
) -> Filed:
    error = error[:500].encode("utf-8", "replace").decode()
    # A platform may call ten thousand things by a new name: while one waits, one notice is enough.
    is_known = not message.is_understood and shunt.is_waiting(connection, message.channel, error)
    new = shunt.keep(connection, message, error, now)
    if new and not is_known:
        way = book.ways.get(message.channel)
        words = {
            "subject": f"A message on {message.channel} needs a person",
            "happened": happened
            or f"A message on the channel {message.channel} could not be logged. It is kept as it came.",
            "action": "Read it in its mailbox, answer it by hand, and pass it on to whoever looks after Ackbot.",
            "page": "shunted",
        }
        key = f"shunted:{message.channel}:{message.digest}"
        outbox.queue(connection, alert.notices(way.team if way else None, key, now, book, **words))
    return Filed(None, new=new, outcome="shunted")
