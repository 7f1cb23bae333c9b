"""What people and officers type into fields: cleaned, and checked, with words for whoever typed it."""

import re
import unicodedata

NAME_LIMIT = 200
EMAIL_LIMIT = 254  # RFC 5321 section 4.5.3.1.3, without the angle brackets
PHONE_LIMIT = 40
_FEWEST_PHONE_DIGITS = 5
_ATOM = r"[^\s@\"(),:;<>\[\]\\.]+"
_LETTER = r"a-zA-Z0-9\u0080-\U0010ffff"  # re.IGNORECASE would look at a million characters one by one
_LABEL = rf"[{_LETTER}](?:[{_LETTER}-]{{0,61}}[{_LETTER}])?"
# RFC 5321 section 4.1.2 and RFC 6531: one mailbox, without the quoted and the [literal] forms that nobody types.
_EMAIL = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?:{_LABEL}\.)+(?!\d+$){_LABEL}")
_LONGEST_LOCAL_PART_BYTES = 64
_LINE_ENDS = re.compile("\r\n|[\r\v\f\u0085\u2028\u2029]")
# Turning the direction of text around can make a name look like another one; no name needs it (Unicode UAX 9).
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def line(value: str, *, keep_invisible: bool = True) -> str:
    """One line: line ends become spaces, so that no field can begin a new header line wherever it is used."""
    dropped = {"Cc", "Cs"} if keep_invisible else {"Cc", "Cs", "Cf"}
    spaced = "".join(" " if c.isspace() else c for c in value)
    kept = (c for c in spaced if c not in _DIRECTION and unicodedata.category(c) not in dropped)
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())


def paragraphs(value: str) -> str:
    """Several lines, with line feeds as line ends."""
    lines = _LINE_ENDS.sub("\n", value)
    kept = (c for c in lines if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"})
    return unicodedata.normalize("NFC", "".join(kept)).strip()


def email_fault(email: str, whose: str = "Your") -> str:
    """What to do about this address; "" where it is good."""
    if len(email) > EMAIL_LIMIT:
        return f"{whose} email address must be {EMAIL_LIMIT} characters or fewer"
    found = _EMAIL.fullmatch(email)
    if found is None or len(found["local"].encode()) > _LONGEST_LOCAL_PART_BYTES:
        return "Enter one email address, like name@example.com"
    return ""


def account(address: str) -> str:
    """The address by which somebody of staff is known, in small letters; "" for one that nobody can be known by.

    Outside of ASCII there are letters that look like another, or become one when made small (U+212A becomes k).
    """
    plain = address.strip(" \t")
    return plain.lower() if plain.isascii() and plain.isprintable() else ""


def account_fault(address: str) -> str:
    """Why nobody can be known by this address; "" where somebody can."""
    known, shown = account(address), ascii(address[:EMAIL_LIMIT])
    if address.strip() and not known:
        return f"{shown} has a character that is no plain letter, digit or mark: type it anew, without copying it"
    return f"{shown} is no email address such as name@example.gov.uk" if email_fault(known) else ""


def phone_fault(phone: str, whose: str = "Your") -> str:
    """What to do about this number; "" where it is good or there is none."""
    if len(phone) > PHONE_LIMIT:
        return f"{whose} phone number must be {PHONE_LIMIT} characters or fewer"
    if phone and sum(c.isdigit() for c in phone) < _FEWEST_PHONE_DIGITS:
        return "Enter a phone number, like 01632 960 001"
    return ""


def name_fault(name: str, whose: str = "Your") -> str:
    """What to do about this name; "" where it is good."""
    return f"{whose} name must be {NAME_LIMIT} characters or fewer" if len(name) > NAME_LIMIT else ""


def is_visible(text: str) -> bool:
    """Whether there is anything to see."""
    return any(c.isprintable() and not c.isspace() for c in text)
