"""What leaves: claimed in one transaction, sent with none open, recorded in another."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.channel import ChannelError, Misconfigured, Permanent, Temporary
from bot.core import deliveries
from bot.core.contacts import Contact
from bot.core.contacts import State as ContactState
from bot.core.deliveries import Delivery, Failure, NewDelivery, Purpose, Settlement, Standing
from bot.core.deliveries import State as Sent
from bot.core.events import Event, EventKind
from bot.core.messages import Outbound
from bot.flows.outgoing import alert, bundle, calls, costs, daily_list, failures, text_stops
from bot.flows.outgoing.claimed import Claimed
from bot.flows.rulebook import Rulebook
from bot.store import contacts, feedback, outbox, sent_messages, staff_answers
from bot.wire.refusals import Full, Uncertain

# In the details of a receipt that staff have decided on: it leaves although they have written themselves.
DECIDED = "decided"
# What goes to the person who wrote; all else goes to staff.
TO_SENDERS = {
    Purpose.ACKNOWLEDGEMENT: "our acknowledgement",
    Purpose.NEW_DATE: "our mail with the new date",
    Purpose.ADDED: "our mail that we have added what they wrote",
    Purpose.PROGRESS: "our mail that we are still working on it",
    Purpose.CLOSING: "our mail that it is closed",
    Purpose.ANSWER: "our answer",
    Purpose.FEEDBACK: "our question whether we answered",
    Purpose.TRACK_LINK: "our mail with the link to their page",
}
_TELL_DATE = TO_SENDERS.keys() - {Purpose.ACKNOWLEDGEMENT, Purpose.ANSWER, Purpose.FEEDBACK, Purpose.TRACK_LINK}


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one attempt; `error` is None when the message was taken over, `external_id` its name there.

    `joined` are the deliveries that left in the same message; `together` is what the history says of that. `message` is
    what was handed over, if anything was; `contact` stands as it was written from.
    """

    delivery: Delivery
    at: datetime
    error: Exception | None = None
    external_id: str = ""
    joined: tuple[Delivery, ...] = ()
    together: str = ""
    message: Outbound | None = None
    contact: Contact | None = None

    @property
    def may_have_left(self) -> bool:
        """Whether nobody can say that the other side does not have it."""
        is_back = isinstance(self.error, ChannelError | NotTried | NotNeeded)
        return not is_back or isinstance(self.error, Uncertain)

    def each(self) -> tuple["Attempt", ...]:
        """The attempt of every delivery that was in the message."""
        if not self.joined:
            return (self,)
        others = "1 other" if len(self.joined) == 1 else f"{len(self.joined)} others"
        words = f"{others}, in message {self.delivery.id}"
        return tuple(replace(self, delivery=d, joined=(), together=words) for d in (self.delivery, *self.joined))


class NotTried(Exception):
    """It was claimed and not sent after all: it is given back.

    `cause` is why the outlet is stopped, where that was asked with this one.
    """

    def __init__(self, cause: Misconfigured | None = None) -> None:
        super().__init__(str(cause or ""))
        self.cause = cause


class NotNeeded(Exception):
    """There was no longer a reason to send it when it was about to leave."""


@dataclass(frozen=True, slots=True)
class ClaimTerms:
    """How long a claim holds, and which claim of whose it is (None: one of the only process there is)."""

    span: timedelta = timedelta(0)
    holder: str | None = None


def claim(
    connection: Connection, outlet: str, now: datetime, hold: ClaimTerms, most: int, book: Rulebook
) -> list[Claimed]:
    """Take what is due to be sent by one outlet; give back what is to leave later, cancel what is not wanted any more.

    Whether it is wanted was asked when it was queued, and is asked again here: what was done meanwhile counts.
    """
    due = outbox.claim(connection, outlet, now, now + hold.span, most, hold.holder)
    if not due:
        return []
    if len(due) == most:
        due += bundle.gather(connection, due, now, now + hold.span, book.outgoing)
    to_leave, staying = _sorted_out(connection, due, now, hold, book)
    to_leave, overtaken = bundle.latest(to_leave, book.clocks.ladders)
    # First of all: what is claimed and stays must not count as a message that is on its way.
    outbox.settle(connection, [*staying, *overtaken])
    not_needed = {settlement.id for settlement in staying if settlement.state is Sent.CANCELLED}
    contacts.note(
        connection, [event for delivery in due if delivery.id in not_needed for event in _ends(delivery, now)]
    )
    to_leave, waiting = calls.join(connection, to_leave, now, book.outgoing)
    outbox.settle(connection, waiting)
    to_leave, for_the_list = bundle.restrain(connection, to_leave, now, book.outgoing)
    outbox.settle(connection, [Settlement(claim_of_list.delivery.id, Sent.CANCELLED) for claim_of_list in for_the_list])
    contacts.note(connection, [_left_to_the_list(claim_of_list, now) for claim_of_list in for_the_list])
    return costs.restrain(connection, to_leave, now, book)


def _sorted_out(
    connection: Connection, due: Sequence[Delivery], now: datetime, hold: ClaimTerms, book: Rulebook
) -> tuple[list[Claimed], list[Settlement]]:
    """What of this leaves now, and what becomes of the rest."""
    contact_ids = {delivery.contact_id for delivery in due if delivery.contact_id}
    contacts_by_id = contacts.with_id(connection, contact_ids) if contact_ids else {}
    to_leave: list[Claimed] = []
    staying: list[Settlement] = []
    barred_ids = text_stops.barred(connection, due, now)
    for delivery in due:
        contact = contacts_by_id.get(delivery.contact_id or 0)
        to_name, to_make = daily_list.contents(connection, delivery, now, book.clocks)
        claim = Claimed(delivery, contact, to_name, hold.holder, to_make=to_make)
        leaves_at = None if delivery.id in barred_ids else _leaves_at(claim, now, book)
        if leaves_at is not None and leaves_at <= now:
            to_leave.append(claim)
        else:
            state = Sent.CANCELLED if leaves_at is None else Sent.CREATED
            staying.append(Settlement(delivery.id, state, leaves_at))
    return to_leave, staying


def _left_to_the_list(claim_of_list: Claimed, now: datetime) -> Event:
    details = {"step": claim_of_list.delivery.step}
    return Event(claim_of_list.delivery.contact_id, now, EventKind.ALERT_LEFT_TO_THE_LIST, details=details)


def asked_again(connection: Connection, claim: Claimed, now: datetime, book: Rulebook) -> Claimed | None:
    """The claim with its contact as it stands at this moment; None where there is no longer a reason to send it."""
    contact_id = claim.delivery.contact_id
    if contact_id is None or claim.delivery.purpose not in TO_SENDERS:
        return claim
    current = replace(claim, contact=contacts.with_id(connection, [contact_id]).get(contact_id))
    if claim.delivery.purpose is Purpose.ANSWER:
        current = replace(current, files=staff_answers.files_of(connection, claim.delivery.id))
    is_wanted = not text_stops.barred(connection, [claim.delivery], now) and _leaves_at(current, now, book) is not None
    return current if is_wanted else None


def too_late(claim: Claimed, now: datetime, book: Rulebook) -> str:
    """Why the platform would not take this message any more; "" where it does."""
    contact = claim.contact
    if contact is None or contact.platform_reply_by is None or claim.delivery.purpose not in TO_SENDERS:
        return ""
    if claim.delivery.purpose is Purpose.ANSWER:
        is_there = claim.delivery.channel in book.outgoing.texts and not claim.delivery.details.get("public")
        is_over = is_there and now >= contact.platform_reply_by
        return "the platform takes no answer to this person any more" if is_over else ""
    until = book.window(contact).automatic_until(contact.platform_reply_by)
    return "" if now < until else "the platform takes automatic answers for a short time only, and it is over"


def _leaves_at(claim: Claimed, now: datetime, book: Rulebook) -> datetime | None:
    """When it leaves; None: there is no longer a reason to send it."""
    delivery, contact = claim.delivery, claim.contact
    if delivery.purpose is Purpose.DIGEST:
        return now if claim.listed or claim.to_make else None
    if contact is None:
        return now
    if delivery.details.get(DECIDED):
        return now if contact.state == ContactState.OPEN else None
    step = book.clocks.ladders.step(delivery.step, contact.standard) if delivery.purpose is Purpose.ALERT else None
    is_unprompted = alert.UNPROMPTED in delivery.details
    return alert.leaves_at(delivery.purpose, step, delivery.channel, contact, now, book, is_unprompted=is_unprompted)


def record(connection: Connection, attempts: Sequence[Attempt], book: Rulebook) -> list[Sent]:
    """Store what came of some attempts: states, first acknowledgements, events, notices of final failures.

    Returns the state that each came to.
    """
    singles = [single for attempt in attempts for single in attempt.each()]
    standing = outbox.standing(connection, [single.delivery.id for single in singles])
    settlements = _settled(singles, standing)
    notices = [
        notice for attempt, settlement in settlements for notice in _notices(connection, attempt, settlement, book)
    ]
    outbox.settle(connection, [settlement for _, settlement in settlements])
    contacts.note(
        connection, [event for attempt, settlement in settlements for event in _events(attempt, settlement, book)]
    )
    _note_what_left(connection, [attempt for attempt, settlement in settlements if settlement.state is Sent.SENT])
    outbox.queue(connection, notices + _cost_notices(connection, attempts, book))
    sent_messages.keep(connection, list(_evidence(attempts, standing)))
    return _states(attempts, [settlement for _, settlement in settlements])


def _settled(singles: Iterable[Attempt], standing: Mapping[int, Standing]) -> list[tuple[Attempt, Settlement]]:
    """The attempts that count, with what became of each."""
    pairs = ((single, standing.get(single.delivery.id)) for single in singles)
    return [(single, _settlement(single, stands)) for single, stands in pairs if stands and _counts(single, stands)]


def _states(attempts: Sequence[Attempt], settlements: Sequence[Settlement]) -> list[Sent]:
    """The state of each attempt's delivery; of one that does not count, the state that it would have come to."""
    states = {settlement.id: settlement.state for settlement in settlements}
    return [states.get(attempt.delivery.id) or _settlement(attempt).state for attempt in attempts]


def _cost_notices(connection: Connection, attempts: Sequence[Attempt], book: Rulebook) -> list[NewDelivery]:
    """What the operators must know of what these have cost."""
    messages = [attempt for attempt in attempts if attempt.error is None] if book.outgoing.most_a_day else []
    if not messages:
        return []
    return costs.count(connection, messages[0].delivery.channel, len(messages), messages[-1].at, book)


def _evidence(attempts: Iterable[Attempt], standing: Mapping[int, Standing]) -> Iterator[dict[str, Any]]:
    """What has left or may have, as it was handed over; not of a delivery that was forgotten meanwhile.

    Also where it does not count: what another process has sent as well has left twice.
    """
    for attempt in attempts:
        delivery, current = attempt.delivery, standing.get(attempt.delivery.id)
        is_known = current is not None and bool(current.recipient)
        # What a program is told of an event stands in the event.
        if attempt.message and attempt.may_have_left and is_known and delivery.purpose is not Purpose.EVENT:
            yield sent_messages.row_of(delivery, attempt.at, attempt.message, attempt.external_id)


def _note_what_left(connection: Connection, attempts: Sequence[Attempt]) -> None:
    """What a person knows from now on: by when they have their answer, and that we have what they wrote."""
    of_dates = [attempt.delivery for attempt in attempts if attempt.delivery.purpose in _TELL_DATE]
    contacts.note_date_told(connection, [delivery.contact_id for delivery in of_dates if delivery.contact_id])
    contacts.note_receipt(connection, _departures(attempts, Purpose.ACKNOWLEDGEMENT))
    if questions := _departures(attempts, Purpose.FEEDBACK):
        feedback.note_departures(connection, questions)


def _counts(attempt: Attempt, standing: Standing) -> bool:
    """Once only, and not where another process has taken the claim over: then only that the message has left."""
    is_own = standing.state == Sent.SENDING and standing.attempts == attempt.delivery.attempts
    return is_own or (attempt.error is None and standing.sent_at is None)


def _departures(attempts: Sequence[Attempt], purpose: Purpose) -> list[tuple[int, datetime]]:
    """The contact of each message for this purpose, and when it left."""
    return [(a.delivery.contact_id or 0, a.at) for a in attempts if a.delivery.purpose is purpose]


def _settlement(attempt: Attempt, standing: Standing | None = None) -> Settlement:
    delivery, error = attempt.delivery, attempt.error
    if error is None:
        return Settlement(
            delivery.id, Sent.SENT, sent_at=attempt.at, external_id=attempt.external_id, is_handed_over=True
        )
    if isinstance(error, NotTried):
        return Settlement(delivery.id, Sent.CREATED, next_attempt_at=attempt.at)
    if isinstance(error, NotNeeded):
        return Settlement(delivery.id, Sent.CANCELLED)
    if not isinstance(error, Temporary | Misconfigured | Permanent):
        # A fault of ours: trying again cannot help, and somebody must know now.
        state, pause = Sent.TECHNICAL_FAILURE, None
    else:
        failure, age = _failure(delivery.purpose, error), attempt.at - delivery.created_at
        hand_overs = standing.hand_overs if standing else 0
        state, pause = deliveries.after_failure(failure, delivery.attempts, age, hand_overs)
    next_attempt_at = attempt.at + pause if pause else None
    words, is_uncertain = f"{type(error).__name__}: {error}"[:500], isinstance(error, Uncertain)
    return Settlement(delivery.id, state, next_attempt_at, error=words, is_handed_over=is_uncertain)


def _failure(purpose: Purpose, error: Temporary | Misconfigured | Permanent) -> Failure:
    """What an error means for the next attempt.

    An alarm is not given up because staff's own address was refused once: somebody will mend it. A program that
    follows can read on by itself, so what it refuses is not offered again.
    """
    is_to_person = purpose in TO_SENDERS
    match error:
        case Permanent() if is_to_person or purpose is Purpose.EVENT:
            return Failure.FINAL
        case Misconfigured() if purpose is not Purpose.EVENT:
            return Failure.STAFF_MUST_ACT
        case Uncertain() if is_to_person:
            return Failure.UNCERTAIN
        case Full() if is_to_person:
            return Failure.MAILBOX_FULL
        case _:
            return Failure.PASSING


def _events(attempt: Attempt, settlement: Settlement, book: Rulebook) -> Iterator[Event]:
    """The event of the contact, if it is about one and anything was tried."""
    delivery = attempt.delivery
    if settlement.state is Sent.CANCELLED:
        yield from _ends(delivery, attempt.at)
        return
    if delivery.contact_id is None or settlement.state is Sent.CREATED:
        return
    details = {"purpose": delivery.purpose, "step": delivery.step, "attempt": delivery.attempts}
    if attempt.error is not None:
        details["error"] = str(attempt.error)[:300]
    if attempt.together:
        details["together"] = attempt.together
    if delivery.purpose is Purpose.ANSWER and attempt.error is None:
        details |= _formats(attempt, book)
    kind = EventKind(f"{delivery.purpose} {settlement.state}")
    yield Event(delivery.contact_id, attempt.at, kind, details=details)


def _formats(attempt: Attempt, book: Rulebook) -> dict[str, str]:
    """In what an answer left, of somebody who needs it in a format or a language."""
    contact = attempt.contact
    if contact is None or not (contact.need_codes or contact.wished_language):
        return {}
    from bot.flows.outgoing import answer_words  # noqa: PLC0415 - most people need none of it

    return {"format": answer_words.formats(attempt.delivery, contact, book)}


def _ends(delivery: Delivery, now: datetime) -> Iterator[Event]:
    """The event of a receipt that nobody is owed any more: staff were first."""
    if delivery.purpose is Purpose.ACKNOWLEDGEMENT:
        yield Event(delivery.contact_id, now, EventKind.RECEIPT_NOT_NEEDED)


def _notices(connection: Connection, attempt: Attempt, settlement: Settlement, book: Rulebook) -> list[NewDelivery]:
    """What staff must know of an attempt that failed."""
    why = attempt.error.cause if isinstance(attempt.error, NotTried) else attempt.error
    if why is None or isinstance(why, NotNeeded):
        return []
    message = TO_SENDERS.get(attempt.delivery.purpose)
    failure = failures.Failed(attempt.delivery, message, attempt.at, why, settlement.state, settlement.next_attempt_at)
    return failures.notices(connection, failure, book)
