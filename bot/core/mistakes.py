"""Mistakes in the files of a configuration: where each stands, what is wrong, and what is allowed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from bot.core.suggestions import nearest

_LONGEST_VALUE = 60
# What goes on from the key: "web.secret is missing".
_VERBS = ("is ", "has ", "holds ", "must ", "cannot ", "names ", "needs ", "lacks ")


@dataclass(frozen=True, slots=True)
class Mistake:
    """What must be put right before a configuration can be used.

    `key` is written as channel[2].port, "" for a whole file; `value` as it may be shown, "" for none. `line` counts
    from 1; 0: it is not known. `message` is "" where `advice`, what is allowed, says what is wrong, too.
    """

    file: str = ""
    key: str = ""
    message: str = ""
    advice: str = ""
    value: str = ""
    line: int = 0

    @property
    def place(self) -> str:
        """The file with the line, as in config/ackbot.toml:12; "" where there is no file."""
        return f"{self.file}:{self.line}" if self.file and self.line else self.file

    @property
    def complaint(self) -> str:
        """The key, its value, and what is wrong with it."""
        subject = f"{self.key} = {self.value}" if self.value else self.key
        words = self.message or "cannot be used"
        joint = " " if words.startswith(_VERBS) else ": "
        return f"{subject}{joint}{words}" if subject else words

    @property
    def sentence(self) -> str:
        """The complaint, and what is allowed; without the file."""
        return f"{self.complaint}; {self.advice}" if self.advice else self.complaint

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}" if self.place else self.sentence


def as_text(value: Any) -> str:
    """Return a value as its file has it, shortened; "" for a table, in which there may be a secret."""
    if isinstance(value, Mapping) or _holds_a_table(value):
        return ""
    text = _toml(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


def _holds_a_table(value: Any) -> bool:
    return isinstance(value, list | tuple) and any(isinstance(part, Mapping) or _holds_a_table(part) for part in value)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return repr(value) if isinstance(value, str) else str(value)


def did_you_mean(word: str, names: Collection[str]) -> str:
    """Return the question after a name that was probably meant, "" where none is near."""
    name = nearest(word, names)
    return f'did you mean "{name}"?' if name else ""


def choice(word: Any, names: Collection[str], absence: str = "none yet") -> str:
    """Return what is allowed in place of a word, after the name that was probably meant."""
    question = did_you_mean(word, names) if isinstance(word, str) else ""
    alternatives = f"allowed: {', '.join(names) or absence}"
    return f"{question} {alternatives}" if question else alternatives


def used_twice(table: str, names: Sequence[str]) -> list[Mistake]:
    """Return a mistake for each table of a list, such as [[team]], whose name another one before it has."""
    repeated = [number for number, name in enumerate(names) if name in names[:number]]
    return [Mistake(key=f"{table}[{n + 1}].name", message="is used twice", value=as_text(names[n])) for n in repeated]
