"""Which standard applies to a contact: the most specific one in force, and what is wrong with a book of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

from bot.core.standards import Standard

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Matter:
    """What is known of a contact when its standard is chosen; "" where nothing is.

    `channel` is how it came (such as email), `kind` what it is: foi, complaint and the like.
    """

    channel: str = ""
    service: str = ""
    kind: str = ""
    area: str = ""
    visibility: str = "private"


class Book:
    """Standards without overlaps and gaps, as `faults` sees to."""

    def __init__(self, standards: Iterable[Standard]) -> None:
        self.standards = tuple(standards)
        self._versions = {(one.id, one.version): one for one in self.standards}
        self._chosen: dict[tuple[Matter, date], Standard] = {}

    def choose(self, matter: Matter, day: date) -> Standard:
        """The standard for a contact received on that local day: of those in force, the most specific.

        What is before every standard for everybody (old mail) is given the first one of these.
        """
        asked = (matter, day)
        if asked not in self._chosen:
            fitting = [one for one in self.standards if _in_force(one, day) and _fits(one, matter)]
            first = min((s for s in self.standards if not any(_named(s))), key=lambda s: s.valid_from)
            if len(self._chosen) > 10_000:
                self._chosen.clear()
            self._chosen[asked] = max(fitting, key=_rank, default=first)
        return self._chosen[asked]

    def version(self, standard_id: str, version: str) -> Standard | None:
        """This version of a standard, if the book holds it."""
        return self._versions.get((standard_id, version))

    def in_force(self, day: date) -> tuple[Standard, ...]:
        """Every standard that is in force on that day, for everybody first."""
        return tuple(sorted((s for s in self.standards if _in_force(s, day)), key=_rank))


def faults(standards: Iterable[Standard]) -> list[str]:
    """Everything that keeps these from being a book, each fault in one line that names the files."""
    book = sorted(standards, key=lambda one: (one.valid_from, one.id))
    return [*dict.fromkeys([*_twice(book), *_overlaps(book), *_gaps(book), *_ends(book)])]


def _in_force(one: Standard, day: date) -> bool:
    return one.valid_from <= day and (one.valid_to is None or day <= one.valid_to)


def _fits(one: Standard, matter: Matter) -> bool:
    wanted = zip(
        _named(one), (matter.service, matter.kind, matter.area, matter.channel, matter.visibility), strict=True
    )
    return all(not named or asked in named for named, asked in wanted)


def _named(one: Standard) -> tuple[tuple[str, ...], ...]:
    """For whom it is, the most telling first."""
    return one.services, one.kinds, one.areas, one.channels, (one.visibility,) if one.visibility else ()


def _rank(one: Standard) -> tuple[bool, ...]:
    # No promise of ours can stand before what a statute sets.
    return one.basis == "law", *map(bool, _named(one))


def _overlaps(book: list[Standard]) -> Iterator[str]:
    for one, other in combinations(book, 2):
        shared = one.valid_to is None or other.valid_from <= one.valid_to
        if not shared:
            continue
        if one.id == other.id:
            both = f"{one.named} and {other.named}: both are in force on {other.valid_from}"
            yield f"{both}; end one before the other begins"
        elif _rank(one) == _rank(other) and all(
            not a or set(a) & set(b) for a, b in zip(_named(one), _named(other), strict=True)
        ):
            yield (
                f"{one.named} and {other.named}: both apply to the same contacts from {other.valid_from} on, and "
                "neither is more specific; end one before the other begins, or say for whom each one is"
            )


def _twice(book: list[Standard]) -> Iterator[str]:
    for one, other in combinations(book, 2):
        if (one.id, one.version) == (other.id, other.version):
            yield f"{one.named} and {other.named}: contacts keep a version by its name; give each its own"


def _gaps(book: list[Standard]) -> Iterator[str]:
    for one in (ending for ending in book if ending.valid_to is not None):
        next_day = (one.valid_to or one.valid_from) + _ONE_DAY
        versions = [other for other in book if other.id == one.id]
        wider = [other for other in book if any(_named(other)) == any(_named(one)) and _covers(other, one)]
        for heirs in (versions, wider):
            later = [heir for heir in heirs if heir.valid_from > next_day]
            if later and not any(_in_force(heir, next_day) for heir in heirs):
                following = later[0]
                yield (
                    f"{one.named} and {following.named}: neither is in force from {next_day} to "
                    f"{following.valid_from - _ONE_DAY}; let one begin the day after the other ends"
                )


def _covers(wide: Standard, narrow: Standard) -> bool:
    """Whether every contact of the narrow one is one of the wide one, too."""
    pairs = zip(_named(wide), _named(narrow), strict=True)
    return all(not named or (bool(asked) and set(asked) <= set(named)) for named, asked in pairs)


def _ends(book: list[Standard]) -> Iterator[str]:
    for_all = [one for one in book if not any(_named(one)) and one.basis == "promise"]
    if not for_all:
        yield "standards: there is none for everybody: one without services, kinds, areas, channels and visibility"
    elif for_all[-1].valid_to is not None:
        yield f"{for_all[-1].named}: it ends on {for_all[-1].valid_to} and no standard for everybody follows"
