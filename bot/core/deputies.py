"""Who is away, and who stands in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Away:
    """A person by address, away from `first` to `last` (both included); "" as deputy: the lead of the team."""

    person: str
    first: date
    last: date
    deputy: str = ""


class Deputies:
    """Everybody's absences. Who stands in for somebody and is away, too, is passed over."""

    def __init__(self, each: Iterable[Away] = ()) -> None:
        self._each = tuple(each)

    def of(self, person: str, day: date) -> Away | None:
        """The absence of this person on that local day, with the deputy who is there; None: the person is there."""
        passed = {person}
        found = self._away(person, day)
        if found is None:
            return None
        deputy = found.deputy
        while deputy and (further := self._away(deputy, day)) is not None:
            passed.add(deputy)
            deputy = "" if further.deputy in passed else further.deputy
        return Away(person, found.first, found.last, deputy)

    @property
    def people(self) -> frozenset[str]:
        """Everybody who is named, in small letters."""
        return frozenset(name.lower() for one in self._each for name in (one.person, one.deputy) if name)

    def _away(self, person: str, day: date) -> Away | None:
        named = (one for one in self._each if one.person.lower() == person.lower())
        return next((one for one in named if one.first <= day <= one.last), None)
