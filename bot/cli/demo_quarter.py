"""`ackbot demo --quarter`: an invented quarter in the demo's store, for the report, the page and the figures room."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bot.cli import progress
from bot.cli.configuration import refuse

if TYPE_CHECKING:
    from bot.cli.demo_days import Scenario

# On a working day: in the quarter before, in the quarter itself, and since.
CONTACTS_BEFORE, CONTACTS, CONTACTS_SINCE = 5, 18, 5
_MONTHS = 3
# Of the configuration, which the demo writes anew when it starts.
PORTS = 8080, 8024
WORDS = """ all of them invented.
So says the name on every page and report: {name}.

  1. The quarter as a report              export ACKBOT_CONFIG={config}
                                          ackbot report --from {first} --to {last}
     By service and channel, for a sheet  ackbot report --from {first} --to {last} --by service,channel --format csv
     As it goes to a committee            ackbot report --from {first} --to {last} --format pdf > report.pdf
  2. The same in the console              ackbot demo{directory}
"""
OTHERS = """There are other contacts in this store, and figures of both would mean nothing. Choose another directory:

  ackbot demo --quarter --directory var/demo-quarter"""


def first_day_of_last(today: date) -> date:
    """Return the first day of the last whole quarter before this day."""
    return _earlier(date(today.year, (today.month - 1) // _MONTHS * _MONTHS + 1, 1))


def _earlier(day: date) -> date:
    return date(day.year - (day.month <= _MONTHS), (day.month - _MONTHS - 1) % 12 + 1, 1)


def _later(day: date) -> date:
    return date(day.year + (day.month > 12 - _MONTHS), (day.month + _MONTHS - 1) % 12 + 1, 1)


def fill(directory: Path, first: date | None) -> None:
    """Fill the demo's store with the quarter that begins on this day (None: the last whole one), and say what next."""
    from bot.cli import demo_configuration
    from bot.kinds import load
    from bot.present import Present
    from bot.store import schema

    now = Present().now()
    first = first or first_day_of_last(now.date())
    if first.day != 1 or first.month % _MONTHS != 1 or _later(first) > now.date():
        refuse("--from names the first day of a quarter that is over, such as 2026-07-01.")
    directory = directory.resolve()
    url = load(demo_configuration.write(directory, *PORTS)).store.url
    with schema.exclusive(url):
        schema.prepare(url, may_upgrade=True)
        # First of all: a demo with other contacts must not become one of invented figures.
        amount = 0 if _is_filled(url) else _invent(url, first, now, directory)
    opening = f"{amount:,} contacts came," if amount else "The invented quarter is there already, nothing was added;"
    typer.echo(opening + _words(directory, first))


def _words(directory: Path, first: date) -> str:
    """What it is, and what to type next."""
    from bot.cli import demo_configuration

    place = directory.relative_to(Path.cwd()) if directory.is_relative_to(Path.cwd()) else directory
    is_usual = directory == demo_configuration.DIRECTORY.resolve()
    return WORDS.format(
        name=demo_configuration.INVENTED_NAME,
        config=place / "config",
        first=first,
        last=_later(first) - timedelta(days=1),
        directory="" if is_usual else f" --directory {place}",
    )


def _is_filled(url: str) -> bool:
    """Whether the quarter is there; ends the command where other contacts are, among which it would get lost."""
    from bot.cli.demo_words import MARK
    from bot.store import contacts
    from bot.store.databases import transaction

    with transaction(url, writes=False) as connection:
        first = next(iter(contacts.list_all(connection, limit=1)), None)
    if first is not None and MARK not in first.external_id:
        refuse(OTHERS)
    return first is not None


def _invent(url: str, first: date, now: datetime, directory: Path) -> int:
    """Let the days pass in one transaction: all of it is stored, or nothing; return how many contacts came."""
    from bot.cli import demo_configuration, demo_words
    from bot.cli.configuration import rulebook_of
    from bot.cli.demo_days import Days
    from bot.kinds import load
    from bot.store.databases import transaction

    book = rulebook_of(load(demo_configuration.write(directory, *PORTS, with_services=True)))
    with transaction(url, writes=True) as connection:
        days = Days(connection, scenario(first, now), f"staff:{demo_configuration.OFFICER}", book)
        for month, *texts in demo_words.IMPROVEMENTS:
            days.improve(first + timedelta(days=30 * month - 10), *texts)
        begin = _earlier(first)
        with progress.line("Inventing days", (now.date() - begin).days + 1) as move:
            days.run(lambda day: move((day - begin).days))
    return days.contacts


def scenario(first: date, end: datetime) -> "Scenario":
    """The quarter that begins on this day, some of the one before it, and what came since."""
    from bot.cli.demo_days import Scenario, Season

    seasons = (
        Season(_earlier(first), CONTACTS_BEFORE),
        Season(first, CONTACTS),
        Season(_later(first), CONTACTS_SINCE),
    )
    # The mail server stood still for two days in the middle of the quarter: not every receipt was in time.
    return Scenario(seasons, end, frozenset(first + timedelta(days=days) for days in (39, 40)))
