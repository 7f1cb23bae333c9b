"""A rehearsal begins in years of which the calendar knows, and never on a store in which real people stand."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import kinds
from bot.cli.commands import app
from tests.cli.test_settings import GOOD, SECRET
from tests.components.stores import make_store

CHRISTMAS = "2026-12-18T10:00+00:00"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with a store in which a resident stands."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEST_SECRET", SECRET)
    (tmp_path / "ackbot.toml").write_text(GOOD, encoding="utf-8")
    make_store(kinds.load(tmp_path).store.url)
    recorded = ["contacts", "record", "--text", "The lamp is out.", "--yes"]
    result = CliRunner().invoke(app, [*recorded, "--config", str(tmp_path)])
    assert result.exit_code == 0, result.output
    return tmp_path


@pytest.mark.parametrize("options", [("--pretend-now", CHRISTMAS), ("--speed", "60")])
def test_a_rehearsal_needs_a_store_of_its_own(options: tuple[str, ...], config: Path) -> None:
    """It would forget what is over its time, and send to whom it stands for."""
    result = CliRunner().invoke(app, ["run", *options, "--config", str(config)])
    assert (result.exit_code, "give it a store of its own" in result.stderr) == (2, True)
    shown = CliRunner().invoke(app, ["contacts", "list", "--config", str(config)])
    assert "EX-" in shown.stdout


@pytest.mark.parametrize("instant", ["9999-12-31T23:59+00:00", "1999-01-01T00:00+00:00"])
def test_a_rehearsal_begins_where_there_is_a_calendar(instant: str, config: Path) -> None:
    """What lies outside would stop every loop."""
    result = CliRunner().invoke(app, ["run", "--pretend-now", instant, "--config", str(config)])
    assert (result.exit_code, "must be between 2010-01-01 and 2040-12-31" in result.stderr) == (2, True)
