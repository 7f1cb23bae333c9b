"""`ackbot rehearse`: who would get how many alerts on which day, before a ladder goes live."""

import json
import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import progress
from bot.cli.configuration import NEGATIVE, Directory, load_or_exit, refuse, rulebook_of, why_unwritten
from bot.cli.instants import instant_or_exit

if TYPE_CHECKING:
    from bot.flows.rehearse import Outcome, Scenario

CHART = Path("rehearsal.svg")
WARN_ABOVE = 20
_SHOWN_FAULTS = 10


def rehearse(
    config: Directory = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How long it lasts.")] = 30,
    count: Annotated[int, typer.Option("--contacts", min=1, max=100_000, help="How many people write.")] = 2000,
    seed: Annotated[int, typer.Option(help="Another seed invents other contacts; the same one the same.")] = 1,
    outage: Annotated[str, typer.Option(metavar="SPAN", help="The service is down for so long, as in 7d or 12h.")] = "",
    pretend_now: Annotated[
        str, typer.Option(metavar="INSTANT", help="Begin at this instant, such as 2026-12-18T09:00+00:00.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Try the ladder with invented contacts; nothing is sent and no store is touched. Draws rehearsal.svg, too.

    Status 0: every step was told once, and nobody had too many; 1: something of that was broken.
    """
    from bot.flows.rehearse import Rehearsal
    from bot.present import Present
    from bot.store import schema
    from bot.store.databases import transaction

    configured = load_or_exit(config)
    book = rulebook_of(configured)
    if not any(way.outlet for way in book.ways.values()) or not book.outgoing.teams:
        refuse("There is nothing to rehearse: it needs a channel with replies_by and a [[team]].")
    begin = instant_or_exit("--pretend-now", pretend_now) if pretend_now else Present().now()
    scenario = _scenario(begin, days, count, seed, outage)
    with TemporaryDirectory(prefix="ackbot-rehearsal-") as folder:
        url = f"sqlite:///{folder}/rehearsal.db"
        schema.upgrade(url)
        with (
            progress.line("Rehearsing days", days, is_hidden=as_json) as move,
            transaction(url, writes=True) as connection,
        ):
            outcome = Rehearsal(connection, scenario, book).run(lambda day: move((day - begin.date()).days))
    rows = _rows(outcome)
    for row in rows:
        typer.echo(json.dumps(row) if as_json else _line(row))
    _draw(rows)
    _sum_up(outcome, scenario, as_json=as_json)
    if outcome.broken:
        raise typer.Exit(NEGATIVE)


def _scenario(begin: datetime, days: int, count: int, seed: int, outage: str) -> "Scenario":
    """The outage begins after a third of the time, so that there is something before and after it."""
    from bot.flows.rehearse import Scenario

    if not outage:
        return Scenario(begin, days, count, seed)
    words = re.fullmatch(r"(\d{1,4})([dh])", outage)
    span = int(words[1]) * (timedelta(days=1) if words[2] == "d" else timedelta(hours=1)) if words else timedelta(0)
    down = begin + timedelta(days=days) / 3
    if not span or down + span >= begin + timedelta(days=days):
        refuse(f"--outage {outage}: write a span that ends before the rehearsal does, as in 7d or 12h")
    return Scenario(begin, days, count, seed, down, down + span)


Row = dict[str, str | int]


def _rows(outcome: "Outcome") -> list[Row]:
    """One for each person and day: messages with alerts, the contacts they name, notices, the length of the list."""
    alerts, names, notices, lines = Counter[object](), Counter[object](), Counter[object](), Counter[object]()
    for message in outcome.messages:
        at = (message.day, message.person)
        if message.purpose == "alert":
            alerts[at] += 1
            names[at] += len(message.contacts)
        elif message.purpose == "digest":
            lines[at] += len(message.contacts)
        else:
            notices[at] += 1
    keys = sorted({(message.day, message.person) for message in outcome.messages})
    return [
        {
            "day": day.isoformat(),
            "person": person,
            "alerts": alerts[day, person],
            "contacts": names[day, person],
            "notices": notices[day, person],
            "listed": lines[day, person],
        }
        for day, person in keys
    ]


def _line(row: Row) -> str:
    parts = [f"{row['alerts']:3} alerts about {row['contacts']:4} contacts", f"a list of {row['listed']:4}"]
    parts += [f"{row['notices']} notices"] if row["notices"] else []
    return f"{row['day']}  {row['person']:40}  {', '.join(parts)}"


def _draw(rows: list[Row]) -> None:
    import pygal

    days = sorted({str(row["day"]) for row in rows})
    chart = pygal.StackedBar(js=[], title="Messages to each person a day", x_label_rotation=60, legend_at_bottom=True)
    chart.x_labels = days
    for person in sorted({str(row["person"]) for row in rows}):
        counts = {
            row["day"]: int(row["alerts"]) + int(row["notices"]) + (row["listed"] != 0)
            for row in rows
            if row["person"] == person
        }
        chart.add(person, [counts.get(day, 0) for day in days])
    try:
        chart.render_to_file(str(CHART))
    except OSError as error:
        refuse(f"{CHART} cannot be written: {why_unwritten(CHART, error)}.")


def _sum_up(outcome: "Outcome", scenario: "Scenario", *, as_json: bool) -> None:
    people: dict[str, Counter[str]] = {}
    for message in outcome.messages:
        people.setdefault(message.person, Counter())[message.day.isoformat()] += 1
    lines = [
        f"{outcome.contacts} invented contacts in {scenario.days} days, {outcome.answered} answered.",
        f"{outcome.left_to_the_list} alerts were left to the daily list.",
    ]
    for person, by_day in sorted(people.items()):
        ((day, most),) = by_day.most_common(1)
        warning = f" That is too much for one person: more than {WARN_ABOVE} a day." if most > WARN_ABOVE else ""
        lines.append(f"{person}: {by_day.total()} messages, at most {most} a day (on {day}).{warning}")
    lines += [f"Broken: {line}" for line in outcome.broken[:_SHOWN_FAULTS]]
    if len(outcome.broken) > _SHOWN_FAULTS:
        lines.append(f"and {len(outcome.broken) - _SHOWN_FAULTS} more.")
    praise = "Each step was told once, none after an answer, nobody had more than the cap."
    lines += [f"{len(outcome.broken)} promises of the ladder were broken." if outcome.broken else praise]
    lines.append(f"Chart: {CHART}")
    for line in lines:
        typer.echo(line, err=as_json)
