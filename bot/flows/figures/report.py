"""Draws up the exact figures of a period as they were known at a cut-off. Numbers that leave are protected first."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from bot.core.calendar_notes import calendar_of
from bot.core.calendars import FIRST_DAY, LAST_DAY, Calendar, OutsideCalendar
from bot.core.measures import CUTS, Period
from bot.core.report_columns import RECORDED_LATER
from bot.core.spells import microseconds
from bot.core.suggestions import in_brackets
from bot.core.tallies import Cells, Line
from bot.core.working_days import WorkingDays
from bot.flows.changes.refusals import Refused
from bot.flows.figures import folding
from bot.flows.rulebook import Rulebook
from bot.store import figures, recordings, settled
from bot.store.recordings import Coverage

Progress = Callable[[int], None]
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Request:
    """Which days, local and both included, cut by which of `measures.CUTS`, and as known when.

    `at` is the number of the last event that counts, or an instant; None for everything that is settled by now.
    """

    first_day: date
    last_day: date
    cuts: tuple[str, ...] = ()
    at: int | datetime | None = None


@dataclass(frozen=True, slots=True)
class ExactReport:
    """The figures of a period, not protected: for staff, in their scope, alone.

    `calendars` has the version of each calendar that counted the days. `since` says from which day on the columns are
    recorded that an older program did not record, "" for none by then; it is empty where all were from the beginning.
    `coverage` is of all channels, whatever the figures are cut by.
    """

    period: Period
    cells: Cells
    calendars: Mapping[str, str]
    since: Mapping[str, str]
    coverage: Coverage

    def lines(self, cuts: Iterable[str] | None = None) -> tuple[Line, ...]:
        """Return the whole and the cells, cut as it was asked for, or by fewer."""
        return self.cells.lines(self.cells.cuts if cuts is None else tuple(cuts))


def cut_off(connection: Connection, at: int | datetime | None) -> int:
    """Return the number of the last event that counts. Raises Refused where none was recorded by then.

    On PostgreSQL the report itself is to be read in a later transaction, for it may just have been committed.
    """
    newest = settled.up_to(connection)
    if isinstance(at, int) and not 0 < at <= newest:
        raise Refused(f"there is no event {at}; the newest is {newest}", "at")
    latest = newest if at is None else at if isinstance(at, int) else figures.cut_off_at(connection, at)
    number = recordings.newest_event(connection, min(latest, newest))
    if number is None:
        raise Refused("nothing was recorded by then, so there is nothing to count", "at")
    return number


def calendars_at(connection: Connection, number: int, book: Rulebook) -> dict[str, Calendar]:
    """Return each calendar by the days that were known at an event; all that a standard used by then were noted."""
    calendars = {name: calendar_of(note) for name, note in recordings.calendar_notes(connection, number).items()}
    usual = book.clocks.default_calendar
    return {usual.name: usual} | calendars


def draw_up(connection: Connection, request: Request, book: Rulebook, progress: Progress) -> ExactReport:
    """Return the exact figures of a request: the same at the same cut-off, whenever it is asked for.

    `progress` is called with the number of spells that are read. Raises Refused where there is nothing to count.
    """
    _require(request)
    number = cut_off(connection, request.at)
    calendars = calendars_at(connection, number, book)
    usual = book.clocks.default_calendar.name
    begin, end = _edges(request, calendars[usual])
    known_at = figures.recorded_at(connection, number)
    if known_at < begin:
        raise Refused(f"the period begins after {known_at.isoformat()}, up to which everything is known", "first_day")
    period = Period(
        request.first_day,
        request.last_day,
        begin=microseconds(begin),
        end=microseconds(end),
        cut_off=number,
        known_at=microseconds(known_at),
    )
    days = {name: WorkingDays(calendar) for name, calendar in calendars.items()}
    cells = Cells(request.cuts, period, days, days[usual])
    cells.add(folding.spells_at(connection, number, begin, end, progress))
    versions = {name: calendar.version for name, calendar in calendars.items()}
    coverage = recordings.coverage(connection, begin, end, number)
    return ExactReport(period, cells, versions, _since(connection, number, calendars[usual]), coverage)


def _require(request: Request) -> None:
    if request.first_day > request.last_day:
        raise Refused(f"the first day, {request.first_day}, is after the last, {request.last_day}", "first_day")
    unknown = [cut for cut in request.cuts if cut not in CUTS]
    if unknown:
        name = f"{unknown[0]}{in_brackets(unknown[0], CUTS)}"
        raise Refused(f"nothing can be cut by {name}; known are {', '.join(CUTS)}", "cuts")


def _edges(request: Request, calendar: Calendar) -> tuple[datetime, datetime]:
    try:
        return calendar.first_instant(request.first_day), calendar.first_instant(request.last_day + _ONE_DAY)
    except (OutsideCalendar, OverflowError):
        raise Refused(f"days can be counted from {FIRST_DAY} to {LAST_DAY}", "first_day") from None


def _since(connection: Connection, number: int, calendar: Calendar) -> dict[str, str]:
    """Return from which day on what is new is recorded, by column."""
    recording = recordings.begin(connection, number)
    if recording is not None and recording.is_complete:
        return {}
    day = "" if recording is None else calendar.day_of(recording.at).isoformat()
    return dict.fromkeys(RECORDED_LATER, day)
