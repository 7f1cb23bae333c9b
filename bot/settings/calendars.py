"""config/calendars/*.toml: bank holidays that the program does not have yet, closure days and office hours."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from bot.core import calendars
from bot.settings.tables import Table


class _Holiday(Table):
    day: date
    title: str = Field(min_length=1, max_length=80)
    nations: tuple[Literal["england", "wales", "scotland", "northern-ireland"], ...] = ()
    instead_of: date | None = None

    @model_validator(mode="after")
    def _moves_a_holiday(self) -> Self:
        nations = self.nations or calendars.ALL_NATIONS
        if self.instead_of is not None and not calendars.bank_holiday(self.instead_of, nations):
            raise ValueError(
                f"instead_of = {self.instead_of} is no bank holiday there; allowed: the day that was moved"
            )
        return self


class Holidays(Table):
    """`calendars/holidays.toml`: `checked` is the day of the last comparison with the official list."""

    checked: date
    holiday: tuple[_Holiday, ...] = ()


class _Closure(Table):
    first: date
    last: date | None = None
    title: str = ""

    @field_validator("last")
    @classmethod
    def _after_first(cls, value: date | None, info: ValidationInfo) -> date | None:
        if value is not None and "first" in info.data and value < info.data["first"]:
            raise ValueError(f"it ends before it begins ({info.data['first']})")
        return value


def _hours(value: str) -> str:
    parts = value.split("-")
    try:
        spans = [time.fromisoformat(part) for part in parts if len(part) == len("08:30")]
    except ValueError:
        spans = []
    if len(parts) != len(spans) or len(spans) != 2 or spans[0] >= spans[1]:
        raise ValueError("write it as 08:30-17:00, the opening before the closing")
    return value


Hours = Annotated[str, AfterValidator(_hours)]


class _Office(Table):
    monday: Hours | None = None
    tuesday: Hours | None = None
    wednesday: Hours | None = None
    thursday: Hours | None = None
    friday: Hours | None = None

    def week(self) -> tuple[calendars.Hours | None, ...]:
        """Return opening and closing times from Monday to Sunday; the office is never open at the weekend."""
        days = (self.monday, self.tuesday, self.wednesday, self.thursday, self.friday)
        spans = [[time.fromisoformat(part) for part in day.split("-")] if day else None for day in days]
        return (*((span[0], span[1]) if span else None for span in spans), None, None)


class OwnDays(Table):
    """`calendars/organisation.toml`: the organisation's own closure days and office hours."""

    closure: tuple[_Closure, ...] = ()
    office: _Office | None = None


@dataclass(frozen=True)
class Year:
    """The contents of all calendar files."""

    holidays: Holidays
    own: OwnDays

    def calendars(self, timezone: str) -> Mapping[str, calendars.Calendar]:
        """Return every calendar of `calendars.keys`, each made when it is first used."""
        proclaimed = tuple(
            calendars.Holiday(h.day, h.title, h.nations or calendars.ALL_NATIONS, h.instead_of)
            for h in self.holidays.holiday
        )
        closures = tuple((c.first, c.last or c.first) for c in self.own.closure)
        office = self.own.office.week() if self.own.office else calendars.OFFICE

        def make(key: str) -> calendars.Calendar:
            name, _, without = key.partition(" ")
            own = () if without else closures
            return calendars.calendar(name, zone=timezone, closures=own, proclaimed=proclaimed, office=office)

        return calendars.Calendars(make)
