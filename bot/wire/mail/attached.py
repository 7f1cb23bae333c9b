"""Lists the files of a mail: every part that is not its words."""

import re
from collections.abc import Iterator
from itertools import islice

from bot.wire.directions import plain_name
from bot.wire.mail import headers, parameters, tnef
from bot.wire.mail.parts import ENCLOSED_MAIL, TNEF, Part

_LONGEST_NAME = 200
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

File = tuple[str, str, int]
Content = tuple[str, str, bytes]


def files(root: Part) -> Iterator[File]:
    """Yield the name ("" if it has none), the type and the approximate size of each file, in order.

    A mail that is enclosed is a file, and what came with it comes with this one.
    """
    for name, kind, source in _sources(root):
        yield name, kind, len(source) if isinstance(source, bytes) else _size(source)


def contents(root: Part) -> Iterator[Content]:
    """Yield the same with the content of each file, decoded."""
    for name, kind, source in _sources(root):
        yield name, kind, source if isinstance(source, bytes) else source.decoded(len(source.octets))


def content(root: Part, number: int) -> Content | None:
    """Return one of them, counted from 1; None where there is none."""
    source = next(islice(_sources(root), number - 1, None), None) if number > 0 else None
    if source is None:
        return None
    name, kind, where = source
    return name, kind, where if isinstance(where, bytes) else where.decoded(len(where.octets))


def _sources(part: Part) -> Iterator[tuple[str, str, Part | bytes]]:
    """Yield the name and the type of each file, and where its content is."""
    if part.kind in TNEF:
        inside = tnef.contents_of(part.decoded(len(part.octets)))
        yield from ((harmless(name), "application/octet-stream", content) for name, content in inside.files)
        if inside.files or inside.texts:
            return
    if part.kind in ENCLOSED_MAIL or (not part.parts and not part.is_words):
        yield (file_name(part.disposition, part.content_type), part.kind, part)
    for inner in part.parts:
        yield from _sources(inner)


def _size(part: Part) -> int:
    octets = len(part.octets)
    if part.encoding != "base64":
        return octets
    # RFC 2045 section 6.8: four characters hold three octets.
    return (octets - part.octets.count(b"\n") - part.octets.count(b"\r")) * 3 // 4


def file_name(disposition: str, content_type: str) -> str:
    """Return the name that these fields give a file, or "": one component without a path, harmless to display."""
    for value, name in ((disposition, "filename"), (content_type, "name")):
        cleaned = harmless(parameters.read(value[: headers.MAX_VALUE]).get(name, ""))
        if cleaned:
            return cleaned
    return ""


def harmless(name: str) -> str:
    """Return the last component of a file's name, decoded, without anything that is not to be displayed; or ""."""
    # RFC 2047 section 5 forbids its words here; half of all senders write them all the same.
    decoded = headers.tidy(_CONTROLS.sub("", name))
    component = _CONTROLS.sub("", decoded).replace("\\", "/").rpartition("/")[2]
    cleaned = plain_name(component).strip()[:_LONGEST_NAME]
    return "" if cleaned in {".", ".."} else cleaned
