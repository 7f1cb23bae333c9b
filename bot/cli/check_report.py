"""The result of `ackbot check` as values: the verdict, what must be put right, what is unwise, and notes."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.core.mistakes import Mistake


class Level(StrEnum):
    """How much a finding matters. An error of the files keeps the service from starting; any error fails the check."""

    ERROR = "error"
    ACCOUNT = "account"
    WARNING = "warning"
    NOTE = "note"
    DETAIL = "detail"


_HEADINGS = {
    Level.ERROR: "To put right",
    Level.ACCOUNT: "Accounts",
    Level.WARNING: "Allowed, but unwise",
    Level.NOTE: "Notes",
    Level.DETAIL: "In detail",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What it is, and what to do about it, "" where the message says that too.

    `file`, `line` (from 1) and `key` are where it stands; "" and 0 where that is no one place.
    """

    level: Level
    message: str
    advice: str = ""
    file: str = ""
    line: int = 0
    key: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.file and self.line else self.file
        # A sentence follows a sentence; what is allowed goes on from what is wrong.
        joint = " " if self.message.endswith(".") else "; "
        words = f"{self.message}{joint}{self.advice}" if self.advice else self.message
        return f"{place}: {words}" if place else words

    def as_object(self) -> dict[str, str | int | None]:
        """Return it for a program; what is not known is null."""
        place = {"file": self.file or None, "line": self.line or None, "key": self.key or None}
        return {"level": self.level.value, **place, "message": self.message, "advice": self.advice or None}


@dataclass(frozen=True, slots=True)
class Report:
    """Every finding about the configuration in `directory`, which has so many channels (0: it could not be read).

    `summary` is a sentence on the templates, "" where none could be read.
    """

    directory: str
    channel_count: int
    findings: tuple[Finding, ...]
    summary: str = ""

    def count(self, level: Level) -> int:
        """Return how many findings there are of a level."""
        return sum(finding.level is level for finding in self.findings)

    @property
    def is_good(self) -> bool:
        """Whether nothing has to be put right."""
        return not self.count(Level.ERROR)

    @property
    def verdict(self) -> str:
        """The first line: whether it is good, and how much there is to read."""
        if not self.is_good:
            things = _number(self.count(Level.ERROR), "thing")
            return f"Configuration {self.directory}: not good. {things} to put right. {self.summary}".rstrip()
        parts = [_number(self.channel_count, "channel")]
        parts += [_number(count, "warning")] if (count := self.count(Level.WARNING)) else []
        parts += [_number(count, "note")] if (count := self.count(Level.NOTE)) else []
        return f"Configuration {self.directory}: good. {', '.join(parts)}. {self.summary}".rstrip()

    def text(self, *, is_verbose: bool) -> Iterator[tuple[str, bool]]:
        """Yield the lines for a person, and of each whether it belongs on standard error."""
        yield self.verdict, False
        for level, heading in _HEADINGS.items():
            if level is Level.DETAIL and not is_verbose:
                continue
            if sentences := [str(finding) for finding in self.findings if finding.level is level]:
                yield from ((line, level is Level.ERROR) for line in ("", f"{heading}:", *map(_entry, sentences)))
        if self.is_good and not is_verbose:
            yield "", False
            yield "More with --verbose: channels, standards with their dates, services, times of keeping.", False

    def objects(self, *, is_verbose: bool) -> Iterator[str]:
        """Yield the same for a program: the verdict first, then one object for each finding."""
        counts = {f"{level}s": self.count(level) for level in (Level.ERROR, Level.WARNING, Level.NOTE)}
        yield json.dumps({"level": "verdict", "good": self.is_good, "configuration": self.directory, **counts})
        for finding in self.findings:
            if is_verbose or finding.level is not Level.DETAIL:
                yield json.dumps(finding.as_object(), ensure_ascii=False)


def of_mistakes(directory: str, mistakes: "Iterable[Mistake]") -> Report:
    """Return the report on files that cannot be used."""
    return Report(directory, 0, tuple(map(_of_mistake, mistakes)))


def _of_mistake(mistake: "Mistake") -> Finding:
    return Finding(Level.ERROR, mistake.complaint, mistake.advice, mistake.file, mistake.line, mistake.key)


def _entry(sentence: str) -> str:
    return f"  - {sentence}" if not sentence.startswith("  ") else f"  {sentence}"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
