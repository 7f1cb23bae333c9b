"""Every command that the documents give exists, with its options: of `ackbot`, and of `make`."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from typer.core import TyperGroup

from bot.cli.commands import app
from tests.architecture.documents import Page, pages
from tests.architecture.house import ROOT

# Typer has no public name for what a group and a single command have in common.
Command = Any
ROOT_COMMAND = typer.main.get_command(app)
OPTIONS_OF_ALL = {"--help"}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
# What ends a command within a line of a shell.
_ENDS = re.compile(r"\s[|>&;#]|\s#.*$")
MISTAKES = (
    "Say `ackbot contact list`.",
    "Say `ackbot contacts lst`.",
    "Say `ackbot contacts respond REF --when now`.",
    "Say `.venv/bin/ackbot runn`.",
    "    ackbot check --alive   # signs in",
    "    make chekc",
    "Say `make tests`.",
    "It takes `--pretend-later`.",
)


def wrong_commands(page: Page) -> Iterator[str]:
    """Command lines that name a command, an option or a target that does not exist."""
    for line in (*page.spans(), *(line.strip() for line in page.code_lines())):
        words = shlex.split(_ENDS.split(line.replace("'s ", " "))[0]) if _is_command(line) else []
        if words[:1] == ["make"] and not _targets(words) <= TARGETS:
            yield line
        if words and words[0].rpartition("/")[2] == "ackbot" and not _is_understood(words[1:]):
            yield line
    known = OPTIONS_OF_ALL.union(*map(_options, _every(ROOT_COMMAND)))
    yield from (span for span in page.spans() if re.match("--[a-z]", span) and span.split()[0] not in known)


def _is_command(line: str) -> bool:
    return re.match(r"(make|\S*ackbot)(\s|$)", line) is not None


def _targets(words: list[str]) -> set[str]:
    return {word for word in words[1:] if "=" not in word and not word.startswith("-")}


def _is_understood(words: list[str]) -> bool:
    command: Command = ROOT_COMMAND
    while isinstance(command, TyperGroup) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    # A group alone is a way to speak of its commands; any other word behind it is none of them.
    return options <= _options(command) | OPTIONS_OF_ALL and not (isinstance(command, TyperGroup) and words)


def _options(command: Command) -> set[str]:
    return {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}


def _every(command: Command) -> Iterator[Command]:
    yield command
    for below in command.commands.values() if isinstance(command, TyperGroup) else ():
        yield from _every(below)


def test_every_command_exists() -> None:
    """Each command line in the documents is one that the program, or the Makefile, takes."""
    assert not {page.name: wrong for page in pages() if (wrong := list(wrong_commands(page)))}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_in_a_command_is_noticed(text: str) -> None:
    """One wrong word in a command is a fault."""
    assert len(list(wrong_commands(Page("new", text)))) == 1
