"""Takes everything out of a picture but the picture: where it was taken, when, by which camera, and what stands behind.

The picture itself is copied octet by octet and never decoded, so that no small file can grow into gigabytes here, and
nothing is lost of it. Its orientation is kept, for phones turn their pictures in no other way.
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# PNG (third edition) section 5.6 and APNG: what makes up the picture and its colours. Texts, times and Exif are not.
_PNG_CHUNKS = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT", b"bKGD"}
    | {b"pHYs", b"acTL", b"fcTL", b"fdAT"}
)
# RFC 9649 section 2.7.
_WEBP_CHUNKS = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
_WEBP_EXIF, _WEBP_XMP = 0x08, 0x04
# ITU-T T.81 table B.1.
_START, _END, _SCAN, _EXIF, _COMMENT = 0xD8, 0xD9, 0xDA, 0xE1, 0xFE
_APPLICATION = range(0xE0, 0xF0)
_JFIF, _COLOURS, _ADOBE = (0xE0, b"JFIF\0"), (0xE2, b"ICC_PROFILE\0"), (0xEE, b"Adobe")
# Within a scan FF00 is an octet FF, and FFD0 to FFD7 are places to begin again.
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
_MOST_PIECES = 100_000
_ORIENTATION, _SHORT = 0x0112, 3
_UPRIGHT, _MOST_ORIENTATION = 1, 8


class Unreadable(Exception):
    """The picture is torn, or no picture at all."""


def without_origin(content: bytes, kind: str) -> bytes:
    """Return the picture of this kind alone, with its orientation; raises Unreadable."""
    return _CLEANERS[kind](content)


def orientation_of(exif: bytes) -> int:
    """Return the orientation that stands in Exif data, 1 to 8; 1, which is upright, where none does.

    The data are a TIFF file (CIPA DC-008 section 4.5): its byte order, the offset of its first directory, entries of 12
    octets.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4], "")
    if not order:
        return _UPRIGHT
    try:
        (at,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, at)
        for number in range(min(count, 200)):
            tag, form, _, value = struct.unpack_from(f"{order}HHIH", exif, at + 2 + 12 * number)
            if (tag, form) == (_ORIENTATION, _SHORT):
                return int(value) if _UPRIGHT <= value <= _MOST_ORIENTATION else _UPRIGHT
    except struct.error:
        pass
    return _UPRIGHT


def _only(orientation: int) -> bytes:
    """Return Exif data that say nothing else; b"" for an upright picture."""
    if orientation == _UPRIGHT:
        return b""
    return struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, _ORIENTATION, _SHORT, 1, orientation, 0, 0)


def _clean_jpeg(content: bytes) -> bytes:
    segments, orientation = list[bytes](), _UPRIGHT
    for marker, segment in _segments(content):
        if marker == _EXIF and segment.startswith(b"Exif\0\0", 4):
            orientation = orientation_of(segment[10:]) if orientation == _UPRIGHT else orientation
        if _is_of_the_picture(marker, segment):
            segments.append(segment)
    if exif := _only(orientation):
        # Behind the JFIF segment where there is one: that comes first by its own rule.
        place = 1 if segments and segments[0][1] == _JFIF[0] else 0
        segments.insert(place, struct.pack(">BBH6s", 0xFF, _EXIF, len(exif) + 8, b"Exif\0\0") + exif)
    return b"".join((b"\xff\xd8", *segments, b"\xff\xd9"))


def _is_of_the_picture(marker: int, segment: bytes) -> bool:
    """Whether it is needed to show the picture in its colours; what programs add besides is not."""
    if marker == _COMMENT:
        return False
    parts = (marker == number and segment.startswith(name, 4) for number, name in (_JFIF, _COLOURS, _ADOBE))
    return marker not in _APPLICATION or any(parts)


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each segment with its marker, a scan with all its data; nothing behind the end of the picture.

    Other pictures may stand there, each with a place of its own (CIPA DC-007), or a file of another kind.
    """
    at, has_scan = 2, False
    for _ in range(_MOST_PIECES):
        match = _MARKER.match(content, at)
        marker = match[1][0] if match else _START
        if match is None or marker in (_START, _END):
            break
        at = match.end()
        end = at + _number(">H", content, at)
        if marker == _SCAN:
            has_scan = True
            following = _MARKER.search(content, end)
            # A line that dropped leaves a picture without its end; what there is of it can be seen.
            end = following.start() if following else len(content)
        if not at + 2 <= end <= len(content):
            raise Unreadable
        yield marker, b"\xff" + content[at - 1 : end]
        at = end
    if not has_scan:
        raise Unreadable


def _clean_png(content: bytes) -> bytes:
    chunks, at = [_SIGNATURE], len(_SIGNATURE)
    for _ in range(_MOST_PIECES):
        end = at + 12 + _number(">I", content, at)
        kind = content[at + 4 : at + 8]
        if end > len(content):
            break
        if kind in _PNG_CHUNKS:
            chunks.append(content[at:end])
        elif kind == b"eXIf" and (exif := _only(orientation_of(content[at + 8 : end - 4]))):
            chunks.append(struct.pack(">I4s", len(exif), kind) + exif + struct.pack(">I", zlib.crc32(kind + exif)))
        if kind == b"IEND":
            return b"".join(chunks)
        at = end
    raise Unreadable


def _clean_webp(content: bytes) -> bytes:
    chunks, header, orientation = list[bytes](), b"", _UPRIGHT
    for kind, body in _webp_chunks(content):
        if kind == b"VP8X":
            header = body
        elif kind == b"EXIF":
            orientation = orientation_of(body.removeprefix(b"Exif\0\0"))
        elif kind in _WEBP_CHUNKS:
            chunks.append(_webp_chunk(kind, body))
    if not chunks:
        raise Unreadable
    if header:
        exif = _only(orientation)
        flags = (header[0] & ~(_WEBP_EXIF | _WEBP_XMP)) | (_WEBP_EXIF if exif else 0)
        chunks.insert(0, _webp_chunk(b"VP8X", bytes([flags]) + header[1:]))
        chunks += [_webp_chunk(b"EXIF", exif)] if exif else []
    inside = b"".join((b"WEBP", *chunks))
    return b"RIFF" + struct.pack("<I", len(inside)) + inside


def _webp_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name and the content of each piece, up to the end that the file itself names."""
    at, end = 12, min(len(content), 8 + _number("<I", content, 4))
    for _ in range(_MOST_PIECES):
        if at >= end:
            return
        size = _number("<I", content, at + 4)
        body = content[at + 8 : at + 8 + size]
        if len(body) < size:
            break
        yield content[at : at + 4], body
        at += 8 + size + size % 2
    raise Unreadable


def _webp_chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _number(form: str, content: bytes, at: int) -> int:
    try:
        return int(struct.unpack_from(form, content, at)[0])
    except struct.error:
        raise Unreadable from None


_CLEANERS: dict[str, Callable[[bytes], bytes]] = {
    "image/jpeg": _clean_jpeg,
    "image/png": _clean_png,
    "image/webp": _clean_webp,
}
