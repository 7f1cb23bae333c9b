"""`--config`, the same for every command, and the messages for a configuration that cannot be used."""

import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.flows.rulebook import Rulebook
    from bot.settings.basis import Basis
    from bot.settings.reading import Settings

T = TypeVar("T")

Directory = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="DIR", help="Directory that holds ackbot.toml.  [default: $ACKBOT_CONFIG, else ./config]"
    ),
]
MISUSE = 2
NEGATIVE = 1
# Why a file cannot be written, and what to do.
_WAYS_OUT = {
    errno.ENOENT: "there is no folder {folder}: make it first, or name another",
    errno.ENOTDIR: "{folder} is no folder: name another",
    errno.EISDIR: "that is a folder: name a file in it",
    errno.EEXIST: "it is there already: name a new one, as nothing is overwritten",
    errno.EACCES: "you may not write there: choose a folder in which you may",
    errno.EPERM: "you may not write there: choose a folder in which you may",
    errno.EROFS: "the disk can only be read: choose a folder on another",
    errno.ENOSPC: "the disk is full: make room, or choose a folder on another",
}


def directory_of(directory: Path | None) -> Path:
    """Return the configuration directory: the option, else the environment, else ./config."""
    return directory or Path(os.environ.get("ACKBOT_CONFIG") or "config")


def load_or_exit(directory: Path | None) -> "Settings":
    """Return the checked configuration; write every mistake to standard error and end the command with status 2."""
    from bot import kinds

    return _read_or_exit(kinds.load, directory)


def basis_or_exit(directory: Path | None) -> "Basis":
    """Return what reading the store needs of it, whatever mistakes the rest has; otherwise do the same."""
    from bot.settings import basis

    return _read_or_exit(basis.read, directory)


def _read_or_exit(read: "Callable[[Path], T]", directory: Path | None) -> T:
    from bot.settings.main_file import BadSettings, NoConfiguration

    try:
        return read(directory_of(directory))
    except NoConfiguration as error:
        refuse(f"{error}")
    except BadSettings as error:
        for mistake in error.mistakes:
            typer.echo(f"{mistake}", err=True)
        count = len(error.mistakes)
        refuse(f"The configuration has {count} mistake{'s' if count > 1 else ''}; nothing was started or changed.")


def rulebook_of(configured: "Settings") -> "Rulebook":
    """Return the rulebook for the commands; the service itself sends what leaves."""
    from bot.channel import Sender
    from bot.settings import rulebook

    senders = {channel.name: channel.sender for channel in configured.channels if isinstance(channel, Sender)}
    return rulebook.build(configured, senders)


def first_line(option: str, file: str) -> str:
    """Return the first line of a file, or of the input for "-"; end the command with status 2 where there is none."""
    try:
        text = sys.stdin.readline() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"{option} {file}: cannot be read: {why_unread(error)}")
    return text.splitlines()[0] if text else ""


def why_unread(error: OSError | UnicodeDecodeError) -> str:
    """Return why a file of text cannot be read, without its name."""
    return "it is not text in UTF-8" if isinstance(error, UnicodeDecodeError) else f"{error.strerror or error}"


def why_unwritten(path: Path, error: OSError) -> str:
    """Return why a file or a folder cannot be written, without its name, and what to do."""
    # Below /proc, and through a link to nowhere, the folder is there all the same.
    is_there = error.errno == errno.ENOENT and path.parent.is_dir()
    words = _WAYS_OUT.get(errno.EACCES if is_there else error.errno or 0)
    return words.format(folder=path.parent) if words else f"{error.strerror or error}"


def refuse(words: str) -> NoReturn:
    """Write the reason to standard error and end with status 2."""
    typer.echo(words, err=True)
    raise typer.Exit(MISUSE)
