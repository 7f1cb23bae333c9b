"""The life of one message on its way out: its states, named as GOV.UK Notify names them, and its retries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


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


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """One message to be queued.

    `key` is unique, so nothing is queued twice; `details` is what the template needs beyond the contact itself.
    Without a `next_attempt_at` it is held. `id`, `attempts` and `holder` are for one that is claimed as it is queued.
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


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way out, as it is stored; what its fields mean, `NewDelivery` says."""

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


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of an attempt: the state that follows, and when it is tried again (None: not any more).

    `external_id` is the platform's own name of what was sent.
    """

    id: int
    state: State
    next_attempt_at: datetime | None = None
    sent_at: datetime | None = None
    error: str = ""
    external_id: str = ""


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
