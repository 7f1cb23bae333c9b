"""Spells of all contacts: kept up to date behind the events, made anew from them, and read as they stood at any event.

The table of spells is a copy and never the truth: what it lacks, and what lies before a cut-off, is replayed.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.core.spells import Spell, microseconds
from bot.store import figures, happenings, settled
from bot.store.figures import Extent

Progress = Callable[[int], None]
_TOLD_OF_AFTER = 1_000


@dataclass(frozen=True, slots=True)
class Page:
    """What became of some contacts that were made anew: `differing` had other spells; `last_id` is None at the end."""

    contacts: int
    differing: tuple[int, ...] = ()
    last_id: int | None = None


def fold(connection: Connection, most: int) -> int:
    """Bring the table up to date by the next events, up to `most`; return how many there were."""
    figures.lock(connection)
    reach = figures.extent(connection)
    up_to = min(settled.up_to(connection), reach.least + most)
    if up_to <= reach.least:
        return 0
    after = Extent(up_to, max(reach.most, up_to))
    for ids in _batches(figures.contacts_between(connection, reach.least, up_to)):
        figures.put(connection, ids, list(happenings.replay(connection, ids, after.most)))
    figures.remember(connection, after)
    return up_to - reach.least


def spells_at(
    connection: Connection, cut_off: int, begin: datetime, end: datetime, progress: Progress
) -> Iterator[Spell]:
    """Return the spells that belong into the time from `begin` to `end` as they stood at the event `cut_off`.

    Their order says nothing. What lies between the cut-off and the table is replayed, so that it does not count how far
    the table is. The connection sees one state of the store, and the cut-off was read in a transaction before.
    `progress` gets how many spells are read.
    """
    reach = figures.extent(connection)
    spells = _of_period(connection, cut_off, reach, microseconds(begin), microseconds(end))
    for count, spell in enumerate(spells, 1):
        if count % _TOLD_OF_AFTER == 0:
            progress(count)
        yield spell


def _of_period(connection: Connection, cut_off: int, reach: Extent, begin: int, end: int) -> Iterator[Spell]:
    if reach.least == 0:
        pages = _all_ids(connection)
    else:
        ids = figures.contacts_between(connection, min(reach.least, cut_off), max(reach.most, cut_off))
        yield from figures.of_period(connection, begin, end, ids)
        pages = _batches(ids)
    for page in pages:
        for spell in happenings.replay(connection, page, cut_off):
            if spell.begins_at < end and (spell.latest_at is None or spell.latest_at >= begin):
                yield spell


def begin_anew(connection: Connection) -> int:
    """Begin to make every spell anew; return the number of the event up to which they follow then at least."""
    figures.lock(connection)
    reach = figures.extent(connection)
    most = max(reach.most, settled.up_to(connection))
    figures.remember(connection, Extent(reach.least, most))
    return most


def make_anew(connection: Connection, after_id: int, *, is_trial: bool) -> Page:
    """Make the spells of the next contacts anew from their events, and compare; in a trial the table stays as it is.

    Of what happened since the table was last brought up to date nothing stands in it that could be compared.
    """
    if not is_trial:
        figures.lock(connection)
    ids = happenings.next_ids(connection, after_id)
    if not ids:
        return Page(0)
    reach = figures.extent(connection)
    spells = list(happenings.replay(connection, ids, reach.most))
    differing = _differing(figures.rows(connection, ids), spells)
    if differing and not is_trial:
        figures.put(connection, sorted(differing), [spell for spell in spells if spell.contact_id in differing])
    if reach.least == 0:
        differing = set()
    elif differing and reach.least < reach.most:
        differing -= figures.contacts_between(connection, reach.least, reach.most)
    return Page(len(ids), tuple(sorted(differing)), ids[-1])


def _differing(before: Iterable[Spell], after: Iterable[Spell]) -> set[int]:
    """Return the contacts that have other spells than before."""
    return {spell.contact_id for spell in set(before) ^ set(after)}


def end_anew(connection: Connection, up_to: int) -> None:
    """Remember that every spell follows at least up to this event."""
    figures.lock(connection)
    reach = figures.extent(connection)
    figures.remember(connection, Extent(max(reach.least, up_to), max(reach.most, up_to)))


def _all_ids(connection: Connection) -> Iterator[list[int]]:
    last_id = 0
    while ids := happenings.next_ids(connection, last_id):
        yield ids
        last_id = ids[-1]


def _batches(ids: Iterable[int]) -> Iterator[list[int]]:
    """Return the numbers in order, as many at once as one statement reads."""
    numbers = sorted(ids)
    return (numbers[first : first + happenings.AT_ONCE] for first in range(0, len(numbers), happenings.AT_ONCE))
