"""The files of messages that a platform keeps for a while: which of them we keep, and when they are asked for again."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.files import megabytes
from bot.core.messages import RemoteFile
from bot.core.uploads import Why

_MEGABYTE = 1024 * 1024
MOST_FILES = 30
# Telegram gives bots no larger one (core.telegram.org/bots/api#getfile), and sounds and films of WhatsApp are smaller.
MOST_BYTES = 20 * _MEGABYTE
# What one contact may bring in all, as its page reads all of its messages, and nobody is to fill the disk alone.
MOST_BYTES_OF_CONTACT = 50 * _MEGABYTE
# The ids of files in WhatsApp's calls are good for so long; of the other platforms' some links end sooner.
PATIENCE = timedelta(days=7)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
_MOST_DOUBLINGS = 7
_LONGEST_KIND = 40
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,100}")


class State(StrEnum):
    """How a file stands: `lost` is one that could not be fetched, `refused` one that is not kept here."""

    WAITING = "waiting"
    KEPT = "kept"
    REFUSED = "refused"
    LOST = "lost"


TOO_MANY = f"more than {MOST_FILES} files came with this message"
TOO_MUCH = f"the files of this contact have more than {megabytes(MOST_BYTES_OF_CONTACT)} MB together"
NOT_CONFIGURED = "its channel is not in the configuration any more"
_REFUSALS = {
    Why.EMPTY: "it is empty",
    Why.RUNS: "it may be a program",
    Why.MACROS: "it has a program inside",
    Why.TORN: "it is damaged",
}
_OF_ANOTHER_KIND = "it is of a kind that is not kept here"


def refusal(why: Why) -> str:
    """Return why a file is not kept, in words for staff."""
    return _REFUSALS.get(why, _OF_ANOTHER_KIND)


def danger(name: str) -> str:
    """Return the same of a file in which the scanner sees a virus, by its name there."""
    return f"the virus scanner says that it is dangerous: {name}"


def again_at(attempts: int, since: datetime, now: datetime) -> datetime | None:
    """Return when a file is asked for again that waits since then, after so many attempts; None: not any more."""
    pause = min(_FIRST_PAUSE * 2 ** min(attempts, _MOST_DOUBLINGS), _LONGEST_PAUSE)
    return now + pause if now + pause < since + PATIENCE else None


def tidy(file: RemoteFile) -> RemoteFile:
    """Return the file with what a platform says of its kind and type in the form in which it is stored."""
    content_type = file.content_type.partition(";")[0].strip().lower()
    kind = " ".join(file.kind.split())[:_LONGEST_KIND]
    return RemoteFile(kind, file.locator, file.name, content_type if _MEDIA_TYPE.fullmatch(content_type) else "")


def free_name(name: str, names: Sequence[str]) -> str:
    """Return the name, with a number before its ending where another file has it."""
    stem, dot, ending = name.rpartition(".")
    number, free = 1, name
    while free in names:
        number += 1
        free = f"{stem}-{number}{dot}{ending}" if stem else f"{name}-{number}"
    return free
