"""Links into programs of staff's own say whom to write to, and what about."""

from urllib.parse import parse_qs, urlsplit

import pytest

from bot.core import links_out


@pytest.mark.parametrize(
    ("address", "subject"),
    [
        ("sam@residents.example", "Re: Missed bin (EX-7K3M-9QPH)"),
        ("sam+bins@residents.example", "Re: 50% & more? #1 + \u00e9"),
        ("o'neill&sons?x=y@residents.example", "a&cc=other@example.org"),
    ],
)
def test_a_mail_begins_with_its_subject(address: str, subject: str) -> None:
    """Whatever stands in address and subject: it ends neither of them, and begins no other field."""
    link = urlsplit(links_out.mail(address, subject, "us@example.gov.uk"))
    assert link.scheme == "mailto"
    assert "+" not in link.query
    assert parse_qs(link.query, strict_parsing=True) == {"cc": ["us@example.gov.uk"], "subject": [subject]}
    assert not {"&", "?", " "} & set(link.path)


def test_a_mail_of_a_channel_without_address_has_no_copy() -> None:
    """The field is left out."""
    assert links_out.mail("sam@residents.example", "Bin") == "mailto:sam@residents.example?subject=Bin"


@pytest.mark.parametrize(
    ("number", "link"),
    [
        ("tel:+441632960001", "tel:+441632960001"),
        ("01632 960-001", "tel:01632960001"),
        ("(01632) 960.001", "tel:01632960001"),
        ("not known", ""),
        ("", ""),
        ("+44;ext=1", ""),
        ("\u0661\u0662", ""),
    ],
)
def test_a_number_is_rung(number: str, link: str) -> None:
    """However it is written; what is no number has no link."""
    assert links_out.telephone(number) == link
