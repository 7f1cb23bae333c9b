"""What `ackbot check` warns of in the folder of a configuration: who can read secrets, and what is never read."""

import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr

from bot.cli.check_report import Finding, Level
from bot.core.suggestions import nearest

if TYPE_CHECKING:
    from bot.settings.reading import Settings

# Whoever mounts secrets there decides who may read them: containers and systemd.
_MOUNTED = ("/run/secrets/", "/run/credentials/", "/var/run/secrets/")
_FOLDERS = ("standards", "calendars", "templates")
_LIKENESS = 0.85


def warnings(configured: "Settings") -> Iterator[Finding]:
    """Yield each secret that everybody on this machine can read, and each file that has a name of no use."""
    for path in dict.fromkeys(configured.document.outside.files.values()):
        if not str(path).startswith(_MOUNTED) and _is_read_by_all(path):
            message = "this file holds a secret, and every user of this machine can read it."
            yield Finding(Level.WARNING, message, f"Run: chmod 600 {path}", str(path))
    path = configured.document.path
    keys = sorted(secrets_in_words(configured))
    if keys and _is_read_by_all(path):
        message = f"every user of this machine can read this file, and secrets are written in it: {', '.join(keys)}."
        advice = f'Run: chmod 600 {path}, or write "file:PATH" or "env:NAME" in their place.'
        line = configured.document.line_of(keys[0])
        yield Finding(Level.WARNING, message, advice, str(path), line, keys[0])
    # Where the folder cannot be listed, the files in it can be read all the same.
    with suppress(PermissionError):
        yield from _unread(configured.directory)


def secrets_in_words(configured: "Settings") -> Iterator[str]:
    """Yield the key of each secret that is written in ackbot.toml itself."""
    document = configured.document
    tables: dict[str, BaseModel] = {
        "store": configured.store,
        "web": configured.web,
        "sign_in": configured.sign_in,
        "operators": configured.operators,
    }
    names = [str(table.get("name")) for table in document.table.get("channel", [])]
    channels = {channel.name: channel for channel in configured.channels}
    tables |= {f"channel[{number}]": channels[name] for number, name in enumerate(names, 1) if name in channels}
    keys = (key for at, table in tables.items() for key in _secrets(table, at))
    yield from (key for key in keys if not document.outside.holds(key))
    if urlsplit(configured.store.url).password and not document.outside.holds("store.url"):
        yield "store.url"


def _secrets(table: BaseModel, at: str) -> Iterator[str]:
    for name in table.model_fields_set:
        value = getattr(table, name)
        parts = value if isinstance(value, tuple) else (value,)
        if any(isinstance(part, SecretStr) and part.get_secret_value() for part in parts):
            yield f"{at}.{name}"
        if isinstance(value, BaseModel):
            yield from _secrets(value, f"{at}.{name}")


def _unread(directory: Path) -> Iterator[Finding]:
    from bot.settings.reading import CALENDARS, FILES

    for path in sorted(directory.iterdir()):
        if path.is_file() and path.suffix == ".toml" and path.name not in FILES:
            yield _never_read(path, nearest(path.name, FILES), FILES)
        # Folders may be anybody's own.
        if path.is_dir() and path.name not in _FOLDERS and (name := nearest(path.name, _FOLDERS, _LIKENESS)):
            yield _never_read(path, name, _FOLDERS)
    for path in sorted((directory / "calendars").glob("*.toml")):
        if (name := f"calendars/{path.name}") not in CALENDARS:
            yield _never_read(path, nearest(name, CALENDARS), CALENDARS)


def _never_read(path: Path, name: str, names: tuple[str, ...]) -> Finding:
    advice = f'Did you mean "{name}"?' if name else f"Read are {', '.join(names)}."
    return Finding(Level.WARNING, "nothing reads this.", advice, str(path))


def _is_read_by_all(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IROTH)
