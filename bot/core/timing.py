"""The numbers that decide when and how often people are alerted, with their defaults."""

from dataclasses import dataclass
from datetime import time, timedelta

from bot.core.durations import Duration, duration

_ASSIGN_WITHIN = duration("4 working hours")
_QUIET_CHOICES = tuple(map(duration, ("2 hours", "1 working day", "2 working days", "5 working days")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The table `[alerts]` of escalation.toml; docs/escalation.md explains each key.

    Spans elapse by the clock; a `Duration` may count the office's working hours or working days. A share is one of the
    working time of a promise.
    """

    receipt_late_after: timedelta = timedelta(minutes=15)
    receipt_window_warning: timedelta = timedelta(hours=4)
    answer_window_warning: timedelta = timedelta(hours=24)
    assign_within: Duration = _ASSIGN_WITHIN
    progress_at: float = 0.5
    long_pause: timedelta = timedelta(days=14)
    steps_before_lead: int = 2
    look_again_after: timedelta = timedelta(days=7)
    look_again_after_fault: timedelta = timedelta(hours=1)

    urgent_again_after: timedelta = timedelta(minutes=15)
    urgent_once_within: timedelta = timedelta(minutes=15)
    urgent_within: timedelta = timedelta(days=7)

    never_quiet_from: float = 0.9
    quiet_choices: tuple[Duration, ...] = _QUIET_CHOICES
    quiet_morning: time = time(9)
    links_valid_for: timedelta = timedelta(days=14)

    list_at: time = time(8, 30)
    list_not_after: time = time(17)
    list_ahead_working_days: int = 2

    added_told_once_in: timedelta = timedelta(days=1)
    automatic_mails_a_day: int = 3
    own_mails_a_day: int = 3

    channel_silent_after: timedelta = timedelta(minutes=15)
    alerts_late_after: timedelta = timedelta(minutes=15)
    looks_late_after: timedelta = timedelta(minutes=1)
    clock_jump: timedelta = timedelta(minutes=1)
    alarm_over_after: timedelta = timedelta(minutes=2)
    events_late_after: timedelta = timedelta(hours=1)
    review_told_before: timedelta = timedelta(days=60)
    holidays_checked_within: timedelta = timedelta(days=365)


USUAL = Timing()
