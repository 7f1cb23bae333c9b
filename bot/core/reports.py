"""A report of whole months: how it stands, what may be done with it, which months it is of, and what they are called.

Its numbers are drawn up once. They are looked at, approved by somebody with a name, and never computed anew.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

_ONE_DAY = timedelta(days=1)
_MONTHS_OF_A_QUARTER = 3
_NUMBERS_IN_WORDS = {1: "month", 2: "two months", 3: "three months", 4: "four months", 6: "six months", 12: "year"}
MOST_MONTHS = 12


class State(StrEnum):
    """How a report stands; the texts are stored."""

    DRAFT = "draft"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


class Act(StrEnum):
    """What may be done with a report that is there."""

    APPROVE = "approve"
    WITHDRAW = "withdraw"


# What becomes of a report; what does not stand here may not be done.
NEXT: dict[tuple[State, Act], State] = {
    (State.DRAFT, Act.APPROVE): State.APPROVED,
    (State.DRAFT, Act.WITHDRAW): State.WITHDRAWN,
    (State.APPROVED, Act.WITHDRAW): State.WITHDRAWN,
}


@dataclass(frozen=True, slots=True)
class Report:
    """One report. `content` is `publications.Publication` as JSON, `digest` the SHA-256 of these bytes.

    `revision` is 0, and one more for each report of the same months that had been approved before. `reason` says why it
    was drawn up anew, and once it is withdrawn, why that. `id` is 0 until it is stored.
    """

    first_day: date
    last_day: date
    revision: int
    cut_off: int
    content: str
    digest: str
    drawn_up_by: str
    drawn_up_at: datetime
    state: str = State.DRAFT
    approved_by: str = ""
    approved_at: datetime | None = None
    reason: str = ""
    id: int = 0

    @property
    def title(self) -> str:
        """The months, and which revision it is."""
        words = months_in_words(self.first_day, self.last_day)
        return f"{words}, revision {self.revision}" if self.revision else words

    @property
    def file_name(self) -> str:
        """What a file of it is called, without its ending: `contacts-2026-q3`, `contacts-2026-q3-r1`."""
        revision = f"-r{self.revision}" if self.revision else ""
        return f"contacts-{short_name(self.first_day, self.last_day)}{revision}"


def quarter_before(day: date) -> tuple[date, date]:
    """Return the first and the last day of the calendar quarter that was over before that day's began."""
    last_day = _first_of_quarter(day) - _ONE_DAY
    return _first_of_quarter(last_day), last_day


def _first_of_quarter(day: date) -> date:
    return date(day.year, day.month - (day.month - 1) % _MONTHS_OF_A_QUARTER, 1)


def is_whole_months(first_day: date, last_day: date) -> bool:
    """Tell whether the period is of whole calendar months, twelve at most."""
    begins_and_ends = first_day.day == 1 and last_day.day == monthrange(last_day.year, last_day.month)[1]
    return begins_and_ends and 1 <= months_of(first_day, last_day) <= MOST_MONTHS


def months_of(first_day: date, last_day: date) -> int:
    """Return how many calendar months a period of whole months has."""
    return (last_day.year - first_day.year) * 12 + last_day.month - first_day.month + 1


def period_before(first_day: date, last_day: date) -> tuple[date, date]:
    """Return the period of as many whole months that ended the day before."""
    months = first_day.year * 12 + first_day.month - 1 - months_of(first_day, last_day)
    return date(months // 12, months % 12 + 1, 1), first_day - _ONE_DAY


def months_in_words(first_day: date, last_day: date) -> str:
    """Return "July to September 2026", "October 2026", or "December 2026 to February 2027"; else both days."""
    if not is_whole_months(first_day, last_day):
        return f"{first_day.day} {first_day:%B %Y} to {last_day.day} {last_day:%B %Y}"
    if (first_day.year, first_day.month) == (last_day.year, last_day.month):
        return f"{last_day:%B %Y}"
    year = "" if first_day.year == last_day.year else f" {first_day.year}"
    return f"{first_day:%B}{year} to {last_day:%B %Y}"


def length_in_words(first_day: date, last_day: date) -> str:
    """Return how long it is, as it stands in "in the three months before"."""
    months = months_of(first_day, last_day)
    return _NUMBERS_IN_WORDS.get(months, f"{months} months")


def short_name(first_day: date, last_day: date) -> str:
    """Return a name for files: `2026-q3` for a quarter, `2026-07` for a month, else both months."""
    if months_of(first_day, last_day) == _MONTHS_OF_A_QUARTER and first_day == _first_of_quarter(first_day):
        return f"{first_day.year}-q{first_day.month // _MONTHS_OF_A_QUARTER + 1}"
    return f"{first_day:%Y-%m}" + ("" if months_of(first_day, last_day) == 1 else f"-to-{last_day:%Y-%m}")
