"""Asks ClamAV's daemon about a file, by its own protocol (clamd(8), INSTREAM): the file never touches a disk for it."""

import asyncio
import re
from dataclasses import dataclass

ADDRESS = re.compile(r"unix:(?P<path>/\S+)|tcp:(?P<host>\[[0-9a-fA-F:]+\]|[^:\s]+):(?P<port>\d{1,5})")
# One file of the largest size takes a daemon that is busy some seconds.
PATIENCE_SECONDS = 30.0
_CHUNK = 256 * 1024
_MOST_ANSWER = 4_096
_CLEAN = "stream: OK"
_FINDING = re.compile(r"stream: (?P<name>.{1,200}) FOUND")


class NotScanned(Exception):
    """The daemon could not be asked, or could not say; the text is for staff."""


@dataclass(frozen=True, slots=True)
class Scanner:
    """The daemon at `address`, such as `unix:/run/clamav/clamd.ctl` or `tcp:127.0.0.1:3310`."""

    address: str

    async def scan(self, content: bytes) -> str:
        """Return what the daemon calls the danger in a file, "" for none; raises NotScanned."""
        answer = await self._ask(b"INSTREAM", content)
        if answer == _CLEAN:
            return ""
        if match := _FINDING.fullmatch(answer):
            return match["name"]
        raise NotScanned(f"ClamAV did not say whether a file is safe: {answer[:80]}")

    async def version(self) -> str:
        """Return what the daemon says of itself and its signatures; raises NotScanned."""
        return await self._ask(b"VERSION")

    async def _ask(self, command: bytes, content: bytes | None = None) -> str:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                reader, writer = await self._connect()
                try:
                    writer.write(b"z" + command + b"\0")
                    if content is not None:
                        await _stream(writer, content)
                    answer = await reader.read(_MOST_ANSWER)
                finally:
                    writer.close()
        except (OSError, OverflowError) as error:
            raise NotScanned(f"ClamAV does not answer: {type(error).__name__}") from error
        return answer.rstrip(b"\0\n").decode("utf-8", "replace")

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        match = ADDRESS.fullmatch(self.address)
        if match is None:
            raise NotScanned("the address of ClamAV cannot be read")
        if match["path"]:
            return await asyncio.open_unix_connection(match["path"])
        return await asyncio.open_connection(match["host"].strip("[]"), int(match["port"]))


async def _stream(writer: asyncio.StreamWriter, content: bytes) -> None:
    """Hand the file over in pieces, each behind its length in four octets; a length of zero ends it."""
    for at in range(0, len(content), _CHUNK):
        piece = content[at : at + _CHUNK]
        writer.write(len(piece).to_bytes(4, "big") + piece)
        await writer.drain()
    writer.write(bytes(4))
    await writer.drain()
