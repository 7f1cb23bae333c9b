"""Numbers as an address or a form has them: of a page, a row, an event."""

# Any number of ours has fewer digits, and every database takes as many.
_MOST_DIGITS = 15


def number_of(text: str) -> int | None:
    """The whole number that stands there, from 0 up; None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else None
