"""How far a command is, in one line of a terminal that is gone at the end. Where nobody watches, nothing is shown."""

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

T = TypeVar("T")
# What is over sooner shows nothing: a line that flashes says nothing.
SHOWN_AFTER_SECONDS = 1.0


class Move(Protocol):
    """Takes how much is done, of how much if that is known by now, and other words for what is going on."""

    def __call__(self, count: int, total: int | None = None, words: str = "") -> None:
        """Show this instead of what was shown before."""


@contextmanager
def line(words: str, total: int | None = None, *, is_hidden: bool = False) -> Iterator[Move]:
    """Show on standard error what is going on, how much of it is done, of how much, and for how long it has lasted.

    `total` is None where that is not known. What the block prints at the same terminal stands above the line. Nothing
    is shown where standard error is no terminal, where a program reads the output (`is_hidden`), and on a terminal
    that cannot write a line over (TERM=dumb).
    """
    if is_hidden or not sys.stderr.isatty():
        yield _show_nothing
        return
    from bot.cli import live_line

    with live_line.shown_after(SHOWN_AFTER_SECONDS, words, total) as move:
        yield move


def each(items: Collection[T], move: Move) -> Iterator[T]:
    """Yield each of the items, and tell how many are done before it."""
    for count, item in enumerate(items):
        move(count)
        yield item


def _show_nothing(count: int, total: int | None = None, words: str = "") -> None:
    """Take it, and show nothing."""
