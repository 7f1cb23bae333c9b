"""Whether an answer was what its reader needs: yes, no, or not known."""

import pytest

from bot.core.needs import are_met


@pytest.mark.parametrize(
    ("needs", "formats", "how", "verdict"),
    [
        ("", "", "mail", None),
        ("large-print", "large-print", "mail", True),
        ("large-print", "large-print pl", "letter", True),
        ("large-print", "", "platform", False),
        ("large-print", None, "", None),
        ("braille", "", "mail", False),
        ("braille audio", "braille", "mail", False),
        ("braille audio", "braille audio", "mail", True),
        ("call", "", "phone", True),
        ("call", "", "mail", None),
        ("call braille", "", "phone", False),
        ("time", "", "mail", None),
        ("easy-read", "", "mail", None),
        ("large-print time", "large-print", "mail", None),
        ("large-print time", "", "mail", False),
    ],
)
def test_needs_are_met_where_each_is(needs: str, formats: str | None, how: str, *, verdict: bool | None) -> None:
    """One that is missing decides; one of which nobody can tell leaves it open."""
    assert are_met(needs, formats, how) is verdict
