"""Reads the parameters of Content-Type and Content-Disposition in every form in which senders write them.

RFC 2045 section 5.1, RFC 2231 (pieces, percent-encoding), RFC 6266 section 4.3 (the form with a star wins), and the
names of files that follow none of them.
"""

import re
from collections import defaultdict
from urllib.parse import unquote_to_bytes

from bot.wire.mail import charsets

# name=value, name="value", name*=, name*0=, name*0*=; a quotation mark may be left open, a plain value may have spaces.
_PARAMETER = re.compile(
    r';\s*([\w-]+)(?:\*(\d{1,3}))?(\*)?\s*=[ \t\r\n]*(?:"((?:[^"\\]|\\.)*+)(?:"|$|\\$)|([^;"]*+))', re.DOTALL
)
_FOLD = re.compile(r"[\r\n]+")
# In a path of Windows the backslash escapes nothing.
_ESCAPED = re.compile(r'\\(["\\])')

Piece = tuple[bool, str]


def read(value: str) -> dict[str, str]:
    """Return the parameters by their names in lower case, without those names' stars; values in one piece, decoded."""
    plain, extended, pieces = dict[str, str](), dict[str, str](), defaultdict[str, dict[int, Piece]](dict)
    for name, number, star, quoted, bare in _PARAMETER.findall(_FOLD.sub("", value)):
        key, content = name.lower(), _content(name.lower(), quoted, bare)
        if number:
            pieces[key].setdefault(int(number), (bool(star), content))
        elif star:
            extended.setdefault(key, _joined([(True, content)]))
        else:
            plain.setdefault(key, content)
    joined = {key: _joined([parts[number] for number in sorted(parts)]) for key, parts in pieces.items()}
    return plain | joined | extended


def _content(name: str, quoted: str, bare: str) -> str:
    if quoted:
        return _ESCAPED.sub(r"\1", quoted)
    # Behind any other value comes a comment, or nothing.
    return bare.strip() if name.startswith(("name", "filename")) else bare.partition(" ")[0].strip()


def _joined(pieces: list[Piece]) -> str:
    """Join the pieces (RFC 2231 section 4.1): a character may be cut between two that are percent-encoded."""
    charset, text, octets, is_first = "", "", b"", True
    for is_encoded, content in pieces:
        if is_encoded:
            # The first is charset'language'text; a quotation mark in the text is none of these two.
            marked = is_first and content.count("'") > 1
            charset, _, encoded = content.split("'", 2) if marked else (charset, "", content)
            octets, is_first = octets + unquote_to_bytes(encoded), False
        else:
            text, octets = text + _decoded(octets, charset) + content, b""
    return text + _decoded(octets, charset)


def _decoded(octets: bytes, charset: str) -> str:
    return charsets.decode(octets, charset) if octets else ""
