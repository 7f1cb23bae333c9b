"""What commands write where there is no terminal, or one without colours: no colour, and no word is cut off."""

from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.commands import app
from bot.core.messages import Inbound
from tests.cli.screen import Screen
from tests.cli.test_receipts import Run, logged, run
from tests.flows.conftest import mail

__all__ = ["logged", "mail", "run"]
Make = Callable[..., Inbound]
Log = Callable[[Inbound], str]
SUBJECT = "A hole in the road by the school, as deep as a bucket and as wide as a door"
TABLES = {
    "contacts list": "",
    "contacts show": "REFERENCE",
    "contacts suppressed": "--days 36500",
    "report": "--from 2026-07-01 --to 2026-07-31",
    "staff list": "",
}


@pytest.mark.parametrize("command", TABLES)
def test_a_table_in_a_file_is_as_wide_as_its_words(command: str, run: Run, logged: Log, mail: Make) -> None:
    """Whatever the environment says of a terminal that is not there."""
    reference = logged(mail(1, Subject=SUBJECT))
    if command == "staff list":
        assert run("staff", "add", "lee@example.gov.uk", "--role", "reader").exit_code == 0
    words = [*command.split(), *TABLES[command].replace("REFERENCE", reference).split()]
    narrow, wide = (run(*words, env={"COLUMNS": columns}).stdout for columns in ("20", "300"))
    assert (narrow, SUBJECT in narrow) == (wide, command in ("contacts list", "contacts show"))


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration that cannot be read, and an environment that says nothing of colours."""
    (tmp_path / "ackbot.toml").write_text("[[team]")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return tmp_path


def _at_a_terminal(config: Path) -> str:
    screen = Screen()
    with redirect_stdout(screen), suppress(SystemExit):
        app(["check", "--config", str(config)])
    return screen.words


def test_the_verdict_is_coloured_at_a_terminal(broken: Path) -> None:
    """Red, as it is not good."""
    assert _at_a_terminal(broken).startswith("\x1b[31m")


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_it_is_plain_where_colours_are_not_wanted_or_not_there(
    name: str, value: str, broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the variables that other programs obey, too."""
    monkeypatch.setenv(name, value)
    assert _at_a_terminal(broken).startswith("Configuration ")


def test_it_is_plain_in_a_file(broken: Path) -> None:
    """Even where the environment asks for colours."""
    result = CliRunner().invoke(app, ["check", "--config", str(broken)], env={"FORCE_COLOR": "1"})
    assert "\x1b" not in result.output
