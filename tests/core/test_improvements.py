"""What is published names nobody."""

import pytest

from bot.core.improvements import identifies
from bot.core.threads import reference_of


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Write to sam@residents.example.", "an email address"),
        ("It was @sam_r who said so.", "a name on a platform"),
        (f"See {reference_of(7, 'EX', b'')}.", "a reference"),
        ("In TA1 3DU the bins were full.", "a postcode"),
        ("in ta13du", "a postcode"),
        ("Ring 01632 960 888.", "a telephone number"),
        ("Ring +44 (0)1632-960888.", "a telephone number"),
        ("Mrs O\u2019Brien told us.", "a name of a person"),
        ("BLODWEN told us.", "a name of a person"),
    ],
)
def test_what_shows_who_somebody_is_is_named(text: str, kind: str) -> None:
    """However it is written."""
    (reason,) = identifies(text, "EX", ["Blodwen O\u2019Brien"])
    assert reason.startswith(kind)


@pytest.mark.parametrize(
    "text",
    [
        "You could not find the days of the bins for 2026.",
        "We answered 1,234 of 1,300 within 10 working days (94.9 %).",
        "The office opens at 8:30am, since 24/12/2026.",
        "Samples of the soil were taken.",
    ],
)
def test_what_shows_nobody_passes(text: str) -> None:
    """Numbers, dates and words that only begin like a name."""
    assert not list(identifies(text, "EX", ["Sam Li", "Al"]))
