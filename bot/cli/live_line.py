"""The line of a terminal that says how far a command is; imported where it is shown, as it takes a while."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout

from rich.console import Console
from rich.file_proxy import FileProxy
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

_REFRESHES_PER_SECOND = 4
_BAR_COLUMNS = 20


class _Above(FileProxy):
    """What is printed meanwhile: it goes above the line. Typer writes past a stream that names no encoding."""

    encoding = "utf-8"


class _Console(Console):
    """Leaves the cursor visible: whatever ends the command at this moment has nothing to show again."""

    def show_cursor(self, show: bool = True) -> bool:  # noqa: FBT001 - the shape of the library
        """Change nothing of the cursor; tell so."""
        return False


@contextmanager
def shown_after(seconds: float, words: str, total: int | None) -> Iterator[Callable[..., None]]:
    """Show the line once the block has lasted for so long, and wipe it out at the end; give what moves it.

    That takes how much is done, and may take of how much, and other words.
    """
    amount = TextColumn("{task.fields[amount]}", markup=False)
    columns = TextColumn("{task.description}", markup=False), BarColumn(_BAR_COLUMNS), amount, TimeElapsedColumn()
    bar = Progress(*columns, auto_refresh=False)
    task = bar.add_task(words, total=total, amount=_amount(0, total) if total else "")
    begin = time.monotonic()

    def move(count: int, total: int | None = total, words: str = "") -> None:
        bar.update(task, completed=count, total=total, amount=_amount(count, total), description=words or None)

    # What is printed above it keeps its own lines, however wide the terminal is.
    console = _Console(stderr=True, soft_wrap=True)
    line = Live(
        get_renderable=lambda: bar if time.monotonic() - begin >= seconds else "",
        console=console,
        refresh_per_second=_REFRESHES_PER_SECOND,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    output = redirect_stdout(_Above(console, sys.stdout)) if sys.stdout.isatty() else nullcontext()
    with line, output, redirect_stderr(_Above(console, sys.stderr)):
        yield move


def _amount(count: int, total: int | None) -> str:
    return f"{count:,}" if total is None else f"{count:,} of {total:,}"
