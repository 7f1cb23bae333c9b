"""Which files may leave with an answer."""

import pytest

from bot.core.files import MOST_BYTES, File, why_not


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (File("plan.pdf", b"%PDF-1.7"), ""),
        (File("photo.JPG", b"\xff\xd8"), ""),
        (File("setup.EXE", b"x"), "the file setup.EXE may be a program, which cannot be sent"),
        (File("plan.js. .", b"x"), "the file plan.js. . may be a program, which cannot be sent"),
        (File("plan.pdf.js", b"x"), "the file plan.pdf.js may be a program, which cannot be sent"),
        (File("plan.pdf", b"MZ\x90"), "the file plan.pdf may be a program, which cannot be sent"),
        (File("run", b"#!/bin/sh"), "the file run may be a program, which cannot be sent"),
        (File("page.html", b"<p>"), "the file page.html may be a program, which cannot be sent"),
        (File("plan.pdf", b""), "the file plan.pdf is empty"),
        (File("", b"x"), "one of the files has no name"),
    ],
)
def test_a_program_does_not_leave(file: File, reason: str) -> None:
    """By its name, or by how it begins."""
    assert why_not([file]) == reason


def test_there_is_an_end_to_number_and_size() -> None:
    """Ten files, and as many bytes in all as the configuration says; none at all where it says 0."""
    small = File("a.txt", b"x")
    assert why_not([small] * 10) == ""
    assert why_not([small] * 11) == "choose 10 files or fewer; there are 11"
    half = File("a.txt", b"x" * (MOST_BYTES // 2))
    assert why_not([half, half]) == ""
    assert (
        why_not([half, half, File("b.txt", b"x" * 1_048_576)])
        == "choose files of 10 MB or less in all; they have 11 MB"
    )
    assert why_not([small], 0) == "no files can be sent from here"
    assert why_not([], 0) == ""


def test_a_kind_is_always_one_that_a_header_can_carry() -> None:
    """Known by the name, else the usual one."""
    assert File("a.pdf", b"").kind == "application/pdf"
    assert File("a.unheard-of", b"").kind == File("a", b"").kind == "application/octet-stream"
