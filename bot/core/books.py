"""Chooses the standard that applies to a contact, the most specific in force, and checks a set of standards."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import combinations

from bot.core.standards import Standard

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Matter:
    """The properties of a contact that decide its standard; "" for an unknown one.

    `channel` is the medium (such as email), `kind` the kind of contact: foi, complaint and so on.
    """

    channel: str = ""
    service: str = ""
    kind: str = ""
    area: str = ""
    visibility: str = "private"


class Book:
    """Standards without overlaps and gaps, as checked by `faults`.

    `versions` holds them by id and version. `choose(matter, day)` returns the standard for a contact received on that
    local day; its answers are kept, as it is asked for every message and there are few.
    """

    def __init__(self, standards: Iterable[Standard]) -> None:
        self.standards = tuple(standards)
        self.versions = {(standard.id, standard.version): standard for standard in self.standards}
        self.choose = lru_cache(maxsize=10_000)(self._choose)

    def _choose(self, matter: Matter, day: date) -> Standard:
        """Return the standard for a contact received on that local day: of those in force, the most specific.

        A contact from before every general standard (old mail) gets the first general one.
        """
        candidates = [s for s in self.standards if _in_force(s, day) and _fits(s, matter)]
        first = min((s for s in self.standards if not any(_conditions(s))), key=lambda s: s.valid_from)
        return max(candidates, key=_rank, default=first)

    def in_force(self, day: date) -> tuple[Standard, ...]:
        """Return every standard in force on that day, the general ones first."""
        return tuple(sorted((s for s in self.standards if _in_force(s, day)), key=_rank))


def faults(standards: Iterable[Standard]) -> list[str]:
    """Return every fault of these standards, each in one line that names the files."""
    book = sorted(standards, key=lambda standard: (standard.valid_from, standard.id))
    return [*dict.fromkeys([*_duplicates(book), *_overlaps(book), *_gaps(book), *_ends(book)])]


def _in_force(standard: Standard, day: date) -> bool:
    return standard.valid_from <= day and (standard.valid_to is None or day <= standard.valid_to)


def _fits(standard: Standard, matter: Matter) -> bool:
    properties = (matter.service, matter.kind, matter.area, matter.channel, matter.visibility)
    pairs = zip(_conditions(standard), properties, strict=True)
    return all(not values or value in values for values, value in pairs)


def _conditions(standard: Standard) -> tuple[tuple[str, ...], ...]:
    """Return the conditions of a standard, the most significant first."""
    visibilities = (standard.visibility,) if standard.visibility else ()
    return standard.services, standard.kinds, standard.areas, standard.channels, visibilities


def _rank(standard: Standard) -> tuple[bool, ...]:
    # A statute takes precedence over every promise.
    return standard.basis == "law", *map(bool, _conditions(standard))


def _overlaps(book: list[Standard]) -> Iterator[str]:
    for first, second in combinations(book, 2):
        shared = first.valid_to is None or second.valid_from <= first.valid_to
        if not shared:
            continue
        if first.id == second.id:
            conflict = f"{first.label} and {second.label}: both are in force on {second.valid_from}"
            yield f"{conflict}; end one before the other begins"
        elif _rank(first) == _rank(second) and all(
            not a or set(a) & set(b) for a, b in zip(_conditions(first), _conditions(second), strict=True)
        ):
            yield (
                f"{first.label} and {second.label}: both apply to the same contacts from {second.valid_from} on, and "
                "neither is more specific; end one before the other begins, or say for whom each one is"
            )


def _duplicates(book: list[Standard]) -> Iterator[str]:
    for first, second in combinations(book, 2):
        if (first.id, first.version) == (second.id, second.version):
            yield f"{first.label} and {second.label}: contacts keep a version by its name; give each its own"


def _gaps(book: list[Standard]) -> Iterator[str]:
    for standard in book:
        if standard.valid_to is None:
            continue
        next_day = standard.valid_to + _ONE_DAY
        for heirs in (_versions(standard, book), _wider(standard, book)):
            successor = _late_successor(heirs, next_day)
            if successor is not None:
                yield (
                    f"{standard.label} and {successor.label}: neither is in force from {next_day} to "
                    f"{successor.valid_from - _ONE_DAY}; let one begin the day after the other ends"
                )


def _versions(standard: Standard, book: list[Standard]) -> list[Standard]:
    return [version for version in book if version.id == standard.id]


def _wider(standard: Standard, book: list[Standard]) -> list[Standard]:
    """Return the standards that apply to all its contacts, too; for a general standard general ones alone."""
    has_conditions = any(_conditions(standard))
    return [wide for wide in book if any(_conditions(wide)) == has_conditions and _covers(wide, standard)]


def _late_successor(heirs: list[Standard], day: date) -> Standard | None:
    """Return the first of the heirs that begins after that day, where none of them is in force on it."""
    if any(_in_force(heir, day) for heir in heirs):
        return None
    return next((heir for heir in heirs if heir.valid_from > day), None)


def _covers(wide: Standard, narrow: Standard) -> bool:
    """Tell whether every contact of the narrow standard also meets the conditions of the wide one."""
    pairs = zip(_conditions(wide), _conditions(narrow), strict=True)
    return all(not wider or (bool(narrower) and set(narrower) <= set(wider)) for wider, narrower in pairs)


def _ends(book: list[Standard]) -> Iterator[str]:
    for_all = [standard for standard in book if not any(_conditions(standard)) and standard.basis == "promise"]
    if not for_all:
        yield "standards: there is none for everybody: one without services, kinds, areas, channels and visibility"
    elif for_all[-1].valid_to is not None:
        yield f"{for_all[-1].label}: it ends on {for_all[-1].valid_to} and no standard for everybody follows"
