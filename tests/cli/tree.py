"""Every command of the program, by what is typed for it."""

from collections.abc import Iterator
from typing import Any

import typer.main

from bot.cli.commands import app


def every_command() -> dict[str, Any]:
    """Return each command that is no group, by its words after `ackbot`."""
    return dict(_below(typer.main.get_command(app), ""))


def every_group() -> dict[str, Any]:
    """Return each group, by its words after `ackbot`; "" is the program."""
    root = typer.main.get_command(app)
    return {"": root, **dict(_below(root, "", groups=True))}


def _below(group: Any, before: str, *, groups: bool = False) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        is_group = hasattr(command, "commands")
        if is_group == groups:
            yield f"{before}{name}", command
        if is_group:
            yield from _below(command, f"{before}{name} ", groups=groups)
