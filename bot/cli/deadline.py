"""`ackbot deadline`: one due instant with its reasoning, or a table of them checked against what it should be."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import progress
from bot.cli.configuration import refuse, why_unread

if TYPE_CHECKING:
    from bot.cli.deadline_rows import Case

Several = list[str] | None
Rule = Annotated[str, typer.Option(help="The promise, as in '10 working days' or '1 month, then next working day'.")]
Received = Annotated[str, typer.Option(help="When it came in, with its offset, as in 2026-12-18T10:00+00:00.")]
CalendarName = Annotated[str, typer.Option(help="england, wales, scotland, northern-ireland or uk-any (for statute).")]
Receipt = Annotated[str, typer.Option(help="Which day is day 0: 'same day', 'cutoff HH:MM' or 'next working day'.")]
Closures = Annotated[Several, typer.Option(help="Days on which the organisation is shut, as A..B; repeatable.")]
Pauses = Annotated[
    Several, typer.Option(help="Waiting for the sender, as 'A..B inclusive' or 'A..B after-start'; repeatable.")
]
Zone = Annotated[str, typer.Option(help="The IANA time zone in which days begin and end.")]
Table = Annotated[
    str, typer.Option("--csv", metavar="FILE", help="Compute every row of a table instead; - is standard input.")
]


def deadline(  # noqa: PLR0913, PLR0917 - every option of the command is a parameter
    rule: Rule = "",
    received: Received = "",
    calendar: CalendarName = "england",
    receipt: Receipt = "same day",
    closures: Closures = None,
    pauses: Pauses = None,
    zone: Zone = "Europe/London",
    table: Table = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show every day, counted or not.")] = False,
) -> None:
    """Say when a promise falls due, and why.

    With --csv, each row is written back with a column `computed`; an option counts where the file has no such column.
    The bank holidays are those that came with the program, without an organisation's own. Status 0: good, 1: a row
    differs from its `due`, 2: something given cannot be read.
    """
    _require_zone(zone)
    options = {"calendar": calendar, "receipt": receipt}
    options |= {"closures": ",".join(closures or ()), "pauses": ",".join(pauses or ())}
    if table:
        if any((rule, received, as_json, explain)):
            refuse("--csv takes everything from the file: leave out --rule, --received, --json and --explain.")
        raise typer.Exit(_compute(table, zone, options))
    if not (rule and received):
        refuse("Give both --rule and --received, or --csv FILE; --help shows how each is written.")
    case = _case({"rule": rule, "received": received, **options}, zone)
    typer.echo(_json(case) if as_json else _text(case, every_day=explain))


def _require_zone(zone: str) -> None:
    from bot.core import calendars

    try:
        calendars.calendar("england", zone=zone)
    except calendars.BadCalendar as error:
        refuse(f"--zone: {error}")


def _case(row: dict[str, str], zone: str) -> "Case":
    from bot.cli import deadline_rows

    try:
        return deadline_rows.read(row, zone)
    except deadline_rows.BadCell as error:
        refuse(f"--{error.column}: {error.problem}{error.pointer}")


def _json(case: "Case") -> str:
    facts = {
        "rule": str(case.duration),
        "received": case.received.isoformat(),
        "calendar": case.calendar.name,
        "zone": case.calendar.zone.key,
        "receipt": str(case.receipt),
        "closures": [f"{first}..{last}" for first, last in case.closures],
        "pauses": [str(pause) for pause in case.pauses],
        "due": case.due.isoformat(),
        "reasoning": _reasoning(case, every_day=True),
    }
    return json.dumps(facts)


def _text(case: "Case", *, every_day: bool) -> str:
    *lines, answer = _reasoning(case, every_day=every_day)
    return "\n".join([answer, case.due.isoformat(), "", *lines])


def _reasoning(case: "Case", *, every_day: bool) -> list[str]:
    from bot.core import reasoning

    facts = (case.duration, case.received, case.calendar, case.receipt, case.pauses)
    lines = reasoning.explain(*facts, every_day=every_day)
    heeded = bool(case.calendar.closures) or not case.closures
    note = f"The calendar {case.calendar.name} is that of statute, which does not heed closures."
    return list(lines) if heeded else [note, *lines]


def _compute(file: str, zone: str, defaults: dict[str, str]) -> int:
    """Write the file's rows with what was computed to standard output; the exit status."""
    import csv
    import io

    from bot.cli import deadline_rows

    status = 0
    try:
        content = _content(file)
        rows = csv.DictReader(io.StringIO(content, newline=""), strict=True)
        with progress.line("Computing lines", content.count("\n")) as move:
            complaints = deadline_rows.compute(rows, csv.writer(sys.stdout, lineterminator="\n"), zone, defaults, move)
            for complaint in complaints:
                typer.echo(f"{file}: {complaint.words}", err=True)
                status = max(status, complaint.status)
    except (deadline_rows.BadTable, csv.Error) as error:
        refuse(f"{file}: {error}")
    except BrokenPipeError:
        raise  # whoever read the rows has seen enough
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"{file}: {why_unread(error)}")
    return status


def _content(file: str) -> str:
    # Spreadsheets put a byte order mark in front.
    raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    return raw.decode("utf-8-sig")
