"""Password hashes: argon2id with the library's own parameters (RFC 9106)."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

FEWEST_CHARACTERS, MOST_CHARACTERS = 8, 1_000
_HASHER = PasswordHasher()


def fault(password: str) -> str:
    """Return why this cannot be a password, or "" (NIST SP 800-63B: length counts, not the kinds of characters)."""
    if len(password) < FEWEST_CHARACTERS:
        return f"the password must have {FEWEST_CHARACTERS} characters or more"
    return f"the password must have {MOST_CHARACTERS} characters or fewer" if len(password) > MOST_CHARACTERS else ""


def hashed(password: str) -> str:
    """Return the hash to store for a password."""
    return _HASHER.hash(password)


def matches(password_hash: str, password: str) -> bool:
    """Tell whether the password matches the hash. An empty hash takes just as long and never matches."""
    substitute = _hash_of_nobody()  # computed on the first attempt, whoever signs in
    try:
        _HASHER.verify(password_hash or substitute, password[:MOST_CHARACTERS])
    except (Argon2Error, InvalidHashError):
        return False
    return bool(password_hash)


@cache
def _hash_of_nobody() -> str:
    # Verified for accounts that do not exist, so that the answer takes as long. Computing it takes 0.1 s.
    return _HASHER.hash("nobody's")
