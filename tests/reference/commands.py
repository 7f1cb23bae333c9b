"""The reference of the commands, from the program that takes them."""

import re
from collections.abc import Iterator
from typing import Any

import typer.main
from typer.core import TyperGroup

from bot.cli.commands import app

_HEAD = """# Every command

Written by `make reference` from the program. What each says of its exit status holds; where nothing is said, 0 is good,
1 a negative answer, and 2 means that something cannot be used. `--help` shows the same in the terminal.
"""


def page() -> str:
    """Return the page as it is to be."""
    return "\n".join([_HEAD, *_every(typer.main.get_command(app), "ackbot")])


def _every(command: Any, name: str) -> Iterator[str]:
    if isinstance(command, TyperGroup):
        for below, inner in command.commands.items():
            yield from _every(inner, f"{name} {below}")
        return
    yield f"## {name}\n\n{_words(command.help or '')}\n"
    options = [option for option in command.params if option.name != "help" and not getattr(option, "hidden", False)]
    if options:
        yield "| option | means |\n|---|---|"
        yield from (_row(option) for option in options)
        yield ""


def _row(option: Any) -> str:
    is_argument = not option.opts[0].startswith("-")
    name = (option.metavar or option.opts[0].upper()) if is_argument else ", ".join(option.opts)
    needed = " It must be given." if option.required else ""
    return f"| `{name}` | {_words(option.help or '')}{needed} |"


def _words(text: str) -> str:
    """Return the text in one line for each paragraph, as a cell of a table can have it."""
    paragraphs = (re.sub(r"\s+", " ", paragraph).strip() for paragraph in text.split("\n\n"))
    return "\n\n".join(paragraphs).replace("|", "\\|")
