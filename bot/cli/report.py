"""`ackbot report`: the figures of a period, with small numbers protected, the same for the same cut-off."""

import textwrap
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bot.cli import contacts, progress, report_page, report_questions
from bot.cli.configuration import Directory, refuse, rulebook_of
from bot.cli.instants import instant_or_exit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.core.measures import Period
    from bot.core.publications import Table, Value
    from bot.flows.figures.report import ExactReport, Request
    from bot.settings.reading import Settings
    from bot.store.engine import Store
    from bot.wire.report_files import Origin

T = TypeVar("T")
# The option by which a request is put right, by its field.
_OPTIONS = {"first_day": "--from", "cuts": "--by", "at": "--at"}

_WIDTH = 100


class FormatChoice(StrEnum):
    """In which form the figures are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    HTML = "html"
    PDF = "pdf"


First = Annotated[str, typer.Option("--from", metavar="DAY", help="The first day, such as 2026-07-01.")]
Last = Annotated[str, typer.Option("--to", metavar="DAY", help="The last day, which is in the period, too.")]
Cuts = Annotated[
    str,
    typer.Option(
        "--by", help="Cut by one or several of area, service, channel, kind, standard and team: service,channel."
    ),
]
At = Annotated[
    str,
    typer.Option(
        "--at",
        metavar="INSTANT|NUMBER",
        help="Up to when things are known: an instant, or the number of an event.  [default: all that is recorded]",
    ),
]
Questions = Annotated[
    bool,
    typer.Option(
        "--questions", help="Answer what people ask about contact under Freedom of Information law, ready to send."
    ),
]
Format = Annotated[FormatChoice, typer.Option("--format", help="A table for the terminal, or a file.")]


def report(
    first: First,
    last: Last,
    config: Directory = None,
    by: Cuts = "",
    at: At = "",
    form: Format = FormatChoice.TABLE,
    questions: Questions = False,
) -> None:
    """Count what became of the contacts of a period: promises by when they fell due, times, what is open, and why.

    The same cut-off gives the same bytes, whatever happens later; each output names its own. Counts of 1 to 4 are not
    shown. Nothing is changed.
    """
    from bot.flows.figures.report import Request

    cuts = tuple(cut.strip() for cut in by.split(",") if cut.strip())
    request = Request(_day("--from", first), _day("--to", last), cuts, at=_cut_off(at))
    configured, store = contacts.open_store(config)
    with progress.line("Counting contacts") as move:
        content = _content(store, configured, request, form, move, questions=questions)
    typer.echo(content, nl=False)


def _content(
    store: "Store",
    configured: "Settings",
    request: "Request",
    form: FormatChoice,
    move: progress.Move,
    *,
    questions: bool,
) -> bytes:
    """Return what is written: text in UTF-8, or a PDF."""
    from bot.core.disclosure import protect

    is_page = form in (FormatChoice.HTML, FormatChoice.PDF)
    answers = _read(partial(report_questions.draw_up, store, configured, request, move)) if questions else None
    if answers and not is_page:
        return report_questions.as_text(answers, form).encode()
    if is_page:
        draw = partial(report_page.as_html, store, configured, request, move)
        page = report_questions.as_html(configured, answers) if answers else _read(draw)
        return report_page.as_pdf(page) if form is FormatChoice.PDF else page
    exact = _draw_up(store, configured, request, move)
    return _as_text(exact, protect(exact.lines(), request.cuts), form, configured).encode()


def _cut_off(at: str) -> "datetime | int | None":
    if at.isascii() and at.isdecimal():
        return int(at)
    return instant_or_exit("--at", at) if at else None


def _as_text(exact: "ExactReport", table: "Table", form: FormatChoice, configured: "Settings") -> str:
    from bot.render.report_text import as_text
    from bot.wire import report_files

    origin = _origin(exact, configured)
    if form is FormatChoice.CSV:
        return report_files.as_csv(table, origin)
    if form is FormatChoice.JSON:
        return report_files.as_json(table, origin)
    return f"{_head(exact.period, table, origin)}\n\n{as_text(table)}"


def _draw_up(store: "Store", configured: "Settings", request: "Request", move: progress.Move) -> "ExactReport":
    from bot.flows.figures import report

    # In a transaction of its own, as the report is to see everything up to it.
    number = _read(lambda: store.read_now(partial(report.cut_off, at=request.at)))
    work = partial(report.draw_up, request=replace(request, at=number), book=rulebook_of(configured), progress=move)
    return _read(lambda: store.read_now(work))


def _read(work: Callable[[], T]) -> T:
    from bot.flows.changes.refusals import Refused

    try:
        return work()
    except Refused as error:
        refuse(f"{_OPTIONS[error.field]}: {error.sentence}")


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        refuse(f"{option}: {text!r} is not a day; write it as 2026-07-01")


def _origin(exact: "ExactReport", configured: "Settings") -> "Origin":
    from bot.core.disclosure import protect_counts
    from bot.core.measures import DEFINITIONS
    from bot.core.spells import instant
    from bot.wire.report_files import Origin

    period = exact.period
    known_at = instant(period.known_at).astimezone(configured.organisation.zone)
    days = period.first_day.isoformat(), period.last_day.isoformat()
    coverage: dict[str, Mapping[str, Value]] = {
        "coverage_gaps": dict(exact.coverage.gaps),
        "late_finds": dict(exact.coverage.late_finds),
        "suppressions": protect_counts(exact.coverage.suppressions),
    }
    return Origin(*days, period.cut_off, known_at.isoformat(), DEFINITIONS, exact.since, coverage)


def _head(period: "Period", table: "Table", origin: "Origin") -> str:
    from bot.wire.report_files import COVERAGE_WORDS

    cuts = f", by {', '.join(table.cuts)}" if table.cuts else ""
    notes = (*origin.gaps, *(f"{COVERAGE_WORDS[name]}: {text}" for name, text in origin.coverage_texts.items()))
    lines = [
        f"{period.first_day:%-d %B %Y} to {period.last_day:%-d %B %Y}{cuts}",
        f"As known at {origin.known_at}, event {origin.cut_off}; definitions {origin.definitions}",
        *(line for words in notes for line in textwrap.wrap(f"{words[:1].upper()}{words[1:]}", _WIDTH)),
    ]
    return "\n".join(lines)
