"""The files of a configuration as tables, and the values in them that stand elsewhere: `env:NAME` and `file:PATH`."""

import codecs
import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.settings.advice import is_secret

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Origins:
    """Where secrets come from: the files that `file:PATH` named, and the keys whose secret is written out."""

    files: tuple[Path, ...]
    written: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Values:
    """Where values stand: in the file `path`, which names other files as `directory` sees them."""

    path: Path
    directory: Path
    mistakes: list[str]
    files: list[Path] = field(default_factory=list)
    written: list[str] = field(default_factory=list)

    def resolve(self, value: Any, key: str = "") -> Any:
        """Replace `env:NAME` and `file:PATH` wherever they stand."""
        if isinstance(value, dict):
            return {name: self.resolve(inner, f"{key}.{name}".lstrip(".")) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.resolve(inner, f"{key}[{number}]") for number, inner in enumerate(value, 1)]
        if isinstance(value, str):
            return self._text(value, key)
        return value

    def origins(self) -> Origins:
        """Return what was resolved."""
        return Origins(tuple(self.files), tuple(self.written))

    def _text(self, value: str, key: str) -> str:
        kind, _, rest = value.partition(":")
        at = f"{self.path}: {key} = {value!r}"
        if kind == "env":
            if rest not in os.environ:
                self.mistakes.append(f"{at}: the environment variable {rest} is not set")
            return os.environ.get(rest, "")
        if kind == "file":
            return self._file(self.directory / rest, at)
        if value and _holds_a_secret(key):
            self.written.append(key)
        return value

    def _file(self, path: Path, at: str) -> str:
        self.files.append(path)
        try:
            return _text_of(path).rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            self.mistakes.append(f"{at}: {_why(error)}")
            return ""


def toml(path: Path, mistakes: list[str]) -> dict[str, Any]:
    """Return the tables of a file; none where it cannot be read, and a mistake that says why."""
    try:
        return tomllib.loads(_text_of(path))
    except FileNotFoundError:
        mistakes.append(
            f"{path}: there is no such file; --config DIR or $ACKBOT_CONFIG names the directory it is in, and "
            "`ackbot init DIR` makes one"
        )
    except tomllib.TOMLDecodeError as error:
        mistakes.append(f"{path}: is not written as TOML is: {error}")
    except (OSError, UnicodeDecodeError) as error:
        mistakes.append(f"{path}: {_why(error)}")
    return {}


def _text_of(path: Path) -> str:
    """Return the text of a file; a byte order mark, as some editors write it, is no part of it."""
    return path.read_text(encoding="utf-8-sig")


def _why(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        is_utf_16 = bytes(error.object[:2]).startswith(_UTF_16)
        return f"is not UTF-8{', but UTF-16' if is_utf_16 else ''}; in your editor choose to save it as UTF-8"
    if isinstance(error, NotADirectoryError):
        return "what should be the directory is a file; --config DIR names the directory that holds ackbot.toml"
    if isinstance(error, IsADirectoryError):
        return "is a directory, and no file"
    if isinstance(error, PermissionError):
        return "may not be read by this user; run the command as the user of the service, or let that group read it"
    return f"cannot be read: {error.strerror}"


def _holds_a_secret(key: str) -> bool:
    last = key.rpartition(".")[2].partition("[")[0]
    return is_secret(last) and "url" not in last and not last.startswith(("consumer_key", "key_id"))
