"""escalation.toml: when staff are alerted that an answer is at risk, who is, and when they are left in peace."""

import re
from dataclasses import replace
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from bot.core import durations
from bot.core.calendars import Calendar
from bot.core.deputies import Away, Deputies
from bot.core.durations import Duration, Unit
from bot.core.escalations import RECEIPT_DUE, RESPOND_LADDER, Ladder, Ladders, Restraint, Step
from bot.settings.tables import Table
from bot.settings.teams import Role

_KNOWN = {step.share: step for step in RESPOND_LADDER}
_MOST_PER_CENT = 500
_ALLOWED = 'allowed: "50%", "due", "2 working days before" or "4 hours before"'
At = float | Duration
_PERSON = r"^(mailto:)\S+@\S+$"


def _at(value: object) -> object:
    """A share of the working time, or how long before the answer is due."""
    if not isinstance(value, str):
        raise ValueError(_ALLOWED)
    if value == "due":
        return 1.0
    if found := re.fullmatch(r"(\d{1,3})\s?%", value):
        if not 1 <= int(found[1]) <= _MOST_PER_CENT:
            raise ValueError(f"allowed: 1% to {_MOST_PER_CENT}%")
        return int(found[1]) / 100
    said, before, rest = value.partition(" before")
    if not before or rest:
        raise ValueError(_ALLOWED)
    long = durations.duration(said)
    if long.unit is Unit.MONTH or long.rolls or not long.count:
        raise ValueError(_ALLOWED)
    return long


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

    person: str = Field(pattern=_PERSON)
    first: date
    last: date
    deputy: str = Field(default="", pattern=f"^$|{_PERSON}")

    @model_validator(mode="after")
    def _in_order(self) -> "AbsenceSettings":
        if self.last < self.first:
            raise ValueError(f"last ({self.last}) is before first ({self.first})")
        return self

    def away(self) -> Away:
        """As the core knows it."""
        return Away(self.person.removeprefix("mailto:"), self.first, self.last, self.deputy.removeprefix("mailto:"))


class RestraintSettings(Table):
    """`[restraint]`: alerts wait for office hours, are joined, and are not too many an hour; 0 is any number."""

    office_hours_only: bool = True
    join_above: int = Field(default=10, ge=0, le=1000)
    an_hour: int = Field(default=6, ge=0, le=1000)

    def restraint(self, office: Calendar) -> Restraint:
        """As the core knows it, by the office hours of this calendar."""
        return Restraint(office if self.office_hours_only else None, self.join_above, self.an_hour)


class Escalation(Table):
    """The whole file: one of your own says the whole ladder, not only what differs from the packaged one."""

    restraint: RestraintSettings = RestraintSettings()
    step: tuple[StepSettings, ...] = Field(min_length=1)
    absence: tuple[AbsenceSettings, ...] = ()

    @model_validator(mode="after")
    def _each_moment_once(self) -> "Escalation":
        for standard, ladder in {"": self._ladder(""), **self._own()}.items():
            names = [step.name for step in ladder]
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                of = f"the ladder of {standard}" if standard else "the general ladder"
                raise ValueError(f"{of} has two steps at the same moment: {', '.join(twice)}")
        if not self._ladder(""):
            raise ValueError("the general ladder has no step: let one have no standards")
        return self

    def _ladder(self, standard: str) -> Ladder:
        chosen = (
            one
            for one in self.step
            if one.clock == "respond" and (standard in one.standards if standard else not one.standards)
        )
        return tuple(one.step() for one in chosen)

    def _own(self) -> dict[str, Ladder]:
        return {standard: self._ladder(standard) for one in self.step for standard in one.standards}

    def ladders(self) -> Ladders:
        """The ladder of every standard."""
        receipt = tuple(one.step() for one in self.step if one.clock == "acknowledge")
        return Ladders(self._ladder(""), self._own(), receipt)

    def deputies(self) -> Deputies:
        """Who stands in for whom."""
        return Deputies(one.away() for one in self.absence)
