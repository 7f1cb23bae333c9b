"""Files as people send them, made here: pictures that say where they were taken, and what is not what it seems."""

import base64
import io
import struct
import zipfile
import zlib

# 16 by 8 pixels of green, upright.
_JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAKBueIx4ZKCMgoy0qqC+8P//8Nzc8P/////////////////////////////////////////////////////"
    "/////2wBDAaq0tPDS8P//////////////////////////////////////////////////////////////////////////////wAARCAAIABADASIAAhE"
    "BAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAL/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAAAAAAAQL/xAAUEQEAAAAAAAAAAA"
    "AAAAAAAAAA/9oADAMBAAIRAxEAPwCQAl//2Q=="
)
PLACE, CAMERA = b"51N 3W of somebody's home", b"Camera 4711"


def exif(orientation: int = 6, order: str = ">") -> bytes:
    """Exif data with an orientation, the name of a camera, and a place."""
    entries = [(0x010F, 2, len(CAMERA) + 1, 8 + 2 + 3 * 12 + 4), (0x0112, 3, 1, 0), (0x8825, 4, 1, 99)]
    directory = struct.pack(f"{order}H", len(entries))
    for tag, form, count, value in entries:
        short = struct.pack(f"{order}HH", orientation, 0)
        directory += struct.pack(f"{order}HHI", tag, form, count)
        directory += short if tag == 0x0112 else struct.pack(f"{order}I", value)
    head = (b"MM\0*" if order == ">" else b"II*\0") + struct.pack(f"{order}I", 8)
    return head + directory + bytes(4) + CAMERA + b"\0" + PLACE


def jpeg(orientation: int = 6, order: str = ">", *, behind: bytes = b"") -> bytes:
    """A photo of a telephone: turned, with a place, a remark, and perhaps something behind its end."""
    body = b"Exif\0\0" + exif(orientation, order)
    more = struct.pack(">BBH", 0xFF, 0xE1, len(body) + 2) + body
    more += b"\xff\xfe" + struct.pack(">H", len(PLACE) + 2) + PLACE
    return _JPEG[:20] + more + _JPEG[20:] + behind


def png(width: int = 4, height: int = 4, *, more: bytes = b"", behind: bytes = b"") -> bytes:
    """A black picture, with a text and Exif data that say where it is from."""
    rows = zlib.compress((b"\0" + bytes(3 * width)) * height) if width * height < 10_000 else b""
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"tEXt", b"Comment\0" + PLACE),
        (b"eXIf", exif()),
        (b"IDAT", rows + more),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks) + behind


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def webp() -> bytes:
    """A lossless picture of one pixel with Exif data and a packet of XMP."""
    pixel = base64.b64decode("LwAAAAAHEP0P/////w==")[:8] + b"\x00" * 4
    extended = bytes([0x0C, 0, 0, 0]) + bytes(6)
    chunks = ((b"VP8X", extended), (b"VP8L", pixel), (b"EXIF", exif()), (b"XMP ", PLACE))
    inside = b"WEBP" + b"".join(k + struct.pack("<I", len(b)) + b + b"\0" * (len(b) % 2) for k, b in chunks)
    return b"RIFF" + struct.pack("<I", len(inside)) + inside


def archive(**parts: str) -> bytes:
    """A ZIP file of these parts."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, words in parts.items():
            file.writestr(name, words)
    return content.getvalue()


def document(types: str = "wordprocessingml", **parts: str) -> bytes:
    """A Word document, as far as its list of parts goes."""
    return archive(**{"[Content_Types].xml": types, "word/document.xml": "<w:document/>", **parts})
