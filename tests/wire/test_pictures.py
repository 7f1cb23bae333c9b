"""Pictures without what they say of the person who took them."""

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.wire import pictures
from bot.wire.file_kinds import shown_as
from tests.wire import sample_files

_PICTURES = {"image/jpeg": sample_files.jpeg(), "image/png": sample_files.png(), "image/webp": sample_files.webp()}


@pytest.mark.parametrize("kind", _PICTURES)
def test_place_and_camera_are_taken_out_and_the_picture_stays(kind: str) -> None:
    """What is kept is shown as before, turned as before, and says nothing of where it was taken."""
    original = _PICTURES[kind]
    clean = pictures.without_origin(original, kind)
    assert sample_files.PLACE in original
    assert sample_files.PLACE not in clean
    assert sample_files.CAMERA not in clean
    assert shown_as(clean) == kind
    assert pictures.orientation_of(clean[clean.index(b"MM\0*") :]) == 6
    assert pictures.without_origin(clean, kind) == clean


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_orientation_is_kept(orientation: int, order: str) -> None:
    """By either byte order; an upright picture has no Exif data at all."""
    clean = pictures.without_origin(sample_files.jpeg(orientation, order), "image/jpeg")
    assert (b"Exif" in clean) is (orientation != 1)
    assert orientation == 1 or pictures.orientation_of(clean[clean.index(b"MM\0*") :]) == orientation


def test_the_data_of_a_photo_are_not_touched() -> None:
    """From the first table of the picture to its end each octet is the same."""
    original = sample_files.jpeg()
    clean = pictures.without_origin(original, "image/jpeg")
    assert original[original.index(b"\xff\xdb") :] == clean[clean.index(b"\xff\xdb") :]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("image/jpeg", sample_files.jpeg(behind=sample_files.jpeg() + b"<script>alert(1)</script>")),
        ("image/png", sample_files.png(behind=sample_files.archive(x="y"))),
    ],
)
def test_what_stands_behind_a_picture_is_cut_off(kind: str, content: bytes) -> None:
    """A second picture with a place of its own, a page, an archive."""
    assert pictures.without_origin(content, kind) == pictures.without_origin(_PICTURES[kind], kind)


def test_a_photo_whose_end_is_missing_is_kept_as_far_as_it_goes() -> None:
    """A line that dropped while it was copied to the telephone; the top of it can be seen."""
    clean = pictures.without_origin(sample_files.jpeg()[:-4], "image/jpeg")
    assert shown_as(clean) == "image/jpeg"
    assert clean.endswith(b"\xff\xd9")


def test_a_picture_of_thousands_of_millions_of_pixels_takes_no_room() -> None:
    """It is not decoded here, and no browser is asked to do it."""
    bomb = sample_files.png(31_623, 31_623, more=zlib.compress(bytes(1_000_000)))
    assert shown_as(bomb) == ""
    assert len(pictures.without_origin(bomb, "image/png")) < len(bomb)


@pytest.mark.parametrize("kind", _PICTURES)
@given(data=st.data())
def test_whatever_is_damaged_is_cleaned_or_refused(kind: str, data: st.DataObject) -> None:
    """No other error, whichever octets are changed or missing; and what is kept holds no place."""
    content = bytearray(_PICTURES[kind])
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(12, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content[: data.draw(st.integers(12, len(content)))])
    try:
        clean = pictures.without_origin(cut, kind)
    except pictures.Unreadable:
        return
    assert len(clean) <= len(cut) + 60


@pytest.mark.parametrize(
    "content", [b"", b"MM\0*", b"II*\0" + struct.pack("<I", 4_000_000_000), b"MM\0*\0\0\0\x08\xff\xff", b"GPS"]
)
def test_exif_data_that_cannot_be_read_turn_nothing(content: bytes) -> None:
    """The picture is upright then."""
    assert pictures.orientation_of(content) == 1
