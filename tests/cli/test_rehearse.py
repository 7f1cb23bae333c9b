"""A ladder is tried with invented contacts before it goes live: nothing leaves, and nothing of it is broken."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.commands import app
from bot.core import alerting
from bot.core.alerting import Bundle
from tests.cli.test_settings import GOOD

CHRISTMAS = ("--pretend-now", "2026-12-14T08:00+00:00")
TEAM = GOOD + 'lead = ["mailto:lead@example.gov.uk"]\nmanager = ["mailto:manager@example.gov.uk"]\n'


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TEST_SECRET", "a secret of the tests, 32 and more")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ackbot.toml").write_text(TEAM, encoding="utf-8")


def rehearse(*options: str) -> tuple[int, list[dict[str, object]], str]:
    """Status, rows and what else is said."""
    done = CliRunner().invoke(app, ["rehearse", "--config", ".", "--json", *options])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_over_christmas_and_an_outage_every_step_is_told_once(tmp_path: Path) -> None:
    """Three days down: nothing twice, nothing missing, nothing on a day without work; the same seed says the same."""
    options = (*CHRISTMAS, "--days", "24", "--contacts", "150", "--outage", "3d")
    status, rows, output = rehearse(*options)
    assert status == 0, output
    assert "Each step was told once, none after an answer, nobody had more than the cap." in output
    assert {row["person"] for row in rows} == {
        "front.office@example.gov.uk",
        "lead@example.gov.uk",
        "manager@example.gov.uk",
    }
    # No day on which the office is shut, and none while the service was down (from the 22nd on).
    shut = {"2026-12-25", "2026-12-26", "2026-12-27", "2026-12-28", "2027-01-01", "2026-12-23", "2026-12-24"}
    assert not shut & {row["day"] for row in rows}
    assert rehearse(*options)[1] == rows
    assert rehearse(*options, "--seed", "2")[1] != rows


def test_the_chart_names_everybody(tmp_path: Path) -> None:
    """It is an SVG that a browser shows without a script."""
    rehearse(*CHRISTMAS, "--days", "20", "--contacts", "60")
    drawn = (tmp_path / "rehearsal.svg").read_text(encoding="utf-8")
    ET.fromstring(drawn)  # noqa: S314 - we have just written it
    assert "manager@example.gov.uk" in drawn
    assert 'xlink:href="http' not in drawn


def test_what_is_broken_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a cap that nobody keeps the judge finds it, and the command fails."""
    monkeypatch.setattr(alerting, "bundle", lambda *_: Bundle.APART)
    (Path("escalation.toml")).write_text('[restraint]\njoin_above = 0\nan_hour = 1\n[[step]]\nat = "50%"\n')
    status, _, output = rehearse(*CHRISTMAS, "--days", "20", "--contacts", "60")
    assert status == 1
    assert "more than 1 messages within the hour" in output


def test_the_numbers_of_the_configuration_are_lived_by(tmp_path: Path) -> None:
    """The daily list leaves when `[alerts]` says so, and looks as far ahead; the answer is judged by the same."""
    options = (*CHRISTMAS, "--days", "12", "--contacts", "40")
    lines = {}
    for days in (1, 9):
        alerts = f'[alerts]\nlist_at = "06:00"\nlist_ahead_working_days = {days}\n'
        Path("escalation.toml").write_text(alerts + '[[step]]\nat = "due"\n', encoding="utf-8")
        status, rows, output = rehearse(*options)
        assert status == 0, output
        lines[days] = sum(int(str(row["listed"])) for row in rows)
    assert lines[9] > lines[1]


@pytest.mark.parametrize("span", ["7", "d", "0d", "24d", "3 days"])
def test_a_span_that_cannot_be_is_refused(span: str) -> None:
    """It says how to write one."""
    status, _, output = rehearse(*CHRISTMAS, "--days", "24", "--outage", span)
    assert status == 2
    assert "as in 7d or 12h" in output


def test_without_a_team_there_is_nothing_to_rehearse(tmp_path: Path) -> None:
    """It says what is missing."""
    (tmp_path / "ackbot.toml").write_text(GOOD.partition("[[team]]")[0], encoding="utf-8")
    status, _, output = rehearse()
    assert status == 2
    assert "[[team]]" in output


def test_a_chart_that_cannot_be_drawn_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder in which nobody may write."""
    monkeypatch.chdir("/proc")
    result = CliRunner().invoke(app, ["rehearse", "--config", str(tmp_path), "--days", "1", "--contacts", "1"])
    words = "rehearsal.svg cannot be written: you may not write there: choose a folder in which you may.\n"
    assert (result.exit_code, result.stderr) == (2, words)
