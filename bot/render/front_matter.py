"""A file of words: TOML between two lines of `+++`, and what follows it."""

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

_FRONT_MATTER = re.compile(r"\A\+\+\+\n(.*?\n)\+\+\+\n", re.DOTALL)


class BadTemplate(Exception):
    """A template that cannot be used; the text names the file, the line where known, and the fault."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file: the values before its words, the words, and the lines that stand before them."""

    front: dict[str, Any]
    words: str
    lines_before: tuple[str, ...]


def read(path: Path) -> Source:
    """Return what a file says; raises BadTemplate."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadTemplate(f"{path}: it must be UTF-8 ({error})") from error
    match = _FRONT_MATTER.match(text)
    if match is None:
        raise BadTemplate(f"{path}:1: it must begin with its front matter: TOML between two lines of +++")
    try:
        front = tomllib.loads(match[1])
    except tomllib.TOMLDecodeError as error:
        raise BadTemplate(f"{path}: the front matter is not TOML: {error}") from error
    return Source(front, text[match.end() :], tuple(match[0].splitlines()))


def check_of(by: object, on: object) -> tuple[str, str] | None:
    """Return who compared a translation with the English, and the day (ISO 8601); None where nobody has."""
    name, day = str(by).strip(), str(on).strip()
    try:
        return (name, date.fromisoformat(day).isoformat()) if name else None
    except ValueError:
        return None
