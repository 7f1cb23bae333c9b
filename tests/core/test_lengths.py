"""The length of a text, as each service counts it."""

import pytest

from bot.core.lengths import Longest, Unit, fragments


@pytest.mark.parametrize(
    ("text", "unit", "length"),
    [
        ("ŵy", Unit.CHARACTERS, 2),
        ("ŵy", Unit.BYTES, 3),
        ("see https://example.gov.uk/a/very/long/address/of/a/page now", Unit.SHORT_LINKS, 4 + 23 + 4),
        ("www.example.gov.uk", Unit.SHORT_LINKS, 23),
        ("hello ŵ", Unit.WEIGHTED, 7),
        ("水 ok", Unit.WEIGHTED, 5),
        ("\ud800", Unit.BYTES, 1),
    ],
)
def test_each_unit_counts_in_its_way(text: str, unit: Unit, length: int) -> None:
    """Bytes, characters, a link as 23, or most other scripts twice."""
    assert Longest(100, unit).length(text) == length


def test_what_is_too_long_is_refused_with_its_numbers() -> None:
    """How many are allowed, and how many there are; what fits is not refused."""
    assert Longest(1000, Unit.BYTES).why_not("x" * 1001) == "use 1,000 bytes or fewer; there are 1,001"
    assert Longest(5).why_not("123456") == "use 5 characters or fewer; there are 6"
    assert Longest(5).why_not("12345") == ""


def test_where_no_web_address_may_stand_one_is_refused() -> None:
    """Whatever its length."""
    assert "web address" in Longest(300, links=False).why_not("See www.example.gov.uk")
    assert Longest(300, links=False).why_not("See our page.") == ""


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 306, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ł" * 70, 1),
        ("a" * 134 + "ł", 3),
        ("\U0001f600" * 36, 2),
    ],
)
def test_a_network_cuts_a_text_as_its_letters_allow(text: str, count: int) -> None:
    """160 letters of its own alphabet, 70 of any other; a little less where there are several."""
    assert fragments(text) == count
