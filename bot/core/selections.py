"""Which spells stand behind a number of a report: what it is about, and whether it raises the number.

A spell stands behind a count if the count of this spell alone is not nought. So the same code counts and lists, and no
list can be longer or shorter than its number.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from bot.core.disclosure_lines import NO_REASON
from bot.core.measures import CUTS, Figures, cell_of
from bot.core.report_columns import COLUMNS, Column, Sort
from bot.core.spells import Spell
from bot.core.tallies import Tally

# Chosen where nothing is: contacts without a team, or of no service.
NOTHING = "-"
# Most numbers are of few spells: where many together raise it by nought, none is counted alone.
_AT_ONCE = 32
# What opens into its contacts, by name.
COUNTS: Mapping[str, Column] = {
    column.name: column for column in COLUMNS if column.sort in (Sort.COUNT, Sort.REASONS) and column.value
}


@dataclass(frozen=True, slots=True)
class Topic:
    """What contacts are about, by the names of `measures.CUTS`; what is not named may be anything."""

    values: Mapping[str, str] = field(default_factory=dict)

    def covers(self, spell: Spell) -> bool:
        """Tell whether the spell is about that; a standard may be named with its version, or without."""
        return all(
            value in (cell_of(spell, (cut,))[0] or NOTHING, getattr(spell, cut)) for cut, value in self.values.items()
        )


@dataclass(frozen=True, slots=True)
class Selection:
    """One number: its column, and its `reason` where the column counts by reasons (None: all of them).

    What has no reason is "" where numbers are exact, and `NO_REASON` in a report.
    """

    column: Column
    reason: str | None = None

    def count(self, figures: Figures) -> int:
        """Return the number among these figures."""
        value = self.column.value(figures) if self.column.value else 0
        if not isinstance(value, Mapping):
            return value if isinstance(value, int) else 0
        if self.reason is None:
            return sum(value.values())
        count: int = value.get("" if self.reason == NO_REASON else self.reason, 0)
        return count

    def behind(self, spells: Iterable[Spell], new_tally: Callable[[], Tally]) -> Iterator[tuple[Spell, int]]:
        """Yield the spells behind the number, and by how much each raises it; their sum is the number."""
        further = iter(spells)
        while group := list(islice(further, _AT_ONCE)):
            if self._count_of(group, new_tally):
                shares = ((spell, self._count_of((spell,), new_tally)) for spell in group)
                yield from ((spell, share) for spell, share in shares if share)

    def _count_of(self, spells: Iterable[Spell], new_tally: Callable[[], Tally]) -> int:
        tally = new_tally()
        for spell in spells:
            tally.add(spell)
        return self.count(tally.figures())


def topic(values: Mapping[str, str]) -> Topic:
    """Return the topic of which these values speak; others are left out."""
    return Topic({cut: values[cut] for cut in CUTS if values.get(cut)})
