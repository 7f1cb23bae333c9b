"""One file of a configuration: its text as an editor wrote it, its table, and on which line each key stands."""

import codecs
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bot.core.mistakes import Mistake, as_text
from bot.settings import syntax
from bot.settings.explaining import explain, key_of

T = TypeVar("T", bound=BaseModel)
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SAVE_AS = "save it as UTF-8 (in Notepad: Save as, then UTF-8 beside Encoding)"
_HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]")
_KEY = re.compile(r"\s*([\w.-]+|\"[^\"]*\"|'[^']*')\s*=")
_LONG_TEXT = re.compile(r'"""|\'\'\'')


@dataclass(frozen=True, slots=True)
class Outside:
    """Where values came from that are not in the file itself: by key, with the file that holds each, if one does."""

    files: Mapping[str, Path] = field(default_factory=dict)
    keys: frozenset[str] = frozenset()

    def holds(self, key: str) -> bool:
        """Tell whether the value of a key, or a part of it, came from elsewhere."""
        return any(own == key or own.startswith((f"{key}[", f"{key}.")) for own in self.keys)


@dataclass(frozen=True)
class Document:
    """A file, its table, and each mistake in it so far; `outside` tells which values came from elsewhere."""

    path: Path
    text: str = field(default="", repr=False)
    table: dict[str, Any] = field(default_factory=dict, repr=False)
    mistakes: tuple[Mistake, ...] = ()
    outside: Outside = Outside()

    @cached_property
    def lines(self) -> Mapping[str, int]:
        """The line of each table and key, from 1, as in channel[2].port."""
        return dict(reversed(list(_lines(self.text))))

    def line_of(self, key: str) -> int:
        """Return the line of a key, else of what it stands in; 0 where nothing of it is there."""
        while key and key not in self.lines:
            key = key[: max(key.rfind("."), key.rfind("["), 0)]
        return self.lines.get(key, 0)

    def place(self, mistake: Mistake) -> Mistake:
        """Return a mistake with the file, and the line where it is known."""
        return replace(mistake, file=str(self.path), line=mistake.line or self.line_of(mistake.key))

    def validate(self, model: type[T], table: Any, at: str, mistakes: list[Mistake]) -> T | None:
        """Return a table that stands at this key; None where it has mistakes, which are added."""
        try:
            return model.model_validate(table)
        except ValidationError as error:
            of_table = explain(error, model, table, lambda keys: self.outside.holds(_within(at, key_of(keys))))
            faults = [replace(mistake, key=_within(at, mistake.key)) for mistake in of_table]
            unreadable = {mistake.key for mistake in self.mistakes}
            mistakes += [self.place(fault) for fault in faults if fault.key not in unreadable]
            return None


def _within(at: str, key: str) -> str:
    return f"{at}.{key}" if at and key else at or key


def read(path: Path) -> Document:
    """Return a file of a configuration; one that cannot be read has no table, and a mistake says why."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        return _unreadable(path, Mistake(message=why_not(error)))
    except UnicodeDecodeError as error:
        return _unreadable(path, _wrong_letters(error))
    try:
        return Document(path, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        return _unreadable(path, syntax.mistake(str(error)))


def why_not(error: OSError) -> str:
    """Return why a file or a folder cannot be read, and what to do."""
    if isinstance(error, PermissionError):
        return "cannot be read by this account: run the command as that of the service, or let its group read it"
    if isinstance(error, IsADirectoryError):
        return "is a folder where a file is expected"
    return f"cannot be read: {error.strerror}"


def _unreadable(path: Path, mistake: Mistake) -> Document:
    return Document(path, mistakes=(replace(mistake, file=str(path)),))


def _wrong_letters(error: UnicodeDecodeError) -> Mistake:
    if error.object.startswith(_UTF_16):
        return Mistake(message="is saved as UTF-16", advice=_SAVE_AS)
    line = error.object.count(b"\n", 0, error.start) + 1
    return Mistake(message="this line has a letter that is not in UTF-8", advice=_SAVE_AS, line=line)


def resolve(document: Document, directory: Path) -> Document:
    """Return the document with `env:NAME` and `file:PATH` replaced wherever they stand."""
    values = _Values(directory)
    table = values.resolve(document.table, "")
    mistakes = (*document.mistakes, *map(document.place, values.mistakes))
    return replace(document, table=table, mistakes=mistakes, outside=Outside(values.files, frozenset(values.keys)))


@dataclass(slots=True)
class _Values:
    """What was found while values were replaced; `directory` is where the paths of files begin."""

    directory: Path
    mistakes: list[Mistake] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)

    def resolve(self, value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {name: self.resolve(part, _within(key, name)) for name, part in value.items()}
        if isinstance(value, list):
            return [self.resolve(part, f"{key}[{number}]") for number, part in enumerate(value, 1)]
        kind, colon, rest = value.partition(":") if isinstance(value, str) else ("", "", "")
        if not colon or kind not in ("env", "file"):
            return value
        self.keys.add(key)
        try:
            return self._from_environment(rest) if kind == "env" else self._from_file(rest, key)
        except ValueError as error:
            self.mistakes.append(Mistake(key=key, message=str(error), value=as_text(value)))
            return ""

    def _from_environment(self, name: str) -> str:
        if name not in os.environ:
            raise ValueError(f"the environment variable {name} is not set")
        return os.environ[name]

    def _from_file(self, name: str, key: str) -> str:
        path = self.directory / name
        try:
            text = path.read_text(encoding="utf-8-sig").rstrip("\r\n")
        except OSError as error:
            raise ValueError(f"{path} {why_not(error)}") from None
        except UnicodeDecodeError:
            raise ValueError(f"{path} is not in UTF-8; {_SAVE_AS}") from None
        self.files[key] = path
        return text


def _lines(text: str) -> Iterator[tuple[str, int]]:
    """Yield each table and key with its line, in order; what stands within a text of several lines is none."""
    counts, table = dict[str, int](), ""
    for number, line in _outside_of_texts(text.split("\n")):
        if header := _HEADER.match(line):
            is_item, name = header[1] == "[[", header[2].strip().replace(" ", "")
            counts[name] = counts.get(name, 0) + is_item
            table = _place_in_lists(name, counts)
            yield name, number
            yield table, number
        elif key := _KEY.match(line):
            yield _within(table, key[1].strip("\"'")), number


def _outside_of_texts(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    is_inside = False
    for number, line in enumerate(lines, 1):
        if not is_inside:
            yield number, line
        is_inside ^= len(_LONG_TEXT.findall(line)) % 2 == 1


def _place_in_lists(name: str, counts: Mapping[str, int]) -> str:
    """Return the name of a table with the number of each list that it stands in: channel[2].oauth."""
    parts, path = list[str](), ""
    for part in name.split("."):
        path = _within(path, part)
        parts.append(f"{part}[{counts[path]}]" if counts.get(path) else part)
    return ".".join(parts)
