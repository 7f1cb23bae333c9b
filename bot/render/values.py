"""Values in outgoing messages: replaced by slots, and written into header fields.

A slot stands for each value until Markdown, HTML and headers are complete, so that no value, whoever typed it, can
become a heading, a link, a tag or a header. A header field is one line or folded, encoded where needed, and safe from
injection.
"""

import html
import re
from collections.abc import Sequence
from email.header import Header
from email.utils import parseaddr, quote
from functools import lru_cache
from typing import NoReturn

# Slots are private-use characters (Unicode 3.5 and chapter 23.5), which no value may contain.
_MARK = "\ue000"
_FIRST, _LAST = 0xF0000, 0xFFFFD
_SLOT = re.compile(f"{_MARK}([{chr(_FIRST)}-{chr(_LAST)}])")
# Controls, line and paragraph separators, private use, lone surrogates (which UTF-8 cannot represent).
_NOT_IN_VALUES = re.compile(
    f"[\x00-\x1f\x7f-\x9f\u2028\u2029\ue000-\uf8ff\ud800-\udfff{chr(_FIRST)}-{chr(0x10FFFF)}]+",
)
# RFC 5322 section 2.1.1: a line should have at most 78 characters.
_LONGEST_LINE = 78
_LONGEST_WORD = 60
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,255}")
_ANY_ADDRESS = re.compile(r"[^\s<>,;]+@[^\s<>,;@]+")
# Characters that a display name may contain only between quotation marks (RFC 5322 section 3.2.3).
_SPECIAL = re.compile(r'[()<>\[\]:;@\\,."]')
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,900}>")


class TooManyValues(ValueError):
    """A message with more values than there are slots."""


class StandIn:
    """A placeholder for a value that comes later. It can only be shown or tested; anything else is a TypeError."""

    __slots__ = ("key",)

    def __init__(self, key: str) -> None:
        self.key = key

    def __str__(self) -> str:
        return self._refuse()

    def __eq__(self, value: object) -> bool:
        return self._refuse()

    def __hash__(self) -> int:
        return self._refuse()

    def __getattr__(self, name: str) -> NoReturn:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise TypeError("the value is not known yet")


class SlotValues:
    """The values of one message, in the order of their slots; a stand-in is stored as itself."""

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}
        self.values: list[str | StandIn] = []

    def slot(self, value: object) -> str:
        """Store a value and return its slot; equal values share one slot."""
        content = value if isinstance(value, StandIn) else str(value)
        identity = id(content) if isinstance(content, StandIn) else content
        if identity not in self._numbers:
            self._numbers[identity] = len(self.values)
            self.values.append(content)
        return slot(self._numbers[identity])


def slot(number: int) -> str:
    """Return the mark that stands for a value."""
    if number > _LAST - _FIRST:
        raise TooManyValues(f"a message may show at most {_LAST - _FIRST + 1} different values")
    return f"{_MARK}{chr(_FIRST + number)}"


def has_slot(text: str) -> bool:
    """Tell whether the text has a slot."""
    return _MARK in text


def without_slots(text: str) -> str:
    """Return the words of a text alone."""
    return _SLOT.sub("", text)


def fill(text: str, values: Sequence[str]) -> str:
    """Put values into the slots of a text."""
    return _SLOT.sub(lambda match: values[ord(match[1]) - _FIRST], text)


def clean(value: str) -> str:
    """Return a value on one line, without control characters and without anything that could be taken for a slot."""
    if value.isascii() and value.isprintable():
        return value.strip()
    return _NOT_IN_VALUES.sub(" ", value).strip()


def escaped(values: Sequence[str]) -> list[str]:
    """Return the same values for HTML."""
    return [html.escape(value) for value in values]


def text_field(name: str, value: str) -> str:
    """Return an unstructured field with its CRLF, or "" for an empty value."""
    value = clean(value)
    return f"{name}: {_text(name, value)}\r\n" if value else ""


def address_field(name: str, value: str) -> str:
    """Return a field of one address, with or without a display name; "" where there is no valid address."""
    value = clean(value)
    content = value if _ADDRESS.fullmatch(value) else _named_address(name, value)
    return f"{name}: {content}\r\n" if content else ""


def message_id_field(name: str, ids: Sequence[str]) -> str:
    """Return a field of Message-IDs, never encoded or broken (RFC 5322 section 3.6.4), without invalid ones."""
    good = [message_id for message_id in ids if _MESSAGE_ID.fullmatch(message_id)]
    content = "\r\n ".join(good)
    return f"{name}: {content}\r\n" if good else ""


# Mostly the service's own sender, again and again.
@lru_cache(maxsize=64)
def _named_address(name: str, value: str) -> str:
    display, address = parseaddr(value)
    if not _ANY_ADDRESS.fullmatch(address):
        return ""
    if not display:
        return address
    if not _is_plain(display):
        return f"{_fold(name, display)}\r\n <{address}>"
    display_phrase = f'"{quote(display)}"' if _SPECIAL.search(display) else display
    on_one_line = f"{display_phrase} <{address}>"
    if len(name) + 2 + len(on_one_line) <= _LONGEST_LINE:
        return on_one_line
    return f"{_fold(name, display_phrase)}\r\n <{address}>"


def _text(name: str, value: str) -> str:
    if _is_plain(value) and len(name) + 2 + len(value) <= _LONGEST_LINE:
        return value
    return _fold(name, value)


def _fold(name: str, value: str) -> str:
    charset = "us-ascii" if _is_plain(value) else "utf-8"
    return Header(value, charset, maxlinelen=76, header_name=name).encode(linesep="\r\n")


def _is_plain(value: str) -> bool:
    """Tell whether a value needs no encoding: ASCII, foldable, and nothing like an encoded word (RFC 2047)."""
    if not value.isascii() or "=?" in value:
        return False
    return len(value) <= _LONGEST_WORD or max(map(len, value.split())) <= _LONGEST_WORD
