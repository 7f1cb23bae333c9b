"""Absences of staff, and their deputies."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Away:
    """An absence by the person's address, from `first` to `last` (both included); "" as deputy: the team's lead."""

    person: str
    first: date
    last: date
    deputy: str = ""


class Deputies:
    """All absences. A deputy who is absent, too, is skipped."""

    def __init__(self, absences: Iterable[Away] = ()) -> None:
        self._absences = tuple(absences)

    def of(self, person: str, day: date) -> Away | None:
        """Return a person's absence on that local day, with a deputy who is present; None if the person is present."""
        people = {person}
        absence = self._absence(person, day)
        if absence is None:
            return None
        deputy = absence.deputy
        while deputy and (further := self._absence(deputy, day)) is not None:
            people.add(deputy)
            deputy = "" if further.deputy in people else further.deputy
        return Away(person, absence.first, absence.last, deputy)

    def beside(self, absences: tuple[Away, ...]) -> "Deputies":
        """Return these together with more absences, which count first."""
        return Deputies((*absences, *self._absences)) if absences else self

    @property
    def people(self) -> frozenset[str]:
        """Every person in the list, in lower case."""
        return frozenset(
            name.lower() for absence in self._absences for name in (absence.person, absence.deputy) if name
        )

    def within(self, person: str, first: date, last: date) -> Away | None:
        """Return an absence of a person that has one of these days."""
        own = (absence for absence in self._absences if absence.person.lower() == person.lower())
        return next((absence for absence in own if absence.first <= last and first <= absence.last), None)

    def _absence(self, person: str, day: date) -> Away | None:
        candidates = (absence for absence in self._absences if absence.person.lower() == person.lower())
        return next((absence for absence in candidates if absence.first <= day <= absence.last), None)
