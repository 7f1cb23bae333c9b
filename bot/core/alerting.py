"""Decides whether a message about a contact is wanted and when it leaves, and which contacts a daily list names.

Asked when a message is queued and again when it is about to leave, each time of the contact as it stands then.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto

from bot.core.calendars import Calendar
from bot.core.contacts import Contact, State
from bot.core.deliveries import Purpose
from bot.core.escalations import HANDED_OVER, NAMED, RECEIPT_LATE, Ladder, Step
from bot.core.timing import Timing

A_MINUTE, AN_HOUR = timedelta(minutes=1), timedelta(hours=1)
_TO_THE_PERSON = frozenset({Purpose.NEW_DATE, Purpose.ADDED, Purpose.PROGRESS, Purpose.CLOSING, Purpose.FEEDBACK})
# What is said of a finished contact, while it is that.
_OF_STATE = {Purpose.CLOSING: State.CLOSED, Purpose.FEEDBACK: State.ANSWERED}


@dataclass(frozen=True, slots=True)
class Occasion:
    """The occasion of a message about a contact.

    `step` is that of an alert, None where no ladder has it any more. `is_law`: a statute sets the contact's time to
    answer. `in_public`: everybody can read what leaves by its outlet. `is_unprompted`: nobody has done anything at this
    moment that the person is told of.
    """

    purpose: Purpose
    step: Step | None = None
    is_law: bool = False
    in_public: bool = False
    is_unprompted: bool = False

    @property
    def is_in_list_only(self) -> bool:
        """Whether only the daily list has the step."""
        return self.step is not None and self.step.digest and not (self.step.own_by_law and self.is_law)


@dataclass(frozen=True, slots=True)
class Restraint:
    """Limits that keep alerts from being a nuisance.

    Outside `office` hours they wait for the next opening (None: they leave at any time). More than `join_above` that
    are due to one person at once become one message; more than `an_hour` messages to one person within an hour are left
    to the daily list; 0 is any number. More urgent calls to one person than `calls_a_minute` are joined in one more.
    What people are sent unprompted leaves within the hours of `letters` (None: at any time).
    """

    office: Calendar | None = None
    join_above: int = 0
    an_hour: int = 0
    calls_a_minute: int = 3
    letters: Calendar | None = None


class Bundle(Enum):
    """The way in which alerts that are due to one person at once leave, or that only the daily list has them."""

    APART = auto()
    JOINED = auto()
    LEFT_TO_THE_LIST = auto()


def leaves_at(
    occasion: Occasion, contact: Contact, now: datetime, restraint: Restraint, timing: Timing
) -> datetime | None:
    """Return when the message leaves: at `now`, or when the office opens next; None if it is not wanted.

    Nobody is written to at night because half of some time is used; what answers somebody leaves at any hour.
    """
    if not is_wanted(occasion, contact, now, timing):
        return None
    if occasion.is_unprompted or occasion.purpose is Purpose.PROGRESS:
        return restraint.letters.next_opening(now) if restraint.letters else now
    if occasion.purpose is not Purpose.ALERT or restraint.office is None:
        return now
    opening = restraint.office.next_opening(now)
    return now if occasion.step is not None and _cannot_wait(occasion.step, contact, opening) else opening


def _cannot_wait(step: Step, contact: Contact, opening: datetime) -> bool:
    """Tell whether an alert of this step leaves while the office is closed."""
    if step.clock == "acknowledge" or step in (HANDED_OVER, NAMED):
        return True  # an alarm for the operators; the word of a colleague who acts at this moment
    closes_at = contact.platform_reply_by
    return step.clock == "window" and closes_at is not None and closes_at <= opening


def is_wanted(occasion: Occasion, contact: Contact, now: datetime, timing: Timing) -> bool:
    """Tell whether the message's statement is true at `now`, and its recipient should get a message of its own."""
    purpose = occasion.purpose
    if purpose in (Purpose.ANSWER, Purpose.TRACK_LINK):
        return True  # a person typed it, and nobody but they take it back; the person asked for it themselves
    if purpose is Purpose.ACKNOWLEDGEMENT:
        return contact.state == State.OPEN and not _staff_were_first(contact)
    if occasion.in_public or (contact.muted and purpose in _TO_THE_PERSON):
        return False  # where everybody reads it there is the one fixed answer; a program is not answered again
    if purpose in _OF_STATE:
        return contact.state == _OF_STATE[purpose]
    if occasion.step is NAMED:
        return True
    return contact.state == State.OPEN and _is_so(occasion, contact, now, timing)


def _staff_were_first(contact: Contact) -> bool:
    """Tell whether staff have written to the person, who has had no receipt yet."""
    return contact.acknowledged_at is not None and contact.receipt_sent_at is None


def _is_so(occasion: Occasion, contact: Contact, now: datetime, timing: Timing) -> bool:
    """Tell whether the message's statement about an open contact is true."""
    match occasion.purpose:
        case Purpose.NEW_DATE | Purpose.PROGRESS:
            return contact.respond_by is not None  # while the clock is paused there is no date to tell
        case Purpose.URGENT:
            return contact.urgent_at is not None
        case Purpose.ALERT if occasion.step is not None:
            step = occasion.step
            is_told_apart = not occasion.is_in_list_only
            is_kept_quiet = is_quiet(contact, now, is_pressing=_is_pressing(step, timing))
            return is_told_apart and not is_kept_quiet and _is_at_risk(step, contact)
        case _:
            return True


def _is_at_risk(step: Step, contact: Contact) -> bool:
    """Tell whether the promise of the step's clock is not kept yet."""
    match step.clock:
        case "acknowledge":
            has_left = step is RECEIPT_LATE and contact.receipt_sent_at is not None
            return contact.acknowledged_at is None and not has_left
        case "respond":
            return contact.paused_at is None
        case "assign":
            return step is HANDED_OVER or contact.assigned_at is None
        case "pause":
            return contact.paused_at is not None
        case _:
            return True


def _is_pressing(step: Step, timing: Timing) -> bool:
    """Tell whether staff are alerted although they asked for quiet; only early shares of the time can be quiet."""
    return step.clock != "respond" or step.share is None or step.share >= timing.never_quiet_from


def is_quiet(contact: Contact, now: datetime, *, is_pressing: bool) -> bool:
    """Tell whether staff have asked for quiet about the contact, and nothing is pressing."""
    return not is_pressing and contact.quiet_until is not None and now < contact.quiet_until


def bundle(count: int, messages_of_late: int, restraint: Restraint) -> Bundle:
    """Return how `count` alerts leave that are due to one person, who has had some messages within the hour."""
    room = max(restraint.an_hour - messages_of_late, 0) if restraint.an_hour else count
    if room == 0:
        return Bundle.LEFT_TO_THE_LIST
    return Bundle.JOINED if count > min(restraint.join_above or count, room) else Bundle.APART


def share_out(
    queued_at: Sequence[datetime], of_late: Sequence[datetime], now: datetime, most: int, *, has_waited: bool
) -> tuple[int, datetime]:
    """Return how many urgent calls to one person leave alone now, and when the rest of them leave as one.

    `queued_at` is when each of them was queued, the oldest first, `of_late` when calls left within the minute. After
    the first `most` of a minute there is one more that joins what came besides; what comes later in that minute waits
    for its end, and nothing waits for longer than a minute. What `has_waited` before leaves as one.
    """
    alone = 0 if has_waited else max(most - len(of_late), 0)
    if len(queued_at) <= alone:
        return len(queued_at), now
    latest = queued_at[alone] + A_MINUTE
    if len(of_late) <= most or latest <= now:
        return alone, now
    return alone, min(of_late[-most - 1] + A_MINUTE, latest)


class Reason(StrEnum):
    """A reason for which the daily list names a contact; there may be several."""

    NEW = "new"
    OVERDUE = "overdue"
    SOON = "soon"
    USED = "used"
    UNACKNOWLEDGED = "unacknowledged"
    UNASSIGNED = "unassigned"


@dataclass(frozen=True, slots=True)
class DailyList:
    """The daily list made at `now`: what falls due up to `horizon` is due soon, what came after `since` is new."""

    now: datetime
    horizon: datetime
    since: datetime

    @staticmethod
    def at(now: datetime, calendar: Calendar, timing: Timing) -> "DailyList":
        """Return the list of this moment: it looks some working days ahead, and back to the list before it."""
        today = calendar.day_of(now)
        last_day = calendar.working_day_after(today, timing.list_ahead_working_days)
        day_before = calendar.nth_working_day(calendar.working_days_before(today))
        since = datetime.combine(day_before, timing.list_at, tzinfo=calendar.zone)
        return DailyList(now, calendar.last_second(last_day), since)

    def names(self, contact: Contact, role: str, ladder: Ladder, assign_by: datetime | None) -> bool:
        """Tell whether the list of a person with this role names the contact.

        `role` is one of the team's, or `owner` and an address. The steps that the contact has passed on its `ladder`
        name the roles; what is new, and what nobody has by `assign_by` (None: somebody has it), is for the team and
        its lead.
        """
        if is_quiet(contact, self.now, is_pressing=contact.respond_by is None or contact.respond_by <= self.horizon):
            return False
        is_owed, is_new = self._is_owed(contact), self._is_new(contact)
        if role.startswith("owner "):
            return (is_owed or is_new) and contact.owner == role.removeprefix("owner ")
        roles = {"team"} if is_owed else set[str]()
        if is_new or (not is_owed and self._is_unassigned(assign_by)):
            roles = {"team", "lead"}
        return role in roles or (is_owed and any(role in step.to for step in ladder[: contact.respond_step]))

    def reasons(self, contact: Contact, assign_by: datetime | None) -> Iterator[Reason]:
        """Yield the reasons for which the list names a contact."""
        if self._is_new(contact):
            yield Reason.NEW
        due = contact.respond_by
        if due is not None and due < self.now:
            yield Reason.OVERDUE
        elif due is not None and due <= self.horizon:
            yield Reason.SOON
        elif due is not None and self._is_owed(contact):
            yield Reason.USED
        if contact.acknowledged_at is None:
            yield Reason.UNACKNOWLEDGED
        if self._is_unassigned(assign_by):
            yield Reason.UNASSIGNED

    def _is_new(self, contact: Contact) -> bool:
        """Tell whether it came after the last list, and is owed anything."""
        return contact.received_at > self.since and contact.standard is not None

    def _is_owed(self, contact: Contact) -> bool:
        """Tell whether it is overdue, due soon, past a step of its ladder, or not acknowledged in time."""
        due = contact.respond_by
        if due is not None and (due <= self.horizon or contact.respond_step > 0):
            return True
        return (
            contact.acknowledged_at is None
            and contact.acknowledge_by is not None
            and contact.acknowledge_by <= self.now
        )

    def _is_unassigned(self, assign_by: datetime | None) -> bool:
        return assign_by is not None and assign_by <= self.now
