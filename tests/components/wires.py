"""Wires that break, and servers of few words: what a real server does too seldom to wait for."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Relay:
    """A wire to a server that can be cut, go silent while it stays open, or `swallow` what the server says."""

    def __init__(self, port: int, *, swallow: bytes = b"(?!)") -> None:
        self.port = 0
        self._to = port
        self._swallow = re.compile(swallow)
        self._flows = asyncio.Event()
        self._flows.set()
        self._writers: list[asyncio.StreamWriter] = []

    @asynccontextmanager
    async def open(self, host: str = "127.0.0.1") -> AsyncIterator["Relay"]:
        """Carry connections until the end of the block."""
        serving = await asyncio.start_server(self._carry, host, 0)
        self.port = serving.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self.cut()
            self._flows.set()
            serving.close()

    def cut(self) -> None:
        """Drop every line."""
        for writer in self._writers:
            writer.close()

    def silence(self) -> None:
        """Carry nothing more."""
        self._flows.clear()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers += [writer, back]
        await asyncio.gather(self._copy(reader, back), self._copy(there, writer))

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while octets := await source.read(65536):
                await self._flows.wait()
                sink.write(self._swallow.sub(b"", octets))
        sink.close()


@asynccontextmanager
async def answering(**answers: str) -> AsyncIterator[tuple[int, list[str]]]:
    """A server that greets and gives fixed answers by command; its port, and the commands it was given."""
    given: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answers.get("greeting", "* OK hello").encode() + b"\r\n")
        while line := (await reader.readline()).decode():
            tag, command = [*line.split(), line.strip()][:2]  # DONE (RFC 2177) has no tag
            given.append(command)
            answer = answers.get(command.lower(), "TAG BAD unknown")
            writer.write(answer.replace("TAG", tag).replace("|", "\r\n").encode() + b"\r\n")
        writer.close()

    serving = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield serving.sockets[0].getsockname()[1], given
    finally:
        serving.close()
