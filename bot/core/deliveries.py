"""The life of one message on its way out: its states, named as GOV.UK Notify names them, and its retries."""

from datetime import timedelta
from enum import StrEnum


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

    Five go to the person who wrote, four to staff, and an event to a program that follows.
    """

    ACKNOWLEDGEMENT = "acknowledgement"
    NEW_DATE = "new-date"
    ADDED = "added"
    PROGRESS = "progress"
    CLOSING = "closing"
    ALERT = "alert"
    URGENT = "urgent"
    NOTICE = "notice"
    DIGEST = "digest"
    EVENT = "event"


MOVES: dict[State, frozenset[State]] = {
    State.CREATED: frozenset({State.SENDING, State.CANCELLED}),
    State.SENDING: frozenset(
        {State.CREATED, State.SENT, State.TEMPORARY_FAILURE, State.PERMANENT_FAILURE, State.TECHNICAL_FAILURE}
    ),
    State.TEMPORARY_FAILURE: frozenset({State.SENDING, State.CANCELLED}),
    # What had left comes back: for good, or because a mailbox is full at the moment.
    State.SENT: frozenset({State.DELIVERED, State.PERMANENT_FAILURE, State.TEMPORARY_FAILURE}),
    State.DELIVERED: frozenset(),
    State.PERMANENT_FAILURE: frozenset(),
    State.TECHNICAL_FAILURE: frozenset(),
    State.CANCELLED: frozenset(),
}
WAITING = (State.CREATED, State.TEMPORARY_FAILURE)

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=3)


def pause_before_retry(attempts: int) -> timedelta:
    """How long to wait after this many failed attempts: 5 s, then three times as long each time, at most an hour."""
    factor: int = 3 ** min(attempts - 1, 8)
    return min(FIRST_PAUSE * factor, LONGEST_PAUSE)


def after_failure(attempts: int, age: timedelta, *, permanent: bool) -> tuple[State, timedelta | None]:
    """The next state and the pause before the next attempt (None: there is none).

    `attempts` counts the one that just failed; `age` is the time since the delivery was created. Mail servers
    try for days before they give up (RFC 5321 section 4.5.4.1 asks for at least 4 to 5 days of a relay; we hand over
    to one, and after 3 days a person must know).
    """
    if permanent:
        return State.PERMANENT_FAILURE, None
    pause = pause_before_retry(attempts)
    if age + pause > GIVE_UP_AFTER:
        return State.TECHNICAL_FAILURE, None
    return State.TEMPORARY_FAILURE, pause
