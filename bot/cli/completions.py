"""What the shell offers for names: read from the files of the configuration as they are, without a check of them.

A shell shows whatever is printed in the middle of what is typed: where nothing can be read, nothing is offered.
"""

import tomllib
from pathlib import Path
from typing import Any

import typer

from bot.cli.configuration import directory_of
from bot.core.contacts import State


def teams(ctx: typer.Context, incomplete: str) -> list[str]:
    """The teams of the configuration."""
    return _names(ctx, "ackbot.toml", "team", incomplete)


def channels(ctx: typer.Context, incomplete: str) -> list[str]:
    """The channels of the configuration."""
    return _names(ctx, "ackbot.toml", "channel", incomplete)


def services(ctx: typer.Context, incomplete: str) -> list[str]:
    """The services of the configuration."""
    return _names(ctx, "services.toml", "service", incomplete)


def states(incomplete: str) -> list[str]:
    """The states of a contact."""
    return [state.value for state in State if state.startswith(incomplete)]


def _names(ctx: typer.Context, file: str, table: str, incomplete: str) -> list[str]:
    directory = directory_of(Path(config) if (config := ctx.params.get("config")) else None)
    try:
        rows: Any = tomllib.loads((directory / file).read_text(encoding="utf-8")).get(table)
    except (OSError, ValueError):
        return []
    names = [row.get("name") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [name for name in names if isinstance(name, str) and name.startswith(incomplete)]
