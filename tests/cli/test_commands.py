"""The table of commands: what `ackbot --help` says without importing any."""

from collections.abc import Iterator
from typing import Any

import typer.main
from typer.testing import CliRunner

from bot.cli.commands import COMMANDS, CONTACTS, app
from bot.cli.lazy import LazyGroup


def _tables(group: Any) -> Iterator[LazyGroup]:
    yield group
    for command in group.commands.values():
        if isinstance(command, LazyGroup):
            yield from _tables(command)


def test_each_line_of_the_table_is_the_first_of_its_commands_help() -> None:
    """What is listed is what `ackbot COMMAND --help` begins with, and each is where the table says."""
    lines, helps = dict[Any, str](), dict[Any, str]()
    for group in _tables(typer.main.get_command(app)):
        lines |= {(group.name, name): line.help for name, line in group.table.items()}
        helps |= {
            (group.name, name): (command.help or "").partition("\n")[0] for name, command in group.commands.items()
        }
    assert len(lines) == len(COMMANDS) + len(CONTACTS)
    assert lines == helps


def test_help_has_each_line_whole_in_the_order_of_the_table() -> None:
    """No line ends in dots because it is long."""
    words = " ".join(CliRunner().invoke(app, ["--help"]).stdout.split())
    assert " ".join(f"{name} {line.help}" for name, line in COMMANDS.items()) in words


def test_help_of_a_group_of_one_file_has_each_line_whole() -> None:
    """Nor in the help of a group that has no table."""
    words = " ".join(CliRunner().invoke(app, ["audit", "--help"]).stdout.split())
    assert "Go through every event, and say which was changed, deleted or put in." in words


def test_a_command_that_does_not_exist_is_misuse() -> None:
    """Status 2, and a word on what is near; of a group's commands as well."""
    for words, near in ((["contcats"], "contacts"), (["contacts", "lst"], "list")):
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 2
        assert f"Did you mean '{near}'" in result.stderr


def test_a_group_without_a_command_shows_its_help() -> None:
    """Status 2: nothing was done."""
    for words in ([], ["contacts"], ["audit"]):
        result = CliRunner().invoke(app, words)
        assert (result.exit_code, "Commands:" in result.output) == (2, True)
