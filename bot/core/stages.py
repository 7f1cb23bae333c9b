"""Where the time of an answered contact goes, in working days: stage by stage, so that the stages add up to the whole.

The day of the beginning is day 0, as promises count. A pause belongs to the person, whatever the team did meanwhile.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields

from bot.core.spells import Spell

# The number of working days up to the end of the day of an instant, which is in microseconds since 1970.
DaysThrough = Callable[[int], int]


@dataclass(frozen=True, slots=True)
class Stages:
    """Working days of some answered spells, and how many these are.

    `first_look`: until somebody of ours did anything with it; `team`: from then on; `pauses`: while we waited for the
    person; `again`: after they had written again upon our answer, all of it.
    """

    first_look: int = 0
    team: int = 0
    pauses: int = 0
    again: int = 0
    answers: int = 0

    @property
    def total(self) -> int:
        """All days of all stages."""
        return self.first_look + self.team + self.pauses + self.again

    def __add__(self, more: "Stages") -> "Stages":
        """The days of both."""
        return Stages(*(getattr(self, stage.name) + getattr(more, stage.name) for stage in fields(Stages)))


def of(spell: Spell, first_look_at: int | None, days_through: DaysThrough) -> Stages:
    """Return the stages of one spell that was answered; `first_look_at` None: nobody looked before the answer."""
    end = spell.responded_at
    if end is None:
        return Stages()
    beginning, total = spell.begins_at, max(0, days_through(end) - days_through(spell.begins_at))
    if spell.number:
        return Stages(again=total, answers=1)
    look = min(max(beginning, first_look_at if first_look_at is not None else end), end)
    first = days_through(look) - days_through(beginning)
    pauses = sum(
        days_through(min(until, end)) - days_through(max(since, look))
        for since, until in json.loads(spell.pauses or "[]")
        if max(since, look) < min(until, end)
    )
    return Stages(first, total - first - pauses, pauses, answers=1)


def together(stages: Iterable[Stages]) -> Stages:
    """Return the sum."""
    return sum(stages, Stages())
