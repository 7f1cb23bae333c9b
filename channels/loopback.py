"""A folder instead of a mail server, for demonstrations and trials: each outgoing mail becomes a file."""

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path

from pydantic import Field

from bot.channel import ChannelSettings, Handed, Misconfigured, Permanent, Temporary
from bot.core.messages import Outbound
from bot.core.outlets import Limits
from bot.wire.mail.sender import Sender

# No such address exists (RFC 6761 section 6.5), so it is used to demonstrate a failure.
UNDELIVERABLE = "@undeliverable.example"


class Settings(ChannelSettings):
    """`directory`: the folder for the files, created if needed. `sender`: as `Name <local@domain>`.

    `reply_window_hours`: behave like a platform that takes no answer later than that.
    """

    directory: Path
    sender: Sender
    reply_window_hours: float | None = Field(default=None, gt=0)


class Loopback:
    """An outlet: files `NUMBER-MARK.eml`, numbered in the order of sending.

    The mark is derived from the idempotency key, so that a repeated mail is the same file again.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.sender = settings.sender
        hours = settings.reply_window_hours
        self.limits = Limits(concurrency=1, reply_window=timedelta(hours=hours) if hours else None)
        self._directory = settings.directory
        self._lock = asyncio.Lock()
        # The files by mark, once the folder has been listed.
        self._files_by_mark: dict[str, str] | None = None
        self._last = 0

    async def send(self, message: Outbound) -> Handed:
        """Write one mail; raises Permanent for a recipient at undeliverable.example, else Temporary, Misconfigured."""
        if message.recipient.lower().endswith(UNDELIVERABLE):
            raise Permanent("550 5.1.1 There is nobody at this address (about the recipient)")
        async with self._lock:
            return Handed(await asyncio.to_thread(self._write_or_check, message))

    async def check(self) -> str:
        """Create the folder if needed; return one sentence about it. Raises Temporary or Misconfigured."""
        await asyncio.to_thread(self._write_or_check, None)
        return f"each mail becomes a file in {self._directory}; nothing leaves this machine"

    async def close(self) -> None:
        """Do nothing: there is no connection to close."""

    def _write_or_check(self, message: Outbound | None) -> str:
        """Write a message, or only check the folder; return the file's name. Translate errors of the file system."""
        try:
            files = self._files()
            return self._write(message, files) if message is not None else ""
        except (PermissionError, FileExistsError, NotADirectoryError) as error:
            raise Misconfigured(f"channel {self.name}: directory = {self._directory}: {error.strerror}") from None
        except OSError as error:
            self._files_by_mark = None  # the folder itself may be gone
            raise Temporary(f"channel {self.name}: the mail cannot be written: {error.strerror}") from None

    def _files(self) -> dict[str, str]:
        if self._files_by_mark is None:
            self._directory.mkdir(parents=True, exist_ok=True)
            stems = sorted(path.stem for path in self._directory.glob("*-*.eml"))
            self._files_by_mark = {
                mark: f"{number}-{mark}.eml" for number, _, mark in (s.partition("-") for s in stems)
            }
            self._last = max((int(n) for n in (s.partition("-")[0] for s in stems) if n.isdecimal()), default=0)
        return self._files_by_mark

    def _write(self, message: Outbound, files: dict[str, str]) -> str:
        # A hash, because a Message-ID may contain a slash; all of one length, so that the names sort by number.
        mark = hashlib.sha256(message.idempotency_key.encode() or message.content).hexdigest()[:16]
        name = files.get(mark) or f"{self._last + 1:06d}-{mark}.eml"
        unfinished = self._directory / f".{name}.part"
        unfinished.write_bytes(message.content)
        unfinished.replace(self._directory / name)
        if mark not in files:
            files[mark] = name
            self._last += 1
        return name


def build(name: str, settings: Settings) -> Loopback:
    """Return the outlet that `settings` describe."""
    return Loopback(name, settings)
