"""escalation.toml: when staff are alerted that an answer is at risk, who is, and when they are left in peace."""

import re
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from bot.allowed import Form
from bot.core import durations
from bot.core.alerting import Restraint
from bot.core.calendars import Calendar
from bot.core.clocks import ELAPSED
from bot.core.deputies import Away, Deputies
from bot.core.durations import Duration, Unit
from bot.core.escalations import RECEIPT_DUE, RESPOND_LADDER, Ladder, Ladders, Step
from bot.core.timing import USUAL, Timing
from bot.settings.tables import Table
from bot.settings.teams import Role

_KNOWN = {step.share: step for step in RESPOND_LADDER}
_PER_CENT = re.compile(r"(\d{1,3})\s?%")
_MOST_PER_CENT = 500
_ALLOWED = 'allowed: "50%", "due", "2 working days before" or "4 hours before"'
At = float | Duration
_A_MINUTE, _AN_HOUR, _A_DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_SPANS = ELAPSED | {Unit.DAY: _A_DAY}
# By the clock a working hour or a working day takes no less.
_AT_LEAST = _SPANS | {Unit.WORKING_HOUR: _AN_HOUR, Unit.WORKING_DAY: _A_DAY}
_PERSON = r"mailto:\S+@\S+"
_WHO = "mailto: and an address, as in mailto:jo.ellis@example.gov.uk"


def _at(value: object) -> object:
    """A share of the working time, or how long before the answer is due."""
    if not isinstance(value, str):
        raise ValueError(_ALLOWED)
    if value == "due":
        return 1.0
    if percent := _PER_CENT.fullmatch(value):
        if not 1 <= int(percent[1]) <= _MOST_PER_CENT:
            raise ValueError(f"allowed: 1% to {_MOST_PER_CENT}%")
        return int(percent[1]) / 100
    words, before, rest = value.partition(" before")
    if not before or rest:
        raise ValueError(_ALLOWED)
    length = durations.duration(words)
    if length.unit is Unit.MONTH or length.rolls or not length.count:
        raise ValueError(_ALLOWED)
    return length


class StepSettings(Table):
    """One step: `at` which moment, `to` whom, and `by` a message of its own or the daily list.

    `clock` is the promise: to answer, or to acknowledge, which counts in shares and for every standard. `standards`
    are those that have a ladder of their own, to which this step belongs; without any it belongs to the general one.
    """

    at: Annotated[At, BeforeValidator(_at)]
    to: tuple[Role, ...] = Field(default=("owner",), min_length=1)
    by: Literal["message", "digest", "message if law"] = "message"
    standards: tuple[str, ...] = ()
    clock: Literal["respond", "acknowledge"] = "respond"

    @model_validator(mode="after")
    def _as_the_clock_allows(self) -> "StepSettings":
        if self.clock == "acknowledge" and (isinstance(self.at, Duration) or self.standards or self.by != "message"):
            raise ValueError('clock "acknowledge" has a share such as "50%" or "due", no standards, and is a message')
        return self

    def step(self) -> Step:
        """As the core knows it; by its name the store remembers that it was taken."""
        if self.clock == "acknowledge":
            return self._receipt_step()
        before = self.at if isinstance(self.at, Duration) else None
        share = None if isinstance(self.at, Duration) else self.at
        if before is not None:
            name = f"respond-{str(before).replace(' ', '-')}-before"
            words = f"the answer is due in {before}"
        elif share in _KNOWN:
            name, words = _KNOWN[share].name, _KNOWN[share].words
        else:
            percent = round((share or 0.0) * 100)
            name, words = f"respond-{percent}", f"{percent} per cent of the time to answer are used"
        return Step(
            name,
            words,
            share,
            before=before,
            to=self.to,
            digest=self.by != "message",
            own_by_law=self.by == "message if law",
        )

    def _receipt_step(self) -> Step:
        share = self.at if isinstance(self.at, float) else 1.0
        if share >= 1:
            return replace(RECEIPT_DUE, to=self.to)
        percent = round(share * 100)
        words = f"{percent} per cent of the time to acknowledge are used"
        return Step(f"acknowledge-{percent}", words, share, "acknowledge", to=self.to)


class AbsenceSettings(Table):
    """Somebody is away: `person` and `deputy` as in [[team]]; without a deputy the lead of the team is told."""

    person: Annotated[str, Form(_PERSON, _WHO)]
    first: date
    last: date
    deputy: Annotated[str, Form(rf"({_PERSON})?", _WHO)] = ""

    @model_validator(mode="after")
    def _in_order(self) -> "AbsenceSettings":
        if self.last < self.first:
            raise ValueError(f"last ({self.last}) is before first ({self.first})")
        return self

    def away(self) -> Away:
        """As the core knows it."""
        return Away(self.person.removeprefix("mailto:"), self.first, self.last, self.deputy.removeprefix("mailto:"))


class RestraintSettings(Table):
    """`[restraint]`: alerts wait for office hours, are joined, and are not too many an hour; 0 is any number.

    Urgent calls are joined, too, and never held back: `calls_a_minute` is at least 1.
    """

    office_hours_only: bool = True
    join_above: int = Field(default=10, ge=0, le=1000)
    an_hour: int = Field(default=6, ge=0, le=1000)
    calls_a_minute: int = Field(default=3, ge=1, le=60)

    def restraint(self, office: Calendar) -> Restraint:
        """As the core knows it, by the office hours of this calendar."""
        hours = office if self.office_hours_only else None
        return Restraint(hours, self.join_above, self.an_hour, self.calls_a_minute, letters=office)


def _length(value: object) -> Duration | None:
    """A duration in words; None for anything else, for months, and where a day that is no working day moves."""
    try:
        length = durations.duration(value) if isinstance(value, str) else None
    except durations.BadWords:
        return None
    return length if length and length.count and length.unit is not Unit.MONTH and not length.rolls else None


def _between(least: timedelta, most: timedelta) -> BeforeValidator:
    """A span of minutes, hours or days of 24 hours, as in "15 minutes", between two such spans."""

    def span(value: object) -> timedelta:
        length = _length(value)
        elapsed = length.count * _SPANS[length.unit] if length and length.unit in _SPANS else timedelta(0)
        if not least <= elapsed <= most:
            bounds = " to ".join(str(durations.of_span(bound)) for bound in (least, most))
            raise ValueError(f"allowed: {bounds}, in minutes, hours or days")
        return elapsed

    return BeforeValidator(span)


def _share(value: object) -> float:
    percent = _PER_CENT.fullmatch(value) if isinstance(value, str) else None
    if percent is None or not 1 <= int(percent[1]) <= 100:
        raise ValueError("allowed: 1% to 100%")
    return int(percent[1]) / 100


def _office_span(value: object) -> Duration:
    """How long somebody may take: some time of the office, or of the clock."""
    length = _length(value)
    if length is None or length.unit is Unit.DAY:
        raise ValueError('allowed: "4 working hours", "1 working day", "2 hours" or "90 minutes"')
    return length


def _quiet_choice(value: object) -> Duration:
    length = _length(value)
    if length is None or length.unit not in (*ELAPSED, Unit.WORKING_DAY):
        raise ValueError('allowed: "2 hours", "30 minutes" or "1 working day"')
    return length


def _clock_time(value: object) -> time:
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError('allowed: "00:00" to "23:59"')
    return time.fromisoformat(value)


Share = Annotated[float, BeforeValidator(_share)]
ClockTime = Annotated[time, BeforeValidator(_clock_time)]
Span = Annotated[timedelta, _between(_A_MINUTE, _A_DAY)]
LongSpan = Annotated[timedelta, _between(_A_DAY, 730 * _A_DAY)]


class AlertSettings(Table):
    """`[alerts]`: after how long people are told, and how often; docs/escalation.md has what each key means."""

    receipt_late_after: Span = USUAL.receipt_late_after
    receipt_window_warning: Annotated[timedelta, _between(15 * _A_MINUTE, 12 * _AN_HOUR)] = USUAL.receipt_window_warning
    answer_window_warning: Annotated[timedelta, _between(15 * _A_MINUTE, 3 * _A_DAY)] = USUAL.answer_window_warning
    assign_within: Annotated[Duration, BeforeValidator(_office_span)] = USUAL.assign_within
    progress_at: Share = USUAL.progress_at
    long_pause: LongSpan = USUAL.long_pause
    steps_before_lead: int = Field(default=USUAL.steps_before_lead, ge=1, le=100)
    look_again_after: Annotated[timedelta, _between(_AN_HOUR, 30 * _A_DAY)] = USUAL.look_again_after
    look_again_after_fault: Span = USUAL.look_again_after_fault
    urgent_again_after: Span = USUAL.urgent_again_after
    urgent_once_within: Span = USUAL.urgent_once_within
    urgent_within: Annotated[timedelta, _between(_AN_HOUR, 30 * _A_DAY)] = USUAL.urgent_within
    never_quiet_from: Share = USUAL.never_quiet_from
    quiet_choices: tuple[Annotated[Duration, BeforeValidator(_quiet_choice)], ...] = Field(
        default=USUAL.quiet_choices, min_length=1, max_length=10
    )
    quiet_morning: ClockTime = USUAL.quiet_morning
    links_valid_for: Annotated[timedelta, _between(_A_DAY, 90 * _A_DAY)] = USUAL.links_valid_for
    list_at: ClockTime = USUAL.list_at
    list_not_after: ClockTime = USUAL.list_not_after
    list_ahead_working_days: int = Field(default=USUAL.list_ahead_working_days, ge=1, le=100)
    added_told_once_in: Annotated[timedelta, _between(_A_MINUTE, 30 * _A_DAY)] = USUAL.added_told_once_in
    automatic_mails_a_day: int = Field(default=USUAL.automatic_mails_a_day, ge=1, le=1000)
    own_mails_a_day: int = Field(default=USUAL.own_mails_a_day, ge=1, le=1000)
    channel_silent_after: Span = USUAL.channel_silent_after
    alerts_late_after: Span = USUAL.alerts_late_after
    looks_late_after: Span = USUAL.looks_late_after
    clock_jump: Span = USUAL.clock_jump
    alarm_over_after: Span = USUAL.alarm_over_after
    events_late_after: Annotated[timedelta, _between(_A_MINUTE, 2 * _A_DAY)] = USUAL.events_late_after
    review_told_before: LongSpan = USUAL.review_told_before
    holidays_checked_within: LongSpan = USUAL.holidays_checked_within

    @model_validator(mode="after")
    def _in_their_order(self) -> "AlertSettings":
        if self.list_not_after <= self.list_at:
            raise ValueError(
                f"list_not_after ({self.list_not_after:%H:%M}) must be later than list_at ({self.list_at:%H:%M})"
            )
        within = self.assign_within
        if within.count * _AT_LEAST[within.unit] < self.receipt_late_after:
            # A new contact is looked at first when its receipt would be late.
            late_after = durations.of_span(self.receipt_late_after)
            raise ValueError(f"assign_within ({within}) must not be shorter than receipt_late_after ({late_after})")
        return self

    def timing(self) -> Timing:
        """As the core knows it."""
        return Timing(**{name: getattr(self, name) for name in type(self).model_fields})


class Escalation(Table):
    """The whole file: one of your own says the whole ladder, not only what differs from the packaged one."""

    restraint: RestraintSettings = RestraintSettings()
    alerts: AlertSettings = AlertSettings()
    step: tuple[StepSettings, ...] = Field(min_length=1)
    absence: tuple[AbsenceSettings, ...] = ()

    @model_validator(mode="after")
    def _each_moment_once(self) -> "Escalation":
        for standard, ladder in {"": self._ladder(""), **self._own()}.items():
            names = [step.name for step in ladder]
            repeated = sorted({name for name in names if names.count(name) > 1})
            if repeated:
                of = f"the ladder of {standard}" if standard else "the general ladder"
                raise ValueError(f"{of} has two steps at the same moment: {', '.join(repeated)}")
        if not self._ladder(""):
            raise ValueError("the general ladder has no step: let one have no standards")
        return self

    def _ladder(self, standard: str) -> Ladder:
        steps = (step for step in self.step if step.clock == "respond")
        return tuple(step.step() for step in steps if (standard in step.standards if standard else not step.standards))

    def _own(self) -> dict[str, Ladder]:
        return {standard: self._ladder(standard) for step in self.step for standard in step.standards}

    def ladders(self) -> Ladders:
        """The ladder of every standard."""
        receipt = tuple(step.step() for step in self.step if step.clock == "acknowledge")
        return Ladders(self._ladder(""), self._own(), receipt)

    def deputies(self) -> Deputies:
        """Who stands in for whom."""
        return Deputies(absence.away() for absence in self.absence)
