"""The ways in which people need us to write or speak (Equality Act 2010 section 20), as codes and in words.

A code is what a message, a task or a figure goes by; the words are those of staff. Codes are stored.
"""

from collections.abc import Iterable
from enum import StrEnum


class Need(StrEnum):
    """What a person needs; the texts are stored."""

    LARGE_PRINT = "large-print"
    EASY_READ = "easy-read"
    BRAILLE = "braille"
    AUDIO = "audio"
    BSL = "bsl"
    CALL = "call"
    TIME = "time"


# As staff read and choose them.
WORDS = {
    Need.LARGE_PRINT: "Large print",
    Need.EASY_READ: "Easy Read",
    Need.BRAILLE: "Braille",
    Need.AUDIO: "Audio",
    Need.BSL: "British Sign Language",
    Need.CALL: "Call instead of writing",
    Need.TIME: "More time",
}
# No program makes these: somebody of staff has the text made into them.
BY_STAFF = (Need.BRAILLE, Need.AUDIO)
# How people ask on a form to be answered where staff have to do it, and what staff call it.
ANSWERS_BY_HAND = {"phone": "a call", "letter": "a letter"}
# The route of an answer that is a call.
BY_CALL = "phone"
_CODES = {words.casefold(): need for need, words in WORDS.items()}
SEPARATOR = "; "


def are_met(needs: str, formats: str | None, how: str) -> bool | None:
    """Return whether an answer was what its reader needs; None where that is not known, or nothing is needed.

    `needs` are those that were noted when it was given, as a column has them; `formats` those in which it left or was
    made since, None where it did not leave from here; `how` is by which way. Whether words are easy to read, whether
    they were signed, or somebody had more time, no program can tell.
    """
    verdicts = [_is_met(need, formats, how) for need in of_column(needs)]
    if False in verdicts:
        return False
    return True if verdicts and None not in verdicts else None


def _is_met(need: Need, formats: str | None, how: str) -> bool | None:
    if need in (Need.LARGE_PRINT, *BY_STAFF):
        return None if formats is None else need in of_column(formats)
    return True if need is Need.CALL and how == BY_CALL else None


def codes(words: str) -> tuple[Need, ...]:
    """Return the needs that stand in the words of staff, each once, in the order of `Need`; others are left out."""
    needs = {_CODES.get(part.strip().casefold()) for part in words.split(SEPARATOR.strip())}
    return tuple(need for need in Need if need in needs)


def of_column(text: str) -> tuple[Need, ...]:
    """Return the needs of a stored column, such as "large-print bsl"; what is unknown is left out."""
    if not text:
        return ()
    codes_in_text = set(text.split())
    return tuple(need for need in Need if need in codes_in_text)


def as_column(needs: Iterable[Need]) -> str:
    """Return the needs as they are stored."""
    choice = set(needs)
    return " ".join(need for need in Need if need in choice) if choice else ""


def in_words(needs: Iterable[Need]) -> str:
    """Return the needs in the words of staff."""
    return SEPARATOR.join(WORDS[need] for need in needs)


def with_codes(words: str, needs: Iterable[Need]) -> str:
    """Return the words of staff with these needs in place of those that stand in them; what is no code stays."""
    own_words = (part for part in words.split(SEPARATOR) if part and part.strip().casefold() not in _CODES)
    return SEPARATOR.join([*(WORDS[need] for need in of_column(as_column(needs))), *own_words])
