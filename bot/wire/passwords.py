"""Password hashes: argon2id with the library's own parameters (RFC 9106)."""

import re
from collections.abc import Iterable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

FEWEST_CHARACTERS, MOST_CHARACTERS = 8, 1_000
HASHER = PasswordHasher()
_EASY = (
    "this password is easy to guess: choose a longer one, of words that have nothing to do with one another or with you"
)
# About what eight random characters take, in the estimate of zxcvbn.
_FEWEST_GUESSES = 10**8
# The beginning is what is estimated: it takes longer the longer the text is.
_MOST_ESTIMATED = 72
_WORD = re.compile(r"[^\W_]+")


def fault(password: str, about: Iterable[str] = ()) -> str:
    """Return why this cannot be a password, or "". `about`: names and addresses that everybody would try.

    NIST SP 800-63B section 3.1.1.2: length counts, not the kinds of characters, and nothing that is common.
    """
    if len(password) < FEWEST_CHARACTERS:
        return f"the password must have {FEWEST_CHARACTERS} characters or more"
    if len(password) > MOST_CHARACTERS:
        return f"the password must have {MOST_CHARACTERS} characters or fewer"
    return _EASY if _is_easy(password, about) else ""


def _is_easy(password: str, about: Iterable[str]) -> bool:
    """Tell whether few guesses find it, by those who begin with what is common, and with what is known of us."""
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its lists take 30 ms to load

    words = {word for text in about for word in (text.lower(), *_WORD.findall(text.lower())) if len(word) > 2}
    remainder = password.lower() if any(word in password.lower() for word in words) else password
    for word in sorted(words, key=len, reverse=True):
        remainder = remainder.replace(word, "")
    return not remainder or zxcvbn(remainder[:_MOST_ESTIMATED])["guesses"] < _FEWEST_GUESSES


def hashed(password: str) -> str:
    """Return the hash to store for a password."""
    return HASHER.hash(password)


def matches(password_hash: str, password: str) -> bool:
    """Tell whether the password matches the hash. An empty hash takes just as long and never matches."""
    substitute = _hash_of_nobody()  # computed on the first attempt, whoever signs in
    try:
        HASHER.verify(password_hash or substitute, password[:MOST_CHARACTERS])
    except (Argon2Error, InvalidHashError):
        return False
    return bool(password_hash)


@cache
def _hash_of_nobody() -> str:
    # Verified for accounts that do not exist, so that the answer takes as long. Computing it takes 0.1 s.
    return HASHER.hash("nobody's")
