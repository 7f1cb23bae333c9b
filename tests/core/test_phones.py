"""One telephone number is one person, however it was typed."""

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from bot.core import phones


@pytest.mark.parametrize(
    "typed",
    [
        *("01632 960888", "01632-960-888", "(01632) 960 888", "+44 1632 960888", "+44 (0)1632 960888"),
        *("0044 1632 960888", "441632960888", "+441632960888", "٠١٦٣٢ ٩٦٠٨٨٨"),
    ],
)
def test_a_number_of_this_country_has_one_form(typed: str) -> None:
    """With or without spaces, signs, the country and the 0 in brackets."""
    assert phones.address(typed) == "tel:+441632960888"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("+353 1 496 0123", "+35314960123"),
        ("00353 1 496 0123", "+35314960123"),
        ("101", "101"),
        ("01632 960888 ext. 12", "+441632960888;ext=12"),
        ("01632 960888 x12", "+441632960888;ext=12"),
        ("", ""),
    ],
)
def test_other_numbers_stay_what_they_are(typed: str, expected: str) -> None:
    """Abroad, short, with an extension, none."""
    assert phones.normal(typed) == expected


def test_an_address_of_any_kind_has_a_key() -> None:
    """Mail in lower case, telephones in their form, an own name of a platform as it is."""
    assert phones.key("Sam@Residents.Example") == "sam@residents.example"
    assert phones.key("tel:01632 960 888") == "tel:+441632960888"
    assert phones.key("447700900123") == "447700900123"
    assert phones.address("none") == ""


def test_every_kind_of_number_of_this_country_has_the_form_that_the_library_gives_it() -> None:
    """In each way in which the library writes it, with an extension and without."""
    compared = 0
    for kind in PhoneNumberType.values():
        number = phonenumbers.example_number_for_type("GB", kind)
        if number is None:
            continue
        for extension in ("", "12"):
            number.extension = extension or None
            plain = phonenumbers.format_number(number, PhoneNumberFormat.E164)
            expected = f"{plain};ext={extension}" if extension else plain
            for form in (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL):
                assert phones.normal(phonenumbers.format_number(number, form)) == expected
                compared += 1
    assert compared >= 28
