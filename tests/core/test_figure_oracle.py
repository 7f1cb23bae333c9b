"""An independent count agrees with every figure, on invented spells and periods of every sort."""

import random
from dataclasses import asdict
from typing import Any

import pytest

from bot.core.measures import CUTS, Period
from bot.core.spells import Ending, Spell
from bot.core.tallies import Cells
from tests.core import figure_oracle
from tests.core.spelling import ENGLAND, USUAL, at, end_of, period

_HOUR = 3_600_000_000
_DAYS = [f"2026-{month:02}-{day:02}" for month in (8, 9, 10) for day in range(1, 31)]
_ENDINGS = [ending for ending in Ending if ending not in (Ending.OPEN, Ending.MERGED, Ending.LOGGED)]


def invented(chance: random.Random, number: int) -> Spell:
    """A spell that could be: it ends after it begins, and its dates are ends of days or any instant."""
    begins_at = at(chance.choice(_DAYS), f"{chance.randrange(24):02}:{chance.randrange(60):02}")

    def later(after: int, days: int) -> int:
        return after + chance.randrange(days * 24 * _HOUR)

    about: dict[str, Any] = {cut: chance.choice(["", "a", "b"]) for cut in CUTS}

    def due(days: int) -> int:
        return chance.choice([end_of(str(figure_oracle.local_day(later(begins_at, days)))), later(begins_at, days)])

    def maybe(value: int, share: float = 0.5) -> int | None:
        return value if chance.random() < share else None

    ending = chance.choices(
        [Ending.OPEN, Ending.ANSWERED, chance.choice(_ENDINGS), Ending.MERGED, Ending.LOGGED], [6, 10, 5, 1, 1]
    )[0]
    ends_at = None if ending == Ending.OPEN else later(begins_at, 30)
    question = later(begins_at, 12)
    pauses = f"[[{question},{later(question, 8)}],[{question},{later(question, 20)}]]" if chance.random() < 0.2 else ""
    is_first = chance.random() < 0.8
    return USUAL._replace(
        contact_id=number,
        number=0 if is_first else chance.randrange(1, 3),
        received_at=begins_at if is_first else begins_at - 100 * _HOUR,
        begins_at=begins_at,
        rule=chance.choice(["R1", "R2"]),
        language=chance.choice(["en", "pl", "cy"]),
        **about,
        acknowledge_by=maybe(due(3), 0.9),
        acknowledged_at=maybe(later(begins_at, 3), 0.8),
        first_respond_by=maybe(due(20) - chance.choice([0, 300 * _HOUR]), 0.9),
        respond_by=maybe(due(25) - chance.choice([0, 300 * _HOUR]), 0.9),
        responded_at=ends_at if ending == Ending.ANSWERED else None,
        ends_at=ends_at,
        ending=ending,
        paused_at=maybe(later(begins_at, 20), 0.15),
        pauses=pauses,
        **_marks(chance),
        next_word_at=maybe(later(ends_at, 12)) if ends_at else None,
        asked_at=maybe(later(begins_at, 30)),
    )


def _marks(chance: random.Random) -> dict[str, Any]:
    """What is counted of a spell beside its times."""
    return {
        "extensions": chance.choice([0, 0, 1, 2]),
        "is_undeliverable": chance.random() < 0.1,
        "windows_missed": chance.choice([0, 0, 1, 2]),
        "early_words": chance.choice([0, 0, 1]),
        "avoidable": chance.choice(["", "progress", "necessary"]),
        "cause": chance.choice(["", "volume"]),
        "complaint_outcome": chance.choice(["", "upheld"]),
        "opinion": chance.choice(["", "yes", "no"]),
        "satisfaction": chance.choice(["", "satisfied"]),
        "needs": chance.choice(["", "braille"]),
        "are_needs_met": chance.choice([None, True, False]),
    }


def periods(chance: random.Random) -> Period:
    """A month or less, known before its end, long after it, or in between."""
    first, last = sorted(chance.sample(_DAYS, 2))
    return period(first, last, known_at=chance.choice([day for day in [*_DAYS, "2026-12-01"] if day > first]))


@pytest.mark.parametrize("seed", range(25))
def test_an_independent_count_agrees(seed: int) -> None:
    """Every figure of the whole and of each cell, for periods of every sort."""
    chance = random.Random(seed)
    spells = [invented(chance, number) for number in range(chance.choice([1, 5, 60]))]
    of = periods(chance)
    cells = Cells(("service", "channel"), of, {"england": ENGLAND}, ENGLAND)
    cells.add(spells)
    for names, counted in cells.lines(("service", "channel")):
        group = [spell for spell in spells if all(getattr(spell, cut) == name for cut, name in names.items())]
        assert asdict(counted) == asdict(figure_oracle.count(of, group))
