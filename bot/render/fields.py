"""Header fields of outgoing mail: one line or folded, encoded where they must be, and closed to injection."""

import re
from collections.abc import Sequence
from email.header import Header
from email.utils import parseaddr, quote
from functools import lru_cache

from bot.render.slots import clean

# RFC 5322 section 2.1.1: a line should have at most 78 characters.
_LONGEST_LINE = 78
_LONGEST_WORD = 60
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,255}")
_ANY_ADDRESS = re.compile(r"[^\s<>,;]+@[^\s<>,;@]+")
# What may stand in a display name only between quotation marks (RFC 5322 section 3.2.3).
_SPECIAL = re.compile(r'[()<>\[\]:;@\\,."]')
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,900}>")


def text_field(name: str, value: str) -> str:
    """An unstructured field with its CRLF, or nothing for an empty value."""
    value = clean(value)
    return f"{name}: {_text(name, value)}\r\n" if value else ""


def address_field(name: str, value: str) -> str:
    """A field of one address, with or without a display name. What is no address is left out."""
    value = clean(value)
    written = value if _ADDRESS.fullmatch(value) else _named_address(name, value)
    return f"{name}: {written}\r\n" if written else ""


def message_id_field(name: str, ids: Sequence[str]) -> str:
    """Message-IDs are never encoded or broken (RFC 5322 section 3.6.4); what is none is left out."""
    good = [one for one in ids if _MESSAGE_ID.fullmatch(one)]
    folded = "\r\n ".join(good)
    return f"{name}: {folded}\r\n" if good else ""


# Mostly our own sender, again and again.
@lru_cache(maxsize=64)
def _named_address(name: str, value: str) -> str:
    display, address = parseaddr(value)
    if not _ANY_ADDRESS.fullmatch(address):
        return ""
    if not display:
        return address
    if not _is_plain(display):
        return f"{_folded(name, display)}\r\n <{address}>"
    quoted = f'"{quote(display)}"' if _SPECIAL.search(display) else display
    on_one_line = f"{quoted} <{address}>"
    if len(name) + 2 + len(on_one_line) <= _LONGEST_LINE:
        return on_one_line
    return f"{_folded(name, quoted)}\r\n <{address}>"


def _text(name: str, value: str) -> str:
    if _is_plain(value) and len(name) + 2 + len(value) <= _LONGEST_LINE:
        return value
    return _folded(name, value)


def _folded(name: str, value: str) -> str:
    charset = "us-ascii" if _is_plain(value) else "utf-8"
    return Header(value, charset, maxlinelen=76, header_name=name).encode(linesep="\r\n")


def _is_plain(value: str) -> bool:
    """Whether it can stand as it is: ASCII, foldable, and nothing that reads as an encoded word (RFC 2047)."""
    if not value.isascii() or "=?" in value:
        return False
    return len(value) <= _LONGEST_WORD or max(map(len, value.split())) <= _LONGEST_WORD
