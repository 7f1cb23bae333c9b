"""Converts telephone numbers to one form, so that a person is recognised whatever form was typed."""

import re
import unicodedata

PREFIX = "tel:"
_EXTENSION = re.compile(r"(?:ext(?:ension)?\.?|x|#)\s*(\d+)\s*$", re.IGNORECASE)
_LENGTH_WITH_COUNTRY = 12


def normal(text: str) -> str:
    """Return the number as dialled from anywhere: `01632 960 888`, `+44 (0)1632 960888` and `0044...` are the same.

    The rule is that of the United Kingdom (Ofcom, National Telephone Numbering Plan): a leading 0 stands for +44, 00
    for +, and 44 with ten digits after it is the country, too. Any other number is reduced to its digits.
    """
    extension = _EXTENSION.search(text)
    main = text[: extension.start()] if extension else text
    suffix = f";ext={extension[1]}" if extension else ""
    digits = "".join(str(unicodedata.decimal(character)) for character in main if character.isdecimal())
    with_country = digits if main.lstrip(" (").startswith("+") else _with_country(digits)
    if with_country is None:
        return f"{digits}{suffix}"
    if with_country.startswith("440"):
        with_country = f"44{with_country[3:]}"
    return f"+{with_country}{suffix}"


def _with_country(digits: str) -> str | None:
    """Return a number typed without a + as its digits from the country on; None where the country is not known."""
    if digits.startswith("00"):
        return digits[2:]
    if digits.startswith("0"):
        return f"44{digits[1:]}"
    return digits if digits.startswith("44") and len(digits) == _LENGTH_WITH_COUNTRY else None


def address(text: str) -> str:
    """Return the number as an address (RFC 3966): `tel:+441632960888`; "" for an empty one."""
    number = normal(text)
    return f"{PREFIX}{number}" if number else ""


def key(address_of_person: str) -> str:
    """Return the key of a person with this address: mail in lower case, a telephone number in its one form."""
    if address_of_person.lower().startswith(PREFIX):
        return address(address_of_person[len(PREFIX) :])
    return address_of_person.lower()
