"""Extracts the newly written text of a mail, without the quoted mail, the signature and the disclaimer.

It is for people who read a thread; the full text is always stored beside it. In doubt, too much is kept.
"""

import re
from collections.abc import Iterator, Sequence

from bot.wire.mail import quotations, signatures

# This much of a line is looked at; it is kept as long as it is.
_MAX_LINE = 1_000
_RULE = re.compile(r"[_=*-]{20,}")
# Marks of direction, and spaces without width, which programs put around addresses and colons.
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def new_words(text: str) -> str:
    """Return the newly written part of `text`. Never raises, and is empty only where `text` is.

    Answers between and below quoted lines are new. Return the whole text where nothing would be left, as in mail that
    is only forwarded.
    """
    originals = text.split("\n")
    lines = [*_tidy(text)]
    older = [*quotations.older_mail(lines)]
    pieces = [*_between(older, len(lines))]
    words = [_without_tail(lines, piece) for piece in pieces]
    if not older and words == pieces:
        return text
    return _join(originals, lines, words) or _join(originals, lines, pieces) or text


def _tidy(text: str) -> Iterator[str]:
    """Yield what is looked at of each line: single spaces, no indent, nothing invisible, no rule."""
    for original in text.split("\n"):
        line = " ".join(original[:_MAX_LINE].split())
        if not line.isascii() and ("@" in line or ":" in line):
            line = _INVISIBLE.sub("", line).strip()
        yield "" if line[-1:] in "_=*-" and _RULE.fullmatch(line) else line


def _between(older: Sequence[range], end: int) -> Iterator[range]:
    """Yield the lines before, between and after these."""
    start = 0
    for lines in [*older, range(end, end)]:
        if lines.start > start:
            yield range(start, lines.start)
        start = max(start, lines.stop)


def _without_tail(lines: Sequence[str], piece: range) -> range:
    return range(piece.start, piece.start + signatures.end_of_words(lines[piece.start : piece.stop]))


def _join(originals: Sequence[str], lines: Sequence[str], pieces: Sequence[range]) -> str:
    """Return the original text of the pieces, without their empty lines at both ends."""
    texts = list[str]()
    for piece in pieces:
        with_text = [at for at in piece if lines[at]]
        if with_text:
            texts.append("\n".join(originals[with_text[0] : with_text[-1] + 1]).strip())
    return "\n\n".join(texts)
