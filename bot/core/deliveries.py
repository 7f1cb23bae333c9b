"""The life of one message on its way out: its states, named as GOV.UK Notify names them, and its retries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto
from typing import Any, Final


class State(StrEnum):
    """Where a delivery stands; `cancelled` means that there was no longer a reason to send it."""

    CREATED = "created"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    TEMPORARY_FAILURE = "temporary-failure"
    PERMANENT_FAILURE = "permanent-failure"
    TECHNICAL_FAILURE = "technical-failure"
    CANCELLED = "cancelled"


class Purpose(StrEnum):
    """What a delivery is for; the texts are stored.

    Eight go to the person who wrote, one of them (an answer) typed by staff; four go to staff, and an event to a
    program that follows.
    """

    ACKNOWLEDGEMENT = "acknowledgement"
    NEW_DATE = "new-date"
    ADDED = "added"
    PROGRESS = "progress"
    CLOSING = "closing"
    ANSWER = "answer"
    FEEDBACK = "feedback"
    TRACK_LINK = "track-link"
    ALERT = "alert"
    URGENT = "urgent"
    NOTICE = "notice"
    DIGEST = "digest"
    EVENT = "event"


TO_STAFF = frozenset({Purpose.ALERT, Purpose.URGENT, Purpose.NOTICE, Purpose.DIGEST})
# What a person is sent without anybody having typed it or asked for it.
BY_ITSELF = frozenset(Purpose) - TO_STAFF - {Purpose.ANSWER, Purpose.TRACK_LINK, Purpose.EVENT}


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """One message to be queued.

    `key` is unique, so nothing is queued twice; `details` is what the template needs beyond the contact itself.
    `next_attempt_at` may be HELD. `id`, `attempts` and `holder` are for one that is claimed as it is queued. `mailbox`
    stands for where a receipt goes (`mailboxes.key`); `unproven`: it may leave, and nothing proves the address.
    """

    key: str
    contact_id: int | None
    purpose: Purpose
    channel: str
    recipient: str
    message_id: str
    created_at: datetime
    next_attempt_at: datetime | None
    step: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    id: int | None = None
    state: State = State.CREATED
    attempts: int = 0
    holder: str | None = None
    mailbox: str | None = None
    unproven: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way out, as it is stored; what its fields mean, `NewDelivery` says.

    `hand_overs` counts the attempts at which it was accepted, or may have been; `sent_at` is when it was, for certain:
    one that waits again all the same has come back.
    """

    id: int
    key: str
    contact_id: int | None
    purpose: Purpose
    step: str
    channel: str
    recipient: str
    message_id: str
    state: State
    attempts: int
    created_at: datetime
    details: Mapping[str, Any] = field(default_factory=dict)
    hand_overs: int = 0
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of an attempt: the state that follows, and when it is tried again (None: not any more).

    `external_id` is the platform's own name of what was sent. `is_handed_over`: it was accepted, or may have been.
    """

    id: int
    state: State
    next_attempt_at: datetime | None = None
    sent_at: datetime | None = None
    error: str = ""
    external_id: str = ""
    is_handed_over: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How a delivery stands now, whatever was known of it when it was claimed; a forgotten one has no recipient."""

    id: int
    state: str
    attempts: int
    sent_at: datetime | None
    recipient: str
    hand_overs: int = 0


@dataclass(frozen=True, slots=True)
class Fate:
    """When a delivery left, and what was said when it could not; "" where nothing was."""

    sent_at: datetime | None
    last_error: str


# From each state the states that may follow; a delivery begins as created, or as sending where it is claimed as it is
# queued. `store.outbox` changes no state but by this table. Whatever a delivery was taken for, that it has left is a
# fact: a claim is given back for a process that was out of touch, and that had handed the message over all the same.
MOVES: dict[State, frozenset[State]] = {
    State.CREATED: frozenset(
        {
            State.SENDING,  # it is due, and claimed
            State.CANCELLED,  # staff have answered or closed the contact, or its person is erased
            State.SENT,  # it had left all the same
        }
    ),
    State.SENDING: frozenset(
        {
            State.SENT,  # the other side has taken it over
            State.CREATED,  # it was not tried, or its process died; or the store was put back, and it is held
            State.TEMPORARY_FAILURE,  # refused for now; or it came back from a full mailbox before we knew that it left
            State.PERMANENT_FAILURE,  # refused for good; or it came back before we knew that it left
            State.TECHNICAL_FAILURE,  # a fault of ours, or refused for three days
            State.CANCELLED,  # there is no longer a reason to send it, or it is left to the daily list
        }
    ),
    State.TEMPORARY_FAILURE: frozenset(
        {
            State.SENDING,  # it is due again
            State.CANCELLED,  # as from created
            State.CREATED,  # the store was put back: since then it may have left, so that the failure says nothing
            State.SENT,  # it had left all the same
        }
    ),
    State.SENT: frozenset(
        {
            State.TEMPORARY_FAILURE,  # it came back from a full mailbox, and is sent once more
            State.PERMANENT_FAILURE,  # it came back
            State.DELIVERED,  # the provider says that the person's side has it
        }
    ),
    State.DELIVERED: frozenset({State.PERMANENT_FAILURE}),  # the provider says later that it did not arrive after all
    State.PERMANENT_FAILURE: frozenset({State.SENT}),  # it had left all the same
    State.TECHNICAL_FAILURE: frozenset({State.SENT}),  # it had left all the same
    State.CANCELLED: frozenset({State.SENT}),  # it had left all the same
}
WAITING = (State.CREATED, State.TEMPORARY_FAILURE)
# Out of our hands: of most messages nobody ever says that they arrived.
OUT = (State.SENT, State.DELIVERED)
# What stands in place of the time of its next attempt while a delivery is held: it waits, and never falls due, until
# somebody lets it leave. So are receipts while the breaker stops them, and what may have left from a lost store.
HELD: Final = None


def sources_of(state: State) -> frozenset[State]:
    """The states from which a delivery may move to this one."""
    return frozenset(source for source, targets in MOVES.items() if state in targets)


FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=3)


def pause_before_retry(attempts: int) -> timedelta:
    """How long to wait after this many failed attempts: 5 s, then three times as long each time, at most an hour."""
    factor: int = 3 ** min(attempts - 1, 8)
    return min(FIRST_PAUSE * factor, LONGEST_PAUSE)


class Failure(Enum):
    """What a failed attempt says of the next one."""

    PASSING = auto()  # it may work in a moment
    FINAL = auto()  # it will never work for this message
    STAFF_MUST_ACT = auto()  # it works again when staff have acted
    MAILBOX_FULL = auto()  # it may work in some hours
    UNCERTAIN = auto()  # the message may have been taken all the same


# Mailboxes are emptied by people: once more, as after a report of it (5.2.2), then staff reach the person another way.
FULL_PAUSE = timedelta(hours=4)
# Each repeat of what was taken all the same is one more copy for the person.
MOST_UNCERTAIN = 6


def after_failure(
    failure: Failure, attempts: int, age: timedelta, hand_overs: int = 0
) -> tuple[State, timedelta | None]:
    """The next state and the pause before the next attempt (None: there is none).

    `attempts` counts the one that just failed, `hand_overs` those before it at which the message may have been
    accepted; `age` is the time since the delivery was created. Mail servers
    try for days before they give up (RFC 5321 section 4.5.4.1 asks for at least 4 to 5 days of a relay; we hand over
    to one, and after 3 days a person must know).
    """
    if failure is Failure.FINAL:
        return State.PERMANENT_FAILURE, None
    if failure is Failure.MAILBOX_FULL:
        is_first = attempts == 1 or age < FULL_PAUSE
        return (State.TEMPORARY_FAILURE, FULL_PAUSE) if is_first else (State.PERMANENT_FAILURE, None)
    pause = pause_before_retry(attempts)
    if failure is Failure.STAFF_MUST_ACT:
        return State.TEMPORARY_FAILURE, pause
    is_over = age + pause > GIVE_UP_AFTER or (failure is Failure.UNCERTAIN and hand_overs + 1 >= MOST_UNCERTAIN)
    return (State.TECHNICAL_FAILURE, None) if is_over else (State.TEMPORARY_FAILURE, pause)
