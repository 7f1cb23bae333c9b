"""A spell: the time for which one contact waits for an answer, from its receipt, or from when it was opened again.

Every figure counts spells. They follow from the events of a contact up to a cut-off, which is the number of an event,
and from what a contact keeps from its first moment on; no file of the configuration is read, so that a figure stays
what it was when a standard is changed, a contact is forgotten, or its dates are computed anew. Instants are whole
microseconds since 1970 in UTC, as a year has a million of each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Due is the last permitted second, as `histories.Clock.in_time` has it.
SECOND = 1_000_000


def microseconds(at: datetime) -> int:
    """Return an aware instant as microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def moment(text: str) -> int:
    """Return an instant as events write it, ISO 8601 with an offset, as microseconds since 1970."""
    return microseconds(datetime.fromisoformat(text))


def instant(count: int) -> datetime:
    """Return the aware instant, in UTC, of so many microseconds since 1970."""
    return _EPOCH + count * _MICROSECOND


class Ending(StrEnum):
    """How a spell ends; the texts are stored. What staff close has the outcomes of `closings.Outcome`, too."""

    OPEN = ""
    ANSWERED = "answered"
    FINISHED = "finished"
    TOLD = "told"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"
    SPAM = "spam"
    TEST = "test"
    MERGED = "merged"
    # Nothing was ever owed: a robot, a bounce.
    LOGGED = "logged"


class Spell(NamedTuple):
    """One spell as it stands at a cut-off, in the order of the columns of its table.

    `number` is 0 from the receipt on, 1 and more for each time that the contact was opened again. What it is about is
    that of the contact at the cut-off; "" for nothing. `acknowledge_by` and `acknowledged_at` belong to number 0.
    `respond_by` is the date as last agreed, also while the clock is paused (`paused_at`); `first_respond_by` the date
    that was promised first in this spell. `pauses` are finished pauses as JSON, `[[from, until], ...]`, "" for none.
    `next_word_at` is when the person first wrote again after its end. `early_words` counts what they wrote before the
    date while no member of staff had written. `needs` are codes of `core.needs`; `are_needs_met` is None while nothing
    was answered, and where no program can tell. `asked_at`, `opinion` and `satisfaction` are of the feedback on this
    answer. `latest_at` is the last instant by which the spell belongs into a period: its end or a date, whichever is
    later; None while it is open.
    """

    contact_id: int
    number: int
    received_at: int
    begins_at: int
    channel: str
    channel_kind: str
    medium: str
    visibility: str
    outcome: str
    rule: str
    language: str
    area: str
    service: str
    kind: str
    team: str
    standard: str
    standard_version: str
    calendar: str
    acknowledge_by: int | None
    acknowledged_at: int | None
    first_respond_by: int | None
    respond_by: int | None
    responded_at: int | None
    ends_at: int | None
    ending: str
    paused_at: int | None
    pauses: str
    extensions: int
    is_undeliverable: bool
    windows_missed: int
    early_words: int
    next_word_at: int | None
    avoidable: str
    cause: str
    complaint_outcome: str
    asked_at: int | None
    opinion: str
    satisfaction: str
    needs: str
    are_needs_met: bool | None
    latest_at: int | None

    @property
    def is_owed(self) -> bool:
        """Whether an answer or an acknowledgement was ever owed."""
        return self.ending != Ending.LOGGED


@dataclass(frozen=True, slots=True)
class Origin:
    """What a contact keeps from its first moment on, and what it is about now.

    `first_event` is the number of its first event: at an earlier cut-off the contact is not known.
    `first_acknowledge_by` and `first_respond_by` are the dates at logging. `receipt_sent_at` counts where no event says
    when a receipt left: the page that took the message was the receipt, or a contact of an older version.
    What it is about now, and the standard with its calendar, hold at the cut-off unless a later event says what they
    were before.
    """

    contact_id: int
    first_event: int
    received_at: datetime
    channel: str
    channel_kind: str
    medium: str
    visibility: str
    outcome: str
    rule: str
    language: str
    acknowledged_by: str
    receipt_sent_at: datetime | None
    first_acknowledge_by: datetime | None
    first_respond_by: datetime | None
    area: str
    service: str
    kind: str
    team: str
    standard: str
    standard_version: str
    calendar: str


class Happening(NamedTuple):
    """One event of a contact: its number, its instant, its kind, whether staff did it, and its details as an object."""

    number: int
    at: datetime
    kind: str
    is_of_staff: bool = False
    details: Mapping[str, Any] = MappingProxyType({})
