"""`--help` of every command has each word of its source, and nothing that is no word."""

import re
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli.commands import app
from tests.cli.tree import every_command, every_group

EVERY = every_group() | every_command()
# Markup as the library that draws boxes has it, and what colours a terminal.
_MARKUP = re.compile(
    r"\[/?(?:bold|dim|italic|underline|strike|reverse|link|red|green|yellow|blue|magenta|cyan|/)\b|\x1b"
)


def _words(text: str) -> str:
    """The words in one line; a line may end at a hyphen of theirs."""
    return re.sub(r"(?<=\w-) ", "", " ".join(text.split()))


def _help(name: str, environment: dict[str, str | None]) -> str:
    result = CliRunner().invoke(app, [*name.split(), "--help"], env=environment)
    assert result.exit_code == 0, name
    return result.stdout


def _sources(command: Any) -> list[str]:
    """What is written in the program: the help of the command as a whole, and of every option."""
    return [command.help, *(option.help or "" for option in command.params if not getattr(option, "hidden", False))]


@pytest.mark.parametrize("columns", ["30", "80", "300"])
def test_no_word_of_the_source_is_lost(columns: str) -> None:
    """However few columns the environment tells of, and nothing in brackets either."""
    for name, command in EVERY.items():
        words = _words(_help(name, {"COLUMNS": columns}))
        lost = [source for source in map(_words, _sources(command)) if source not in words]
        assert not lost, name


def test_what_stands_in_brackets_is_told_of_at_all() -> None:
    """The test above sees a bracket only where there is one."""
    sources = [source for command in EVERY.values() for source in _sources(command)]
    assert sum("[default: " in source for source in sources) > 50


@pytest.mark.parametrize("name", EVERY)
def test_every_option_says_what_it_is_for(name: str) -> None:
    """And every command, too."""
    assert EVERY[name].help
    assert [option.name for option in EVERY[name].params if not option.help] == []


@pytest.mark.parametrize(
    "variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"FORCE_COLOR": "1", "TERM": "xterm-256color"}]
)
def test_help_is_plain_text(variables: dict[str, str | None]) -> None:
    """No markup of a library and no colour, whatever the environment says."""
    helps = {name: _help(name, variables) for name in EVERY}
    assert [name for name, words in helps.items() if _MARKUP.search(words)] == []
