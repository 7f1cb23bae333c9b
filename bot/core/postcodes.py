"""Postcodes in what people write, as the rules of routing name them: TA, TA1, TA1 3."""

import re

# GOV.UK's bulk data transfer standard for postcodes: the outward part, then a digit and two letters.
_POSTCODE = re.compile(r"(?<![A-Z0-9])([A-Z]{1,2}\d[A-Z\d]?) ?(\d[A-Z]{2})(?![A-Z0-9])")
_OUTWARD = re.compile(r"([A-Z]{1,2}\d[A-Z\d]?)")
_AREA = re.compile(r"[A-Z]{1,2}")


def in_text(text: str) -> tuple[str, ...]:
    """Return every full postcode in a text, in order, each once, written as in TA1 3DU."""
    pairs = (f"{outward} {inward}" for outward, inward in _POSTCODE.findall(" ".join(text.upper().split())))
    return tuple(dict.fromkeys(pairs))


def outward(words: str) -> tuple[str, ...]:
    """Return the first half of a postcode, where that is all there is: TA1."""
    match = _OUTWARD.fullmatch(words.upper())
    return (match[0],) if match else ()


def begins_with(postcode: str, prefix: str) -> bool:
    """Tell whether a postcode is in the area TA, the district TA1 or the sector TA1 3. TA10 is not in TA1."""
    outward_part = postcode.split(" ", 1)[0]
    area = _AREA.match(outward_part)
    if _AREA.fullmatch(prefix):
        return area is not None and area[0] == prefix
    return outward_part == prefix or (" " in prefix and postcode.startswith(prefix))
