"""Which spells stand behind a number: as many as it says, whatever was counted."""

from functools import partial
from random import Random

import pytest

from bot.core import selections
from bot.core.disclosure_lines import NO_REASON
from bot.core.judgements import Avoidable
from bot.core.measures import Figures
from bot.core.selections import COUNTS, NOTHING, Selection, Topic
from bot.core.spells import SECOND, Ending, Spell
from bot.core.tallies import Tally
from tests.core.spelling import ENGLAND, USUAL, answered, at, period

PERIOD = period()
DAY = 24 * 3600 * SECOND


def tally() -> Tally:
    """Nothing counted yet of September."""
    return Tally(PERIOD, {"england": ENGLAND}, ENGLAND)


def figures_of(spells: list[Spell]) -> Figures:
    """All of them together."""
    result = tally()
    for spell in spells:
        result.add(spell)
    return result.figures()


def spell(random: Random) -> Spell:
    """A spell of any kind around September."""
    begins = at("2026-08-15") + random.randrange(60 * DAY)
    ends = begins + random.randrange(30 * DAY)
    ending = random.choice(list(Ending))
    due = begins + random.randrange(25 * DAY)
    return USUAL._replace(
        contact_id=random.randrange(10**6),
        number=random.choice((0, 0, 0, 1)),
        received_at=begins,
        begins_at=begins,
        rule=random.choice(("robot", "bounce")),
        language=random.choice(("en", "cy")),
        team=random.choice(("", "streets")),
        acknowledge_by=random.choice((None, begins + 2 * DAY)),
        acknowledged_at=random.choice((None, begins + random.randrange(4 * DAY))),
        first_respond_by=due,
        respond_by=random.choice((None, due, due + 5 * DAY)),
        responded_at=ends if ending == Ending.ANSWERED else None,
        ends_at=None if ending == Ending.OPEN else ends,
        ending=ending,
        paused_at=random.choice((None, None, begins + DAY)) if ending == Ending.OPEN else None,
        extensions=random.randrange(3),
        is_undeliverable=random.random() < 0.2,
        windows_missed=random.randrange(3),
        early_words=random.randrange(2),
        next_word_at=random.choice((None, ends + random.randrange(20 * DAY))),
        avoidable=random.choice(("", *Avoidable)),
        cause=random.choice(("", "volume")),
        complaint_outcome=random.choice(("", "upheld")),
        asked_at=random.choice((None, ends)),
        opinion=random.choice(("", "yes", "no")),
        satisfaction=random.choice(("", "satisfied")),
        needs=random.choice(("", "braille")),
        are_needs_met=random.choice((True, False)),
    )


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("seed", range(2))
def test_a_list_has_as_many_spells_as_its_number_says(name: str, seed: int) -> None:
    """For every number that is a count, and for each of its reasons; each spell raises it by one."""
    random = Random(f"{name} {seed}")
    spells = [spell(random) for _ in range(70)]
    figures = figures_of(spells)
    column = COUNTS[name]
    value = column.value(figures) if column.value else None
    for reason in (None, *(value if isinstance(value, dict) else ())):
        selection = Selection(column, reason)
        shares = list(selection.behind(spells, tally))
        assert len(shares) == sum(share for _, share in shares) == selection.count(figures)
    assert Selection(column).count(figures) == (sum(value.values()) if isinstance(value, dict) else value)


def test_a_sample_of_spells_leaves_no_number_at_nought() -> None:
    """Else the test above would compare nothing with nothing."""
    random = Random(7)
    figures = figures_of([spell(random) for _ in range(4000)])
    assert [name for name, column in COUNTS.items() if not Selection(column).count(figures)] == []


def test_what_is_chosen_by_topic() -> None:
    """By each cut, by nothing at all, and a standard by its name or with its version."""

    def covers(**values: str) -> bool:
        return Topic(values).covers(USUAL)

    assert covers()
    assert covers(service="waste", team="streets")
    assert not covers(service="waste", team="housing")
    assert covers(kind=NOTHING)
    assert not covers(team=NOTHING)
    assert covers(standard="email")
    assert covers(standard="email 2023")
    assert not covers(standard="email 2024")
    assert selections.topic({"team": "streets", "kind": "", "owner": "x"}) == Topic({"team": "streets"})


def test_a_reason_that_nobody_gave_has_nothing_behind_it() -> None:
    """The number is nought, and the list empty."""
    selection = Selection(COUNTS["missed_by_cause"], "volume")
    spells = [answered("2026-09-30")]
    assert selection.count(figures_of(spells)) == 0
    assert list(selection.behind(spells, partial(tally))) == []


def test_a_report_opens_into_what_has_no_reason() -> None:
    """It calls that by a name of its own."""
    spells = [answered("2026-09-30")]
    without, unnamed = (Selection(COUNTS["missed_by_cause"], reason) for reason in ("", NO_REASON))
    assert unnamed.count(figures_of(spells)) == without.count(figures_of(spells)) == 1
    assert len(list(unnamed.behind(spells, tally))) == 1
