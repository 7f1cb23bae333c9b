"""What a receipt may repeat of a subject that anybody may have typed, and the opening hours by language."""

import pytest

from bot.core.addressing import MOST_SUBJECT, Addressing, subject_in_receipt


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("A hole in Mill Lane", "A hole in Mill Lane"),
        ("Re: Fwd: AW: a hole", "a hole"),
        ("You won: https://evil.example/x now", "You won: now"),
        ("See evil.example or write to me@evil.example", "See or write to"),
        ("Is 3.5 t allowed?", "Is t allowed?"),
        ("a\u202ebc\u2066d", "abcd"),
        ("  two\nlines\t", "two lines"),
        ("https://evil.example", ""),
        ("", ""),
    ],
)
def test_a_subject_leads_nowhere(subject: str, words: str) -> None:
    """Links and addresses are left out, and so is what turns the direction of a line."""
    assert subject_in_receipt(subject) == words


def test_a_long_subject_is_cut() -> None:
    """It says that something is missing."""
    line = subject_in_receipt("word " * 100)
    assert len(line) <= MOST_SUBJECT
    assert line.endswith("word…")


def test_the_opening_hours_are_those_of_the_language() -> None:
    """Else the English ones; nothing where nobody wrote them down."""
    addressing = Addressing(opening_hours={"en": "9 to 5", "cy": "9 tan 5"})
    assert [addressing.hours(code) for code in ("cy", "pl", "en")] == ["9 tan 5", "9 to 5", "9 to 5"]
    assert Addressing().hours("en") == ""
