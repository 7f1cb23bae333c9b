"""Reference numbers that a person can read out on the phone: `EX-7K3M-9QPH`.

The alphabet has no vowels, so that no words appear by accident, and no letters that look or sound like another
(0/O, 1/I/L, 2/Z, 5/S, 8/B, U/V, M/N, D/T). Its size, 23, is prime, so that one weighted check character detects
every single wrong character and every swap of two neighbours.
"""

import re

ALPHABET = "23456789CFGHJKMPQRTVWXY"
_BASE = len(ALPHABET)
_BODY_LENGTH = 7
CAPACITY = _BASE**_BODY_LENGTH
# A multiplier without a common factor with 23 moves neighbouring numbers far apart and stays one to one.
_SPREAD = 2_246_822_519
_HEARD_AS = str.maketrans("SZBUND", "528VMT")


def reference(number: int, prefix: str) -> str:
    """Return the reference of the contact with this running number, from 1 up to CAPACITY - 1.

    Two numbers never share a reference: the mapping is one to one, so no look-up is needed.
    """
    if not 0 < number < CAPACITY:
        raise ValueError(f"contact number {number} is outside 1 to {CAPACITY - 1}")
    rest, body = number * _SPREAD % CAPACITY, ""
    for _ in range(_BODY_LENGTH):
        rest, digit = divmod(rest, _BASE)
        body += ALPHABET[digit]
    body += _check_character(body)
    return f"{prefix}-{body[:4]}-{body[4:]}"


def find(text: str, prefix: str) -> list[str]:
    """Return every valid reference inside free text, in order, each once.

    Lower case, missing or extra hyphens and spaces, and usual mistakes (S for 5, Z for 2, B for 8, U for V, N for M, D
    for T) are corrected; references with a wrong check character are left out.
    """
    # The prefix first, then a look-behind: the search looks for the prefix instead of testing every letter.
    start = rf"{re.escape(prefix)}(?<![A-Z0-9]{re.escape(prefix)})"
    pattern = rf"{start}[-\s.]{{0,3}}((?:[A-Z0-9][-\s.]{{0,3}}){{7}}[A-Z0-9])(?![A-Z0-9])"
    references: dict[str, None] = {}
    for match in re.finditer(pattern, text.upper()):
        body = re.sub(r"[^A-Z0-9]", "", match[1]).translate(_HEARD_AS)
        if set(body) <= set(ALPHABET) and _check_character(body[:-1]) == body[-1]:
            references[f"{prefix}-{body[:4]}-{body[4:]}"] = None
    return list(references)


def _check_character(body: str) -> str:
    return ALPHABET[-sum(weight * ALPHABET.index(c) for weight, c in enumerate(body, 2)) % _BASE]
