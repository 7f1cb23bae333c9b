"""Finds the older mail that a text quotes, by the shapes that mail programs give it in every language.

These are lines with ">" in front; lines that end in a colon and have an address and a date ("On ... Ann <...> wrote:");
a block of header fields of which one has an address and another a date ("From: ... Sent: ..."); and a heading in dashes
above some of them ("-----Original Message-----"). Every line is looked at a fixed number of times.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

# One of these stands in every text that quotes mail, but for that of a program which leaves addresses out.
SIGNS = (">", "@", "----")

_COLONS = (":", "\uff1a")
_FIELD = re.compile(r"[*_ ]*([^:\uff1a<>@\d*_]{1,30})[*_ ]*[:\uff1a][*_ ]*(?!//)")
_MOST_WORDS_OF_A_NAME = 4
# Within one organisation, programs leave the address out: then only the name of the first field tells it from a form.
_FROM = frozenset(
    {"from", "von", "de", "da", "od", "van", "fra", "oddi wrth", "de la", "від", "\u043eт", "من", "از", "প্রেরক"}
)
# Recipients can fill many lines.
_FEWEST_FIELDS, _MOST_HEADER_LINES = 3, 40
_HEADING = re.compile(r"[-\u2013\u2014]{4,} ?[^\W\d_][^-\u2013\u2014:.!?]{2,50}[-\u2013\u2014]{4,}")
_MOST_ATTRIBUTION_LINES, _LONGEST_ATTRIBUTION = 3, 300

_BRACKETED = re.compile(r"(?:[<\[] ?(?:mailto:)?|mailto:)[^<>\[\]\s@]{1,64}@[^<>\[\]\s]{1,190} ?[>\]]?")
# Digits are those of any script. A year by itself is no day, and may be a sum or the number of a house.
_NUMERIC_DAY = re.compile(r"(?<![\d.])\d{1,4} ?[./-] ?\d{1,2} ?[./-] ?\d{2,4}(?!\.?\d)|\d ?[年년]")
_YEAR, _DAY_OF_MONTH = re.compile(r"(?<!\d)\d{4}(?!\d)"), re.compile(r"(?<!\d)\d{1,2}(?!\d)")
_TIME = re.compile(r"\d[:h時时点點시] ?\d\d(?!\d)")
# An attribution is part of a sentence; a dot within it ends an abbreviation, mostly of a day, a month or a title.
_NEXT_SENTENCE = re.compile(r"\b[^\W\d_A-Z]\w{3,20}[.!?] [A-ZÀ-Þ]")


def older_mail(lines: Sequence[str]) -> Iterator[range]:
    """Yield the lines that are older mail or introduce it, in order. The lines have no indents.

    What follows an introduction is older mail to the end, unless the introduced lines bear ">".
    """
    fields = [bool(_name_of(line)) for line in lines]
    at, last = 0, len(lines)
    above = _line_above(lines, next((number for number, line in enumerate(lines) if is_quoted(line)), 0))
    while at < last:
        shape = above if above and at == above.start else _shape_at(lines, fields, at)
        if shape and not is_quoted(lines[at]) and not is_quoted(_first_text(lines, shape.stop)):
            yield range(shape.start, last)
            return
        if shape:
            yield shape
        at = shape.stop if shape else at + 1


def _shape_at(lines: Sequence[str], fields: Sequence[bool], at: int) -> range:
    """Return the quoted line or the introduction that begins here, or nothing."""
    if not lines[at]:
        return range(0)
    if is_quoted(lines[at]):
        return range(at, at + 1)
    return _heading(lines, fields, at) or _header(lines, fields, at) or _attribution(lines, at)


def _first_text(lines: Sequence[str], start: int) -> str:
    return next((lines[at] for at in range(start, len(lines)) if lines[at]), "")


def is_quoted(line: str) -> bool:
    """Tell whether a program marked the line as quoted."""
    return line.startswith(">")


def _name_of(line: str) -> str:
    """Return the name of the field that this line is, or "" where it is none."""
    match = _FIELD.match(line) if ":" in line or "\uff1a" in line else None
    name = match[1].strip() if match else ""
    return name if len(name.split()) <= _MOST_WORDS_OF_A_NAME else ""


def _address_in(words: str) -> int:
    """Return 2 for an address in brackets, as programs write it, 1 for any other, 0 for none."""
    return 2 if _BRACKETED.search(words) else int("@" in words)


def _date_in(words: str) -> int:
    """Return 2 for a day and a time, 1 for one of them, 0 for none. The digits of addresses do not count."""
    plain = _BRACKETED.sub(" ", words)
    if "@" in plain:
        plain = " ".join(word for word in plain.split() if "@" not in word)
    has_day = _NUMERIC_DAY.search(plain) or (_YEAR.search(plain) and _DAY_OF_MONTH.search(plain))
    return (has_day is not None) + (_TIME.search(plain) is not None)


def _block(lines: Sequence[str], fields: Sequence[bool], at: int) -> range:
    """Return the fields that begin at line `at`, with the lines on which recipients continue."""
    end = at
    while end < min(len(lines), at + _MOST_HEADER_LINES) and lines[end] and not is_quoted(lines[end]):
        continues = end > at and ("@" in lines[end] or lines[end - 1].endswith((",", ";", "<")))
        if not fields[end] and not continues:
            break
        end += 1
    return range(at, end)


def _is_header(lines: Sequence[str], block: range, *, has_heading: bool) -> bool:
    """Tell whether fields are those of a mail.

    A person's own form can have an address and a date, too, but hardly in brackets; without them, two of these stand
    beside a date: an address in the first field, a name of it that means "from", a time.
    """
    addresses = [_address_in(lines[at]) for at in block]
    dates = (_date_in(lines[at]) for at, address in zip(block, addresses, strict=True) if has_heading or not address)
    date = max(dates, default=0)
    if has_heading:
        return bool(addresses[0]) or max(addresses) == 2 or date == 2
    signs = (addresses[0] > 0) + (_name_of(lines[block.start]).lower() in _FROM) + date
    return date > 0 and (max(addresses) == 2 or signs > 2)


def _header(lines: Sequence[str], fields: Sequence[bool], at: int) -> range:
    """Return the block of fields that begins at this line and has text below it, or nothing."""
    if not fields[at] or (at and fields[at - 1]):
        return range(0)
    block = _block(lines, fields, at)
    if at and lines[at - 1]:  # in the same paragraph, what comes first may be the author's
        first = next((number for number in block if _address_in(lines[number]) or _date_in(lines[number])), at)
        block = range(first, block.stop)
    if sum(fields[block.start : block.stop]) < _FEWEST_FIELDS or not _first_text(lines, block.stop):
        return range(0)
    return block if _is_header(lines, block, has_heading=False) else range(0)


def _heading(lines: Sequence[str], fields: Sequence[bool], at: int) -> range:
    """Return the heading in dashes at this line, with the fields below it, or nothing."""
    if not lines[at].startswith(("-", "\u2013", "\u2014")) or not _HEADING.fullmatch(lines[at]):
        return range(0)
    first = next((number for number in range(at + 1, min(at + 3, len(lines))) if lines[number]), at)
    block = _block(lines, fields, first)
    if sum(fields[block.start : block.stop]) < 2 or not _is_header(lines, block, has_heading=True):
        return range(0)
    return range(at, block.stop)


def _attribution(lines: Sequence[str], at: int) -> range:
    """Return the attribution that begins at this line and ends in a colon, there or up to two lines below."""
    for end in range(at + 1, min(at + _MOST_ATTRIBUTION_LINES, len(lines)) + 1):
        if not lines[end - 1] or is_quoted(lines[end - 1]):
            break
        if _ends_in_colon(lines[end - 1]):
            is_first = _introduces(" ".join(lines[at:end])) and _contributes(lines[at], " ".join(lines[at + 1 : end]))
            return range(at, end) if is_first else range(0)
    return range(0)


def _introduces(words: str) -> bool:
    """Tell whether the words have an address and a date as programs write them: in brackets, or with day and time."""
    if "@" not in words or len(words) > _LONGEST_ATTRIBUTION or _NEXT_SENTENCE.search(words):
        return False
    address, date = _address_in(words), _date_in(words)
    return date > 0 and address + date > 2


def _contributes(line: str, remainder: str) -> bool:
    """Tell whether the lines below a line would not do as an attribution, or have only the time of its date."""
    if not _introduces(remainder):
        return True
    return _YEAR.search(line) is not None and not _YEAR.search(remainder) and not line.endswith((".", "!", "?"))


def _ends_in_colon(line: str) -> bool:
    return line.rstrip("*_ ").endswith(_COLONS)


def _line_above(lines: Sequence[str], first_quoted: int) -> range:
    """Return the lines that introduce the first quoted line: with a date or an address, and a colon at the end."""
    end = first_quoted
    while end and not lines[end - 1]:
        end -= 1
    above = range(end - 1, max(end - 1 - _MOST_ATTRIBUTION_LINES, -1), -1)
    near = [*takewhile(lambda at: bool(lines[at]) and not is_quoted(lines[at]), above)]
    if not near or not _ends_in_colon(lines[near[0]]):
        return range(0)
    first = next((at for at in near if "@" in lines[at] or _date_in(lines[at])), None)
    if first is None or _NEXT_SENTENCE.search(lines[first]) or len(lines[first]) > _LONGEST_ATTRIBUTION:
        return range(0)
    return range(first, end)
