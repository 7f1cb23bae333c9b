"""Passwords as they are kept: argon2id with the library's own parameters (RFC 9106)."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

FEWEST_CHARACTERS, MOST_CHARACTERS = 8, 1_000
_HASHER = PasswordHasher()


def fault(password: str) -> str:
    """Why this cannot be a password; "" if it can (NIST SP 800-63B: length counts, not the kinds of characters)."""
    if len(password) < FEWEST_CHARACTERS:
        return f"the password must have {FEWEST_CHARACTERS} characters or more"
    return f"the password must have {MOST_CHARACTERS} characters or fewer" if len(password) > MOST_CHARACTERS else ""


def hashed(password: str) -> str:
    """As it is kept."""
    return _HASHER.hash(password)


def matches(kept: str, password: str) -> bool:
    """Whether this is the password. It takes as long where there is none."""
    nobodys = _nobodys()  # made at the first try, whoever's it is
    try:
        _HASHER.verify(kept or nobodys, password[:MOST_CHARACTERS])
    except (Argon2Error, InvalidHashError):
        return False
    return bool(kept)


@cache
def _nobodys() -> str:
    # Checked for who has no account, so that the answer takes as long. To make it takes a tenth of a second.
    return _HASHER.hash("nobody's")
