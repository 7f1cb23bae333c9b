"""What a file is by its first octets, whatever its sender calls it; and which files can run something.

Only pictures and sounds of a few kinds are shown in a browser; what is anything else is saved, and not opened by us.
"""

import re
import struct
from collections.abc import Callable

# A browser holds about four octets a pixel: a small file that claims more than this is one to harm whoever opens it.
MOST_PIXELS = 60_000_000
_HEAD = 64
_SOUNDS = (
    (re.compile(rb"OggS"), "audio/ogg"),
    (re.compile(rb"ID3|\xff[\xfb\xf3\xf2]"), "audio/mpeg"),
    (re.compile(rb"RIFF....WAVE", re.DOTALL), "audio/wav"),
    (re.compile(rb"....ftypM4A", re.DOTALL), "audio/mp4"),
    (re.compile(rb"\xff[\xf1\xf9]"), "audio/aac"),
    (re.compile(rb"fLaC"), "audio/flac"),
)
_ENDINGS = {
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/mp4": "m4a",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "image/gif": "gif",
}
# What is saved and not shown: photos of iPhones, films, and the voice notes of old telephones (RFC 4867 section 5.1).
_SAVED = (
    (re.compile(rb"....ftyp(heic|heix|heim|heis|hevc|hevx|mif1|msf1)", re.DOTALL), "heic"),
    (re.compile(rb"....ftypavi[fs]", re.DOTALL), "avif"),
    (re.compile(rb"....ftyp3g", re.DOTALL), "3gp"),
    (re.compile(rb"....ftypqt  ", re.DOTALL), "mov"),
    (re.compile(rb"....ftyp", re.DOTALL), "mp4"),
    (re.compile(rb"\x1a\x45\xdf\xa3"), "webm"),
    (re.compile(rb"#!AMR"), "amr"),
)
# By the endings at which Windows, macOS and Office run what is in a file, and those that hide such a file.
_RUNS = frozenset(
    {
        *("ade", "adp", "apk", "app", "appx", "bas", "bat", "cab", "chm", "cmd", "com", "cpl", "crt", "dll", "dmg"),
        *("docm", "dotm", "exe", "hta", "htm", "html", "img", "ins", "iso", "isp", "jar", "js", "jse", "jnlp", "lnk"),
        *("mht", "mhtml", "mjs", "msc", "msi", "msix", "msp", "mst", "one", "pif", "ppam", "pptm", "ps1", "ps2"),
        *("psm1", "rdp", "reg", "scf", "scr", "sct", "settingcontent-ms", "sh", "shtml", "svg", "sys", "url", "vb"),
        *("vbe", "vbs", "vhd", "vhdx", "wsc", "wsf", "wsh", "xbap", "xhtml", "xlam", "xll", "xlsb", "xlsm", "xltm"),
    }
)
# JPEG: the markers that begin a frame, and those that stand alone.
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_ALONE = frozenset({0x01, *range(0xD0, 0xDA)})
_MOST_SEGMENTS = 200


def shown_as(content: bytes) -> str:
    """The type under which a browser may show this picture or play this sound; "" for everything else."""
    for is_it, kind, size_of in _PICTURES:
        if is_it(content):
            width, height = size_of(content)
            return kind if 0 < width * height <= MOST_PIXELS else ""
    return next((kind for pattern, kind in _SOUNDS if pattern.match(content[:_HEAD])), "")


def ending_of_media(content: bytes) -> str:
    """The ending for the name of a moving picture, a sound or a film; "" for everything else."""
    head = content[:_HEAD]
    return _ENDINGS.get(shown_as(content)) or next((ending for pattern, ending in _SAVED if pattern.match(head)), "")


def may_run(name: str) -> bool:
    """Whether a file of this name can run something on the computer of whoever opens it."""
    return name.rstrip(" .").rpartition(".")[2].lower() in _RUNS


def _of_png(content: bytes) -> tuple[int, int]:
    # RFC 2083 section 11.2.1: IHDR comes first, width and height first in it.
    return _unpacked(">II", content, 16)


def _of_gif(content: bytes) -> tuple[int, int]:
    return _unpacked("<HH", content, 6)


def _of_webp(content: bytes) -> tuple[int, int]:
    # RFC 9649 sections 2.5 to 2.7: lossy, lossless, extended.
    match content[12:16]:
        case b"VP8 ":
            width, height = _unpacked("<HH", content, 26)
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            (bits, _) = _unpacked("<IB", content, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            return 1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little")
    return 0, 0


def _of_jpeg(content: bytes) -> tuple[int, int]:
    # ITU-T T.81 annex B: segments, each with its length, until the one that begins a frame.
    at = 2
    for _ in range(_MOST_SEGMENTS):
        marker, length = _unpacked(">HH", content, at)
        if marker >> 8 != 0xFF:
            return 0, 0
        if marker & 0xFF in _FRAMES:
            height, width = _unpacked(">HH", content, at + 5)
            return width, height
        at += 2 if marker & 0xFF in _ALONE else 2 + length
    return 0, 0


def _unpacked(form: str, content: bytes, at: int) -> tuple[int, int]:
    """Two numbers of the content; zeros, which no picture has, where it ends before."""
    if len(content) < at + struct.calcsize(form):
        return 0, 0
    first, second = struct.unpack_from(form, content, at)
    return int(first), int(second)


_PICTURES: tuple[tuple[Callable[[bytes], bool], str, Callable[[bytes], tuple[int, int]]], ...] = (
    (lambda content: content.startswith(b"\x89PNG\r\n\x1a\n"), "image/png", _of_png),
    (lambda content: content.startswith(b"\xff\xd8\xff"), "image/jpeg", _of_jpeg),
    (lambda content: content.startswith((b"GIF87a", b"GIF89a")), "image/gif", _of_gif),
    (lambda content: content.startswith(b"RIFF") and content[8:12] == b"WEBP", "image/webp", _of_webp),
)
