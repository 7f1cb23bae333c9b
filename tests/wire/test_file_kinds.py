"""What a file is by its first octets: only pictures and sounds are ever shown, and no bomb of pixels."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.wire.file_kinds import ending_of_media, may_run, shown_as
from tests.thoroughness import cases


def png(width: int, height: int) -> bytes:
    """The beginning of a PNG of that size."""
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", width, height) + b"\x08\x02\x00\x00\x00"


def jpeg(width: int, height: int) -> bytes:
    """The beginning of a JPEG of that size, behind a segment of the camera's."""
    camera = b"\xff\xe1" + struct.pack(">H", 6) + b"Exif"
    return b"\xff\xd8" + camera + b"\xff\xc0" + struct.pack(">HBHH", 17, 8, height, width)


def webp(kind: bytes, body: bytes) -> bytes:
    """The beginning of a WebP with one chunk."""
    return b"RIFF\x00\x00\x00\x00WEBP" + kind + b"\x00\x00\x00\x00" + body


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (png(640, 480), "image/png"),
        (jpeg(640, 480), "image/jpeg"),
        (b"GIF89a" + struct.pack("<HH", 640, 480), "image/gif"),
        (webp(b"VP8 ", b"\x00" * 6 + struct.pack("<HH", 640, 480)), "image/webp"),
        (webp(b"VP8L", b"\x2f" + struct.pack("<I", 639 | 479 << 14) + b"\x00"), "image/webp"),
        (webp(b"VP8X", b"\x00" * 4 + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")), "image/webp"),
        (b"OggS\x00\x02", "audio/ogg"),
        (b"ID3\x04", "audio/mpeg"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"\x00\x00\x00\x1cftypM4A ", "audio/mp4"),
    ],
)
def test_a_picture_and_a_sound_are_what_they_begin_with(content: bytes, kind: str) -> None:
    """Whatever the sender calls them."""
    assert shown_as(content) == kind


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
        b"<!DOCTYPE html><script>x()</script>",
        b"%PDF-1.7",
        b"MZ\x90\x00",
        png(0, 480),
        png(100_000, 100_000),
        jpeg(65_535, 65_535),
        png(640, 480)[:18],
        jpeg(640, 480)[:14],
        b"\xff\xd8\xff\xd8" * 500,
        b"\xff\xd8\xff\xe1\x00\x00" * 500,
        webp(b"VP9 ", b"\x00" * 20),
    ],
)
def test_everything_else_is_never_shown(content: bytes) -> None:
    """Pages, programs, what is torn, and a small file that claims more pixels than a browser can hold."""
    assert shown_as(content) == ""


BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF0000WEBP", b"")
KINDS = {"", "image/png", "image/jpeg", "image/gif", "image/webp"} | {
    f"audio/{kind}" for kind in ("ogg", "mpeg", "wav", "mp4", "aac", "flac")
}


@settings(max_examples=cases(50, 1_000), deadline=None)
@given(st.sampled_from(BEGINNINGS), st.binary(max_size=80))
def test_no_octets_at_all_are_too_much(beginning: bytes, remainder: bytes) -> None:
    """It answers, whatever follows the first octets."""
    assert shown_as(beginning + remainder) in KINDS


@pytest.mark.parametrize(
    ("content", "ending"),
    [
        (b"OggS\x00\x02", "ogg"),
        (b"\x00\x00\x00\x1cftypM4A ", "m4a"),
        (b"GIF89a" + struct.pack("<HH", 640, 480), "gif"),
        (b"\x00\x00\x00\x18ftypisom", "mp4"),
        (b"\x00\x00\x00\x14ftypqt  ", "mov"),
        (b"\x00\x00\x00\x18ftyp3gp4", "3gp"),
        (b"\x00\x00\x00\x18ftypheic", "heic"),
        (b"\x00\x00\x00\x18ftypavif", "avif"),
        (b"\x1a\x45\xdf\xa3", "webm"),
        (b"#!AMR\n", "amr"),
        (png(640, 480), ""),
        (b"GIF89a" + struct.pack("<HH", 65_000, 65_000), ""),
        (b"#!/bin/sh", ""),
        (b"", ""),
    ],
)
def test_what_people_record_has_an_ending_of_its_own(content: bytes, ending: str) -> None:
    """Sounds, films, moving pictures and photos of iPhones; pictures that are cut have theirs elsewhere."""
    assert ending_of_media(content) == ending


def test_a_file_that_can_run_is_known_by_its_ending() -> None:
    """The ending decides what a computer does with it."""
    assert all(map(may_run, ("invoice.pdf.exe", "Macro.DOCM", "page.svg", "run.cmd. ")))
    assert not any(map(may_run, ("photo.jpg", "letter.docx", "report.pdf", "")))
