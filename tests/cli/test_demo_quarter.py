"""The invented quarter of the demo: the same days bring the same contacts, and no other contacts come among them."""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from bot.cli import demo_configuration, demo_quarter
from bot.cli.commands import app
from bot.cli.configuration import rulebook_of
from bot.cli.demo_days import Days, Scenario, Season
from bot.core.events import EventKind
from bot.kinds import load
from bot.store import schema
from bot.store.databases import transaction
from bot.store.tables import contacts, events

END = datetime(2026, 7, 25, 12, tzinfo=UTC)
FEW = Scenario((Season(date(2026, 6, 29), 1), Season(date(2026, 7, 1), 5)), END, frozenset({date(2026, 7, 8)}))


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a demo with invented days."""
    directory = tmp_path_factory.mktemp("quarter")
    _fill(directory)
    return directory


@pytest.fixture
def copy(quarter: Path, tmp_path: Path) -> Path:
    """The same once more, to be changed."""
    return shutil.copytree(quarter, tmp_path / "copy")


def _url(directory: Path) -> str:
    return f"sqlite:///{directory}/ackbot.db"


def _fill(directory: Path) -> None:
    configured = load(demo_configuration.write(directory, 8080, 8024, with_services=True))
    schema.prepare(configured.store.url, may_upgrade=True)
    with transaction(configured.store.url, writes=True) as connection:
        Days(connection, FEW, "staff:officer@demo.example", rulebook_of(configured)).run(str)


def _demo(directory: Path, *more: str) -> tuple[int, str]:
    outcome = CliRunner().invoke(app, ["demo", "--quarter", "--directory", str(directory), *more])
    return outcome.exit_code, outcome.output


def _rows(url: str) -> tuple[Any, Any]:
    """What every figure follows from: contacts with their dates, events with their instants, in their order."""
    of_contacts = select(contacts.c.id, contacts.c.channel, contacts.c.service, contacts.c.state, contacts.c.respond_by)
    of_events = select(events.c.id, events.c.contact_id, events.c.at, events.c.kind)
    with transaction(url, writes=False) as connection:
        first, second = (connection.execute(query.order_by("id")).all() for query in (of_contacts, of_events))
    return first, second


def test_the_same_days_bring_the_same_contacts(quarter: Path, tmp_path: Path) -> None:
    """Two stores are filled alike, and events follow one another in the order of their instants."""
    _fill(tmp_path)
    first, second = _rows(_url(quarter)), _rows(_url(tmp_path))
    assert first == second
    instants = [row[2] for row in first[1]]
    assert instants == sorted(instants)


def test_what_comes_is_of_every_sort(quarter: Path) -> None:
    """Several ways, services and states, answers that were late, and what the figures tell apart."""
    rows, happenings = _rows(_url(quarter))
    assert {row[1] for row in rows} == {"inbox", "website", "desk"}
    assert len({row[2] for row in rows}) > 4
    assert {row[3] for row in rows} == {"open", "answered", "closed", "logged"}
    kinds = {row[3] for row in happenings}
    of_staff = {EventKind.RESPONDED, EventKind.CLOSED, EventKind.PAUSED, EventKind.CLASSIFIED, EventKind.REOPENED}
    assert of_staff <= kinds


def test_a_second_run_adds_nothing(copy: Path) -> None:
    """Where the quarter is there it says so, and how to go on; the name says that all of it is invented."""
    before = _rows(_url(copy))
    status, output = _demo(copy, "--from", "2026-07-01")
    assert status == 0, output
    assert "nothing was added" in output
    assert demo_configuration.INVENTED_NAME in output
    assert "ackbot report --from 2026-07-01 --to 2026-09-30" in output
    assert _rows(_url(copy)) == before


def test_it_does_not_mix_with_other_contacts(copy: Path) -> None:
    """A demo that somebody has tried keeps its contacts and its name; another directory is offered."""
    with transaction(_url(copy), writes=True) as connection:
        connection.execute(update(contacts).values(external_id="<1@residents.example>"))
    (copy / "config" / demo_configuration.SERVICES).unlink()
    status, output = _demo(copy)
    assert (status, "--directory var/demo-quarter" in output) == (2, True)
    assert demo_configuration.INVENTED_NAME not in (copy / "config" / "ackbot.toml").read_text(encoding="utf-8")


def test_the_quarter_is_the_last_one_that_is_over() -> None:
    """On the last day of a quarter that is the one before it; on the next day it is this one."""
    days = {
        date(2026, 9, 30): date(2026, 4, 1),
        date(2026, 10, 1): date(2026, 7, 1),
        date(2027, 1, 1): date(2026, 10, 1),
    }
    assert {day: demo_quarter.first_day_of_last(day) for day in days} == days


def test_a_quarter_that_is_not_over_is_refused(tmp_path: Path) -> None:
    """Nor is a day in the middle of one taken; nothing is made."""
    for day in ("2026-07-02", "2226-01-01"):
        status, output = _demo(tmp_path / "none", "--from", day)
        assert (status, "is over" in output) == (2, True)
    assert not (tmp_path / "none").exists()
