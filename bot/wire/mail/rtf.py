"""Takes the text out of Rich Text Format, as Outlook sends it in TNEF: words and paragraphs, nothing of their look.

The libraries that do this search with expressions whose time grows with the square or cube of a hostile text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from compressed_rtf import decompress

from bot.wire.mail import headers

# The library decompresses some 2 MB a second, and the text is at most nine times as long.
_MOST_COMPRESSED = 60_000
_MOST_OCTETS = 300_000
_TOKEN = re.compile(rb"\\([a-z]{1,32})(-?\d{1,9})? ?|\\'([0-9a-f]{2})|\\([^a-z])|([{}])|([^\\{}\r\n]++)|[\r\n]+", re.I)
_FONT = re.compile(rb"\\f(\d{1,5})\b[^;{}]{0,200}?\\fcharset(\d{1,3})")
_CODE_PAGE = re.compile(rb"\\ansicpg(\d{3,5})")
# Groups that hold no words; those that begin with \* are left out whatever they are.
_SILENT = frozenset({b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"header", b"footer"})
_LOOKS = _SILENT | {b"f", b"uc"}
_BREAKS = {b"par": "\n", b"line": "\n", b"sect": "\n", b"page": "\n", b"row": "\n", b"tab": "\t", b"cell": " "}
_SIGNS = {b"emdash": "\u2014", b"endash": "\u2013", b"bullet": "\u2022", b"lquote": "\u2018", b"rquote": "\u2019"}
_SIGNS |= {b"ldblquote": "\u201c", b"rdblquote": "\u201d"} | _BREAKS
_ESCAPED = {b"~": " ", b"_": "-", b"-": "", b"*": "", b"\n": "\n", b"\r": "\n"}
# The charsets of Windows, by the number that a table of fonts has for each.
_CHARSETS = {128: 932, 129: 949, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255, 178: 1256, 186: 1257}
_CHARSETS |= {204: 1251, 222: 874, 238: 1250}


@dataclass(frozen=True, slots=True)
class _Group:
    """What holds up to the end of a group: its charset, whether it is left out, and the octets that repeat a sign."""

    charset: str
    silent: bool = False
    skip: int = 1


def from_compressed(octets: bytes) -> str:
    """Return the text of compressed RTF (MS-OXRTFCP), "" where it cannot be read."""
    if not 16 <= len(octets) <= _MOST_COMPRESSED:
        return ""
    try:
        return to_text(decompress(octets))
    except Exception:  # noqa: BLE001 - the library raises `Exception` where a check sum is wrong
        return ""


def to_text(source: bytes) -> str:
    """Return the text of RTF, a line for each paragraph."""
    text = "".join(_pieces(source[:_MOST_OCTETS]))
    return "\n".join(line.strip() for line in text.split("\n")).strip()


def _pieces(source: bytes) -> Iterator[str]:
    page = _CODE_PAGE.search(source, 0, 1_000)
    usual = f"cp{page[1].decode()}" if page else "cp1252"
    fonts = {match[1]: f"cp{_CHARSETS.get(int(match[2]), usual[2:])}" for match in _FONT.finditer(source)}
    group, outer, repeats, octets = _Group(usual), list[_Group](), 0, bytearray()
    for word, number, code, sign, brace, run in _tokens(source):
        if octets and not code:
            yield headers.decode(bytes(octets), group.charset)
            octets.clear()
        if brace:
            group, repeats = _at_brace(brace, group, outer), 0
        elif sign == b"*" or word in _LOOKS:
            group = _looking(group, word, number, fonts.get(number, usual))
        elif not group.silent:
            # Behind a sign by its number stands what older programs show in its place.
            octets += b"" if repeats else bytes.fromhex(code.decode())
            yield _spoken(word, number, sign, run[repeats:])
            repeats = group.skip if word == b"u" and number else max(repeats - len(run or code[:1]), 0)
    yield headers.decode(bytes(octets), group.charset)


def _looking(group: _Group, word: bytes, number: bytes, charset: str) -> _Group:
    """Return the group after a word that says how it is to be read."""
    if word == b"f":
        return replace(group, charset=charset)
    if word == b"uc":
        return replace(group, skip=min(int(number or b"1"), 10))
    return replace(group, silent=True)


def _at_brace(brace: bytes, group: _Group, outer: list[_Group]) -> _Group:
    """Return the group that holds from here on."""
    if brace == b"{":
        outer.append(group)
        return group
    return outer.pop() if outer else group


def _tokens(source: bytes) -> Iterator[tuple[bytes, ...]]:
    for match in _TOKEN.finditer(source):
        yield tuple(piece or b"" for piece in match.groups())


def _with(group: _Group, word: bytes, number: bytes, fonts: dict[bytes, str]) -> _Group:
    if word == b"f":
        return replace(group, charset=fonts.get(number, group.charset))
    return replace(group, skip=min(int(number or b"1"), 10))


def _spoken(word: bytes, number: bytes, sign: bytes, run: bytes) -> str:
    if word == b"u" and number:
        code = int(number) % 0x10000
        return "" if 0xD800 <= code < 0xE000 else chr(code)
    if word or sign:
        return _SIGNS.get(word, "") if word else _ESCAPED.get(sign, sign.decode("ascii", "ignore"))
    return run.decode("cp1252", "replace")
