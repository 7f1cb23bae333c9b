"""Reads durations and receipt rules from text."""

import re
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum


class Unit(StrEnum):
    """The unit of a duration. Hours and minutes elapse; working hours are those of the office."""

    WORKING_DAY = "working day"
    DAY = "day"
    MONTH = "month"
    HOUR = "hour"
    WORKING_HOUR = "working hour"
    MINUTE = "minute"


_UNITS = "working days, days, months, hours, working hours, minutes"
_MINUTES = {Unit.DAY: 24 * 60, Unit.HOUR: 60, Unit.MINUTE: 1}
_ROLLING = (Unit.DAY, Unit.MONTH)
_UNIT_OF = {f"{unit}{s}": unit for unit in Unit for s in ("", "s")}
_COUNT = re.compile(r"[1-9][0-9]{0,4}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_ROLL = (",", "then", "next", "working", "day")


class BadWords(ValueError):
    """Text that is not a duration, receipt rule or pause: which word is wrong, and what is allowed in its place.

    `start` is the place of `word` in `text`; `word` is "" where one is missing at the end.
    """

    def __init__(self, text: str, start: int, word: str, alternatives: str) -> None:
        wrong = f"{word!r} cannot stand here" if word else "something is missing at the end"
        super().__init__(f"{wrong}; allowed: {alternatives}")
        self.text, self.start, self.word = text, start, word

    @property
    def pointer(self) -> str:
        """The text, and below it a mark that points at the wrong word."""
        return f"{self.text}\n{' ' * self.start}{'^' * max(1, len(self.word))}"


@dataclass(frozen=True, slots=True)
class Words:
    """Text cut into words and commas, each with its place, to be read from left to right."""

    text: str
    words_and_places: tuple[tuple[str, int], ...]

    def at(self, number: int) -> str:
        """Return the word of that number, in lower case; "" after the last one."""
        return self.words_and_places[number][0].lower() if number < len(self.words_and_places) else ""

    def wrong(self, number: int, alternatives: str) -> BadWords:
        """Return the error that points at the word of that number."""
        word, start = self.words_and_places[number] if number < len(self.words_and_places) else ("", len(self.text) + 1)
        return BadWords(self.text, start, word, alternatives)

    def end_at(self, number: int) -> None:
        """Raise BadWords if there is a word at or after that number."""
        if number < len(self.words_and_places):
            raise self.wrong(number, "nothing more")


def words(text: str) -> Words:
    """Cut text into words; a comma is a word of its own."""
    return Words(text, tuple((m[0], m.start()) for m in re.finditer(r"[^\s,]+|,", text)))


@dataclass(frozen=True, slots=True)
class Duration:
    """A count of one unit; `rolls` moves a due day that is not a working day to the next one.

    `words` says the same to people: as it was written, else as it would be.
    """

    count: int
    unit: Unit
    rolls: bool = False
    words: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        plural, rolling = "" if self.count == 1 else "s", ", then next working day" if self.rolls else ""
        object.__setattr__(self, "words", self.words or f"{self.count} {self.unit}{plural}{rolling}")

    def __str__(self) -> str:
        return self.words


def of_span(span: timedelta) -> Duration:
    """Return a span in the largest unit that divides it, to the minute: 15 minutes, 4 hours, 14 days."""
    minutes = round(span.total_seconds() / 60)
    unit, length = next((unit, length) for unit, length in _MINUTES.items() if minutes % length == 0)
    return Duration(minutes // length, unit)


def duration(text: str) -> Duration:
    """Read `10 working days`, `1 month, then next working day`, `24 hours`, `same day` and the like. Raises BadWords.

    `same day` ends with the day of receipt.
    """
    read = words(text)
    if read.at(0) == "same":
        _expect(read, 1, ("day",))
        read.end_at(2)
        return Duration(0, Unit.DAY, words=text.strip())
    if not _COUNT.fullmatch(read.at(0)):
        raise read.wrong(0, "a whole number from 1 to 99999")
    unit, after = _unit(read)
    if read.at(after) == ",":
        if unit not in _ROLLING:
            raise read.wrong(
                after, f"nothing more; a duration in {unit}s ends where it ends, only days and months roll"
            )
        _expect(read, after, _ROLL)
        after += len(_ROLL)
        rolls = True
    else:
        rolls = False
    if after < len(read.words_and_places):
        raise read.wrong(after, ", then next working day" if unit in _ROLLING and not rolls else "nothing more")
    return Duration(int(read.at(0)), unit, rolls, text.strip())


def _unit(read: Words) -> tuple[Unit, int]:
    if read.at(1) == "working":
        if (unit := _UNIT_OF.get(f"working {read.at(2)}")) is None:
            raise read.wrong(2, "days, hours")
        return unit, 3
    if (unit := _UNIT_OF.get(read.at(1))) is None:
        raise read.wrong(1, _UNITS)
    return unit, 2


def _expect(read: Words, number: int, sequence: tuple[str, ...]) -> None:
    for place, word in enumerate(sequence, number):
        if read.at(place) != word:
            raise read.wrong(place, " ".join(sequence[place - number :]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRule:
    """Which day is day 0. `moves`: receipt on a day that is not a working day counts as receipt on the next one.

    `cutoff`: so does receipt at or after that local time.
    """

    moves: bool
    cutoff: time | None
    words: str = field(compare=False)

    def __str__(self) -> str:
        return self.words


SAME_DAY = ReceiptRule(moves=False, cutoff=None, words="same day")
_RECEIPT_RULES = "same day, cutoff HH:MM, next working day"


def receipt_rule(text: str) -> ReceiptRule:
    """Read `same day`, `next working day` or `cutoff HH:MM` (24 hours). Raises BadWords."""
    read = words(text)
    if read.at(0) == "cutoff":
        if (match := _TIME.fullmatch(read.at(1))) is None:
            raise read.wrong(1, "a time from 00:00 to 23:59, as in cutoff 17:00")
        read.end_at(2)
        return ReceiptRule(moves=True, cutoff=time(int(match[1]), int(match[2])), words=text.strip())
    sequence = {"same": ("same", "day"), "next": ("next", "working", "day")}.get(read.at(0))
    if sequence is None:
        raise read.wrong(0, _RECEIPT_RULES)
    _expect(read, 0, sequence)
    read.end_at(len(sequence))
    return SAME_DAY if sequence[0] == "same" else ReceiptRule(moves=True, cutoff=None, words=text.strip())
