"""The subject, the signature and the sender of an answer."""

import pytest

from bot.core.answers import sender, signature, subject_of

REFERENCE = "EX-7K3M-9QPH"


@pytest.mark.parametrize(
    ("own", "subject", "result"),
    [
        ("", "A hole", f"Re: A hole ({REFERENCE})"),
        ("", "RE: re: A hole", f"Re: A hole ({REFERENCE})"),
        ("", "  ", f"Re: your message ({REFERENCE})"),
        ("", f"Re: We have your message: {REFERENCE}", f"Re: We have your message: {REFERENCE}"),
        ("About your bin", "A hole", f"About your bin ({REFERENCE})"),
        (f"[{REFERENCE.lower()}] Bin", "", f"[{REFERENCE.lower()}] Bin"),
    ],
)
def test_a_subject_goes_on_and_has_the_reference_once(own: str, subject: str, result: str) -> None:
    """The officer's own, else the person's."""
    assert subject_of(own, subject, REFERENCE) == result


def test_a_signature_has_only_lines_that_say_something() -> None:
    """Who, which team, which organisation."""
    assert signature("Ann", "front-office", "Council") == "Ann\nFront office team\nCouncil"
    assert signature("", "", "Council") == "Council"


def test_a_name_cannot_break_out_of_the_sender() -> None:
    """Quotation marks and brackets stay a name; another address is left out."""
    assert sender('Ann "the boss" <b>\\', "Council", "us@example.gov.uk") == (
        "\"Ann 'the boss' <b>, Council\" <us@example.gov.uk>"
    )
    assert sender("ann@example.gov.uk", "Council", "us@example.gov.uk") == '"Council" <us@example.gov.uk>'
    assert sender("", "", "us@example.gov.uk") == "us@example.gov.uk"
