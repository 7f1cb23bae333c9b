"""A folder instead of a mail server: for the demo, and for trying out. Each mail that goes out becomes a file."""

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path

from pydantic import Field

from bot.channel import ChannelSettings, Handed, Limits, Misconfigured, Permanent, Temporary
from bot.core.messages import Outbound
from bot.wire.mail.addresses import Sender

# Nobody lives there (RFC 6761 section 6.5), so that a failure can be shown.
UNDELIVERABLE = "@undeliverable.example"


class Settings(ChannelSettings):
    """`directory`: where the files go; it is made if it is not there. `sender`: as `Name <local@domain>`.

    `reply_window_hours`: behave like a platform that takes no answer later than that.
    """

    directory: Path
    sender: Sender
    reply_window_hours: float | None = Field(default=None, gt=0)


class Loopback:
    """An outlet: files `NUMBER-MARK.eml`, numbered in the order in which they came.

    The mark follows from the idempotency key: a mail that is sent again is the same file again.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.sender = settings.sender
        hours = settings.reply_window_hours
        self.limits = Limits(concurrency=1, reply_window=timedelta(hours=hours) if hours else None)
        self._directory = settings.directory
        self._one_at_a_time = asyncio.Lock()
        # The files by mark, once the folder has been looked into.
        self._known: dict[str, str] | None = None
        self._last = 0

    async def send(self, message: Outbound) -> Handed:
        """Write one mail; raises Permanent for a recipient at undeliverable.example, else Temporary, Misconfigured."""
        if message.recipient.lower().endswith(UNDELIVERABLE):
            raise Permanent("550 5.1.1 There is nobody at this address (about the recipient)")
        async with self._one_at_a_time:
            return Handed(await asyncio.to_thread(self._in_words, message))

    async def check(self) -> str:
        """Make the folder if it is not there; one sentence about it. Raises Temporary or Misconfigured."""
        await asyncio.to_thread(self._in_words, None)
        return f"each mail becomes a file in {self._directory}; nothing leaves this machine"

    async def close(self) -> None:
        """There is nothing to let go of."""

    def _in_words(self, message: Outbound | None) -> str:
        """Write, or only look; the file's name. The errors of the file system become ours."""
        try:
            known = self._files()
            return self._write(message, known) if message is not None else ""
        except (PermissionError, FileExistsError, NotADirectoryError) as error:
            raise Misconfigured(f"channel {self.name}: directory = {self._directory}: {error.strerror}") from None
        except OSError as error:
            self._known = None  # the folder itself may be gone
            raise Temporary(f"channel {self.name}: the mail cannot be written: {error.strerror}") from None

    def _files(self) -> dict[str, str]:
        if self._known is None:
            self._directory.mkdir(parents=True, exist_ok=True)
            stems = sorted(path.stem for path in self._directory.glob("*-*.eml"))
            self._known = {mark: f"{number}-{mark}.eml" for number, _, mark in (s.partition("-") for s in stems)}
            self._last = max((int(n) for n in (s.partition("-")[0] for s in stems) if n.isdecimal()), default=0)
        return self._known

    def _write(self, message: Outbound, known: dict[str, str]) -> str:
        # A hash, because a Message-ID may hold a slash; all of one length, so that the names sort by number.
        mark = hashlib.sha256(message.idempotency_key.encode() or message.content).hexdigest()[:16]
        name = known.get(mark) or f"{self._last + 1:06d}-{mark}.eml"
        unfinished = self._directory / f".{name}.part"
        unfinished.write_bytes(message.content)
        unfinished.replace(self._directory / name)
        if mark not in known:
            known[mark] = name
            self._last += 1
        return name


def build(name: str, settings: Settings) -> Loopback:
    """The outlet that `settings` describe."""
    return Loopback(name, settings)
