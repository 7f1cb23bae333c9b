"""Cleans and checks what people and officers type into fields, with messages for the person who typed it."""

import re
import unicodedata

from bot.core.page_sentences import sentence
from bot.wire.directions import plain_name, without_overrides

NAME_LIMIT = 200
EMAIL_LIMIT = 254  # RFC 5321 section 4.5.3.1.3, without the angle brackets
PHONE_LIMIT = 40
_FEWEST_PHONE_DIGITS = 5
_ATOM = r"[^\s@\"(),:;<>\[\]\\.]+"
# Letters and digits of any script, by what they are not: a class of a million characters takes 10 ms to compile.
_LETTER, _LETTER_OR_HYPHEN = r"[^\x00-/:-@\[-`{-\x7f]", r"[^\x00-,./:-@\[-`{-\x7f]"
_LABEL = rf"{_LETTER}(?:{_LETTER_OR_HYPHEN}{{0,61}}{_LETTER})?"
# RFC 5321 section 4.1.2 and RFC 6531: one mailbox, without the quoted and the [literal] forms that nobody types.
_EMAIL = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?:{_LABEL}\.)+(?!\d+$){_LABEL}")
_LONGEST_LOCAL_PART_BYTES = 64
_LINE_ENDS = re.compile("\r\n|[\r\v\f\u0085\u2028\u2029]")


def line(value: str, *, keep_invisible: bool = True) -> str:
    """Return the value as one line: line ends become spaces, so that no field can begin a new header line."""
    excluded_categories = {"Cc", "Cs"} if keep_invisible else {"Cc", "Cs", "Cf"}
    spaced = "".join(" " if c.isspace() else c for c in plain_name(value))
    characters = (c for c in spaced if unicodedata.category(c) not in excluded_categories)
    return " ".join(unicodedata.normalize("NFC", "".join(characters)).split())


def paragraphs(value: str) -> str:
    """Return the value as several lines that end in line feeds."""
    lines = _LINE_ENDS.sub("\n", without_overrides(value))
    characters = (c for c in lines if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"})
    return unicodedata.normalize("NFC", "".join(characters)).strip()


def email_fault(email: str) -> str:
    """Return what to do about this address, or "" where it is good."""
    if len(email) > EMAIL_LIMIT:
        return sentence("Use %(limit)s characters or fewer for the email address", limit=EMAIL_LIMIT)
    match = _EMAIL.fullmatch(email)
    if match is None or len(match["local"].encode()) > _LONGEST_LOCAL_PART_BYTES:
        return sentence("Enter one email address, like name@example.com")
    return ""


def account(address: str) -> str:
    """Return the address under which a member of staff is registered, in lower case, or "" where it cannot be one.

    Only ASCII is accepted: some other letters look alike, or become ASCII in lower case (U+212A becomes k).
    """
    plain = address.strip(" \t")
    return plain.lower() if plain.isascii() and plain.isprintable() else ""


def account_fault(address: str) -> str:
    """Return why this address cannot be that of an account, or "" where it can."""
    name, address_text = account(address), ascii(address[:EMAIL_LIMIT])
    if address.strip() and not name:
        return (
            f"{address_text} has a character that is no plain letter, digit or mark: type it anew, without copying it"
        )
    return f"{address_text} is no email address such as name@example.gov.uk" if email_fault(name) else ""


def phone_fault(phone: str) -> str:
    """Return what to do about this number, or "" where it is good or empty."""
    if len(phone) > PHONE_LIMIT:
        return sentence("Use %(limit)s characters or fewer for the phone number", limit=PHONE_LIMIT)
    if phone and sum(c.isdigit() for c in phone) < _FEWEST_PHONE_DIGITS:
        return sentence("Enter a phone number, like 01632 960 001")
    return ""


def name_fault(name: str) -> str:
    """Return what to do about this name, or "" where it is good."""
    is_long = len(name) > NAME_LIMIT
    return sentence("Use %(limit)s characters or fewer for the name", limit=NAME_LIMIT) if is_long else ""


def is_visible(text: str) -> bool:
    """Tell whether the text has a visible character."""
    return any(c.isprintable() and not c.isspace() for c in text)
