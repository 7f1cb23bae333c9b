"""Values held back: a slot stands for each value until Markdown, HTML and headers are done.

So no value, whoever typed it, can become a heading, a link, a tag or a header.
"""

import html
import re
from collections.abc import Sequence
from typing import NoReturn

# Slots are private-use characters (Unicode 3.5 and chapter 23.5), which no value may hold.
_MARK = "\ue000"
_FIRST, _LAST = 0xF0000, 0xFFFFD
_SLOT = re.compile(f"{_MARK}([{chr(_FIRST)}-{chr(_LAST)}])")
# Controls, line and paragraph separators, private use, lone surrogates (which UTF-8 cannot say).
_NOT_IN_VALUES = re.compile(
    f"[\x00-\x1f\x7f-\x9f\u2028\u2029\ue000-\uf8ff\ud800-\udfff{chr(_FIRST)}-{chr(0x10FFFF)}]+",
)


class TooMany(ValueError):
    """A message with more values than there are slots."""


class StandIn:
    """Stands for a value that comes later. It may be shown, or asked whether it is there; all else is a TypeError."""

    __slots__ = ("key",)

    def __init__(self, key: str) -> None:
        self.key = key

    def __str__(self) -> str:
        return self._refuse()

    def __eq__(self, other: object) -> bool:
        return self._refuse()

    def __hash__(self) -> int:
        return self._refuse()

    def __getattr__(self, name: str) -> NoReturn:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise TypeError("the value is not known yet")


class Held:
    """The values of one message, in the order of their slots; a stand-in is held as itself."""

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}
        self.values: list[str | StandIn] = []

    def slot(self, value: object) -> str:
        """Keep a value and leave its slot; the same value has one slot."""
        kept = value if isinstance(value, StandIn) else str(value)
        known = id(kept) if isinstance(kept, StandIn) else kept
        if known not in self._numbers:
            self._numbers[known] = len(self.values)
            self.values.append(kept)
        return slot(self._numbers[known])


def slot(number: int) -> str:
    """The mark that stands for a value."""
    if number > _LAST - _FIRST:
        raise TooMany(f"a message may show at most {_LAST - _FIRST + 1} different values")
    return f"{_MARK}{chr(_FIRST + number)}"


def has_slot(text: str) -> bool:
    """Whether something is still to be filled in."""
    return _MARK in text


def fill(text: str, values: Sequence[str]) -> str:
    """Put values into the slots of a text."""
    return _SLOT.sub(lambda found: values[ord(found[1]) - _FIRST], text)


def clean(value: str) -> str:
    """A value on one line, without control characters and without anything that could be taken for a slot."""
    if value.isascii() and value.isprintable():
        return value.strip()
    return _NOT_IN_VALUES.sub(" ", value).strip()


def escaped(values: Sequence[str]) -> list[str]:
    """The same values for HTML."""
    return [html.escape(value) for value in values]
