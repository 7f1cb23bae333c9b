"""Opens `winmail.dat`, in which Outlook sends words and files to everybody (Transport Neutral Encapsulation Format).

MS-OXTNEF. The library for it takes time that grows with the square of what it reads, so that it is read here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.wire import markup
from bot.wire.mail import headers, rtf

_SIGNATURE = (0x223E9F78).to_bytes(4, "little")
_MOST_ATTRIBUTES, _MOST_PROPERTIES = 1_000, 2_000
_BODY, _PROPERTIES, _CODE_PAGE = 0x800C, 0x9003, 0x9007
_FILE_BEGINS, _FILE_TITLE, _FILE_DATA, _FILE_PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
_TEXT, _HTML, _RTF, _INTERNET_CODE_PAGE = 0x1000, 0x1013, 0x1009, 0x3FDE
_SHORT_NAME, _LONG_NAME = 0x3704, 0x3707
# MS-OXCDATA section 2.11.1: the types of properties, and how many octets each takes here.
_FIXED = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0xA: 4, 0xB: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE = {0xD, 0x1E, 0x1F, 0x102}
_UNICODE, _SEVERAL, _FIRST_NAMED = 0x1F, 0x1000, 0x8000


@dataclass(slots=True)
class Contents:
    """What was found: the text in each form, in the charset `page`, and the name and content of each file."""

    page: str = "cp1252"
    texts: dict[int, bytes | str] = field(default_factory=dict)
    files: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The words, from the first form that has any."""
        return _words(self.texts, self.page)


class _Broken(Exception):
    """The octets end where more should be."""


def contents_of(octets: bytes) -> Contents:
    """Return what is inside, as far as it can be read."""
    page, texts, files = "cp1252", dict[int, bytes | str](), list[dict[int, bytes | str]]()
    try:
        for name, data in _attributes(octets):
            if name == _CODE_PAGE:
                page = f"cp{int.from_bytes(data[:4], 'little')}"
            elif name == _BODY:
                texts.setdefault(_TEXT, headers.decode(data, page))
            elif name == _PROPERTIES:
                texts |= dict(_properties(data))
            elif name == _FILE_BEGINS:
                files.append({})
            elif files and name in {_FILE_TITLE, _FILE_DATA}:
                files[-1][_SHORT_NAME if name == _FILE_TITLE else _FILE_DATA] = data
            elif files and name == _FILE_PROPERTIES:
                files[-1] |= dict(_properties(data))
    except _Broken:
        pass
    return Contents(page, texts, [_file(properties, page) for properties in files])


def _words(texts: dict[int, bytes | str], page: str) -> str:
    internet = texts.get(_INTERNET_CODE_PAGE, b"")
    number = int.from_bytes(internet, "little") if isinstance(internet, bytes) else 0
    charset = f"cp{number}" if number else page
    text = _decoded(texts.get(_TEXT, b""), page)
    if text.strip():
        return text
    page_of_html = _decoded(texts.get(_HTML, b""), charset)
    if page_of_html.strip():
        return markup.to_text(page_of_html)
    compressed = texts.get(_RTF, b"")
    return rtf.from_compressed(compressed) if isinstance(compressed, bytes) else ""


def _file(properties: dict[int, bytes | str], page: str) -> tuple[str, bytes]:
    name, data = properties.get(_LONG_NAME) or properties.get(_SHORT_NAME) or b"", properties.get(_FILE_DATA, b"")
    return _decoded(name, page), data if isinstance(data, bytes) else b""


def _decoded(value: bytes | str, charset: str) -> str:
    return (value if isinstance(value, str) else headers.decode(value, charset)).rstrip("\0")


def _attributes(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the data of each attribute: level, number, type, length, data, check sum."""
    if not octets.startswith(_SIGNATURE):
        return
    at = 6
    for _ in range(_MOST_ATTRIBUTES):
        if at + 11 > len(octets):
            return
        length = int.from_bytes(octets[at + 5 : at + 9], "little")
        yield int.from_bytes(octets[at + 1 : at + 3], "little"), octets[at + 9 : at + 9 + length]
        at += 11 + length


def _properties(octets: bytes) -> Iterator[tuple[int, bytes | str]]:
    """Yield the number and the first value of each MAPI property."""
    at, count = 4, int.from_bytes(octets[:4], "little")
    for _ in range(min(count, _MOST_PROPERTIES)):
        kind, number = _number(octets, at, 2), _number(octets, at + 2, 2)
        at += 4
        if number >= _FIRST_NAMED:
            at = _after_name(octets, at)
        value, at = _value(octets, at, kind)
        yield number, value


def _after_name(octets: bytes, at: int) -> int:
    """Return where the name of a named property ends: a GUID, and a number or a text."""
    is_text = _number(octets, at + 16, 4) == 1
    return at + 24 + (_padded(_number(octets, at + 20, 4)) if is_text else 0)


def _value(octets: bytes, at: int, kind: int) -> tuple[bytes | str, int]:
    single = kind & ~_SEVERAL
    if single in _FIXED:
        size = _FIXED[single]
        count = _number(octets, at, 4) if kind & _SEVERAL else 1
        start = at + 4 if kind & _SEVERAL else at
        return octets[start : start + size], start + size * count
    if single not in _VARIABLE:
        raise _Broken
    value, count = b"", _number(octets, at, 4)
    at += 4
    for index in range(min(count, _MOST_PROPERTIES)):
        length = _number(octets, at, 4)
        value = octets[at + 4 : at + 4 + length] if index == 0 else value
        at += 4 + _padded(length)
    return (value.decode("utf-16-le", "replace") if single == _UNICODE else value), at


def _number(octets: bytes, at: int, size: int) -> int:
    if at + size > len(octets):
        raise _Broken
    return int.from_bytes(octets[at : at + size], "little")


def _padded(length: int) -> int:
    return (length + 3) // 4 * 4
