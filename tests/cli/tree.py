"""Every command of the program, by what is typed for it."""

from collections.abc import Iterator
from typing import Any

import typer.main

from bot.cli.commands import app


def every_command() -> dict[str, Any]:
    """Return each command that is no group, by its words after `ackbot`."""
    return dict(_below(typer.main.get_command(app), ""))


def _below(group: Any, before: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _below(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command
