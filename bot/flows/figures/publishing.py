"""Draws up what is published of whole months: every promise with its line, and tables, with small numbers protected.

It reads for as long as it takes and writes nothing; `approval` keeps what comes of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection

from bot.core import disclosure, publication_json
from bot.core.languages import ENGLISH
from bot.core.measures import DEFINITIONS, Figures, standard_name
from bot.core.publications import Promise, Publication, Row, Table
from bot.core.reports import is_whole_months, period_before
from bot.core.spells import instant
from bot.core.standards import Standard
from bot.core.tallies import Line
from bot.flows import promise
from bot.flows.changes.refusals import Refused
from bot.flows.figures import report
from bot.flows.figures.report import ExactReport, Progress, Request
from bot.flows.rulebook import Rulebook
from bot.flows.titles import Titles
from bot.store import improvements
from bot.store import reports as stored

CUTS = ("area", "service", "channel", "kind", "standard")
_PROMISES = "standard"


@dataclass(frozen=True, slots=True)
class Order:
    """Of which days a report is wanted, up to which event (`report.cut_off`), and of which organisation."""

    organisation: str
    first_day: date
    last_day: date
    cut_off: int


def draw_up(connection: Connection, order: Order, book: Rulebook, progress: Progress) -> Publication:
    """Return what may be published of these days, the same for the same cut-off. Raises Refused."""
    exact = report.draw_up(connection, Request(order.first_day, order.last_day, CUTS, order.cut_off), book, progress)
    standards = _standards(order, book)
    tables = _protect(exact, CUTS, standards, tuple(_overlapping(connection, order)))
    whole, rows = tables[_PROMISES].rows[0], _rows(tables[_PROMISES])
    before, rows_before = _before(connection, order, book, progress)
    zone = book.clocks.default_calendar.zone
    return Publication(
        organisation=order.organisation,
        first_day=order.first_day.isoformat(),
        last_day=order.last_day.isoformat(),
        cut_off=exact.period.cut_off,
        known_at=instant(exact.period.known_at).astimezone(zone).isoformat(timespec="seconds"),
        definitions=DEFINITIONS,
        whole=whole,
        before=before,
        promises=tuple(_promise(name, standard, rows, rows_before) for name, standard in standards.items()),
        tables=tables,
        calendars=exact.calendars,
        since=exact.since,
        titles=_titles(tables, standards, book),
        improvements=tuple(_improvements(connection, order, book)),
    )


def protect(connection: Connection, exact: ExactReport, order: Order, book: Rulebook) -> dict[str, Table]:
    """Return the tables of these days, by cut, as their report hides them: who reads both learns nothing more."""
    overlaps = tuple(_overlapping(connection, order, has_own=False))
    return _protect(exact, CUTS, _standards(order, book), overlaps)


def _standards(order: Order, book: Rulebook) -> dict[str, Standard]:
    """The promises that were in force on any of the days, by their names in the figures."""
    return {
        standard_name(standard.id, standard.version): standard
        for standard in book.clocks.promises.standards
        if standard.valid_from <= order.last_day and (standard.valid_to is None or standard.valid_to >= order.first_day)
    }


def _protect(
    exact: ExactReport, cuts: tuple[str, ...], standards: Mapping[str, Standard], earlier: tuple[Table, ...]
) -> dict[str, Table]:
    """These tables, side by side; each begins with the whole."""
    lines = [(_lines(exact, cut, standards), (cut,)) for cut in cuts]
    return dict(zip(cuts, disclosure.protect_beside(earlier, lines), strict=True))


def _lines(exact: ExactReport, cut: str, standards: Mapping[str, Standard]) -> list[Line]:
    """The lines of one cut; a promise of which nobody made use has its line, too."""
    lines = list(exact.lines((cut,)))
    if cut == _PROMISES:
        names = {line.get(cut) for line, _ in lines}
        lines += [({cut: name}, Figures()) for name in standards if name not in names]
    return lines


def _overlapping(connection: Connection, order: Order, *, has_own: bool = True) -> Iterator[Table]:
    """The tables that everybody can read of any of these days: what they hide must not follow from both together.

    `has_own`: also those of the very same days.
    """
    for neighbour in stored.list_approved(connection):
        publication = publication_json.read(neighbour.content)
        is_own = (neighbour.first_day, neighbour.last_day) == (order.first_day, order.last_day)
        if _overlaps(order, neighbour.first_day, neighbour.last_day) and (has_own or not is_own):
            yield from publication.tables.values()
        if _overlaps(order, *period_before(neighbour.first_day, neighbour.last_day)):
            rows = (entry.before for entry in publication.promises)
            yield Table((), tuple(row for row in (publication.before, *rows) if row is not None))


def _overlaps(order: Order, first_day: date, last_day: date) -> bool:
    return first_day <= order.last_day and last_day >= order.first_day


def _before(
    connection: Connection, order: Order, book: Rulebook, progress: Progress
) -> tuple[Row | None, dict[str, Row]]:
    """The whole of as many months before, and the lines of its promises.

    What was published of them stands; only where nothing was, they are counted now. None where nothing can be.
    """
    if not is_whole_months(order.first_day, order.last_day):
        return None, {}
    first_day, last_day = period_before(order.first_day, order.last_day)
    for neighbour in stored.list_approved(connection):
        publication = publication_json.read(neighbour.content)
        if (neighbour.first_day, neighbour.last_day, publication.definitions) == (first_day, last_day, DEFINITIONS):
            return publication.whole, _rows(publication.tables[_PROMISES])
    try:
        request = Request(first_day, last_day, (_PROMISES,), order.cut_off)
        exact = report.draw_up(connection, request, book, progress)
    except Refused:
        return None, {}
    earlier = tuple(_overlapping(connection, replace(order, first_day=first_day, last_day=last_day)))
    table = _protect(exact, (_PROMISES,), {}, earlier)[_PROMISES]
    return table.rows[0], _rows(table)


def _rows(table: Table) -> dict[str, Row]:
    return {row.names[_PROMISES]: row for row in table.rows if _PROMISES in row.names}


def _promise(name: str, standard: Standard, rows: Mapping[str, Row], before: Mapping[str, Row]) -> Promise:
    words = promise.in_short(standard)
    return Promise(standard.id, standard.version, standard.title, words, rows[name], before.get(name))


def _titles(
    tables: Mapping[str, Table], standards: Mapping[str, Standard], book: Rulebook
) -> dict[str, dict[str, str]]:
    titles = Titles(book)
    title_of = {"area": titles.area, "service": titles.service, "channel": titles.channel, "kind": titles.kind}
    names_of = {cut: {row.names[cut] for row in table.rows if row.names.get(cut)} for cut, table in tables.items()}
    result = {cut: {name: title(name) for name in sorted(names_of[cut])} for cut, title in title_of.items()}
    promises = {name: f"{standard.title} ({standard.version})" for name, standard in sorted(standards.items())}
    return result | {_PROMISES: promises}


def _improvements(connection: Connection, order: Order, book: Rulebook) -> Iterator[tuple[str, str, str]]:
    """What was published in these days under "you said, we did", in the language of the report, the oldest first."""
    for entry in reversed(improvements.published(connection)):
        day = book.clocks.today(entry.published_at) if entry.published_at else entry.day
        if order.first_day <= day <= order.last_day and entry.language == ENGLISH:
            yield entry.day.isoformat(), entry.problem, entry.remedy
