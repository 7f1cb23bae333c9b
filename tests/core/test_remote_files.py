"""When a file of a platform is asked for again, and under which name it is kept."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.messages import RemoteFile
from bot.core.remote_files import PATIENCE, again_at, free_name, refusal, tidy
from bot.core.uploads import Why

NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)


def test_it_is_asked_for_ever_less_often_and_then_not_any_more() -> None:
    """At first after half a minute, later once an hour, until the links of the platform have run out."""
    pauses = [again_at(attempts, NOW, NOW) for attempts in (0, 1, 6, 7, 500)]
    assert [(at - NOW).total_seconds() if at else None for at in pauses] == [30, 60, 1920, 3600, 3600]
    assert again_at(9, NOW - PATIENCE + timedelta(minutes=61), NOW) == NOW + timedelta(hours=1)
    assert again_at(9, NOW - PATIENCE + timedelta(minutes=60), NOW) is None


@pytest.mark.parametrize(
    ("name", "others", "free"),
    [
        ("a.jpg", (), "a.jpg"),
        ("a.jpg", ("a.jpg", "a-2.jpg"), "a-3.jpg"),
        ("file", ("file",), "file-2"),
        (".txt", (".txt",), ".txt-2"),
    ],
)
def test_no_file_takes_the_name_of_another(name: str, others: tuple[str, ...], free: str) -> None:
    """The number stands before the ending."""
    assert free_name(name, others) == free


def test_what_a_platform_says_of_a_file_is_put_in_order() -> None:
    """A type without its parameters, and nothing that is none."""
    file = RemoteFile("voice\n note" + "x" * 99, "l", "n", "Audio/OGG; codecs=opus")
    assert tidy(file) == RemoteFile(("voice note" + "x" * 99)[:40], "l", "n", "audio/ogg")
    assert tidy(RemoteFile("image", "l", content_type="<script>")).content_type == ""


def test_staff_read_why_a_file_is_not_kept() -> None:
    """Whatever the reason is."""
    assert refusal(Why.RUNS) == "it may be a program"
    assert refusal(Why.UNKNOWN) == refusal(Why.HEIC) == "it is of a kind that is not kept here"
