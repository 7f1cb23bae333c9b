"""Groups of commands: one whose commands are in a table, and imported when they are asked for; and any other."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, ClassVar, NamedTuple, cast

import typer
import typer.main
from typer.core import TyperGroup


class Line(NamedTuple):
    """Where a command is, as `file:name` below `bot.cli`, and the first line of its help."""

    target: str
    help: str


class Group(TyperGroup):
    """A group whose help has the whole first line of each command's."""

    def lines(self) -> list[tuple[str, str]]:
        """Each command's name and the first line of its help."""
        return [(name, (command.help or "").partition("\n")[0]) for name, command in self.commands.items()]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write them below the options."""
        with formatter.section("Commands"):
            formatter.write_dl(self.lines())


class LazyGroup(Group):
    """A group whose help and suggestions come from its table, without an import."""

    table: ClassVar[Mapping[str, Line]]

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = cast("Any", _Commands(self.table))

    def lines(self) -> list[tuple[str, str]]:
        """Each command's name and the first line of its help, as the table has them."""
        return [(name, line.help) for name, line in self.table.items()]

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order of the table."""
        return list(self.table)


class _Commands(Mapping[str, Any]):
    """The commands by name; a look-up imports the command's file."""

    def __init__(self, table: Mapping[str, Line]) -> None:
        self._table, self._cache = table, dict[str, Any]()

    def __getitem__(self, name: str) -> Any:
        if name not in self._cache:
            self._cache[name] = _load(name, self._table[name].target)
        return self._cache[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)


def _load(name: str, target: str) -> Any:
    """Import a command or a group of them, and build it."""
    file, _, attribute = target.partition(":")
    part = getattr(import_module(f"bot.cli.{file}"), attribute)
    if isinstance(part, type):
        return part(name=name, help=part.__doc__, no_args_is_help=True, rich_markup_mode=None)
    holder = typer.Typer(rich_markup_mode=None)
    if isinstance(part, typer.Typer):
        holder.add_typer(part, name=name, cls=Group)
    else:
        holder.command(name)(part)
    return typer.main.get_group(holder).commands[name]
