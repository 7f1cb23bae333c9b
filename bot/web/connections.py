"""The connections to the pages: whoever sends no complete request in time is dropped, and their number has an end."""

import asyncio
import math
from collections.abc import Callable
from typing import cast

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.wire import descriptors

# Before the first octet of a request, and from then on for each part of it: a line of 70 kbit/s is fast enough, also
# for the files of an answer. An answer has so long again as often as some of it has gone out meanwhile.
REQUEST_SECONDS = 60.0
PART_OCTETS = 512 * 1024
# Of all requests that are not complete yet: a body stays in memory until its last octet is here.
MOST_OCTETS = 128_000_000


class Connections:
    """Every connection to the pages, `most` at a time. `handler` is the protocol that speaks HTTP in each."""

    def __init__(self, handler: Callable[[], asyncio.Protocol], most: int) -> None:
        self._handler, self._most = handler, most
        self._open: set[Connection] = set()
        # Of those that are waited for: who has sent no complete request yet, and who has; each the oldest first.
        self._new: dict[Connection, None] = {}
        self._idle: dict[Connection, None] = {}
        # How many octets there are of each request that is not complete, the oldest first; and of all together.
        self._octets: dict[Connection, int] = {}
        self._total = 0

    def admit(self) -> "Connection":
        """Return the protocol of a new connection."""
        return Connection(self, self._handler())

    def enter(self, connection: "Connection") -> None:
        """Register a new connection. If all places are taken, another that is waited for is dropped, or this one."""
        if len(self._open) >= self._most:
            oldest = next(iter(self._new), None) or next(iter(self._idle), connection)
            self.leave(oldest)
            oldest.drop()
            if oldest is connection:
                return
        self._open.add(connection)
        self._new[connection] = None

    def await_next(self, connection: "Connection") -> None:
        """Note that a request was answered."""
        if connection in self._open:
            self._idle[connection] = None

    def receive(self, connection: "Connection", count: int) -> None:
        """Note that some more of a request is here. If they hold too much together, the oldest are dropped."""
        self._octets[connection] = self._octets.get(connection, 0) + count
        self._total += count
        while self._total > MOST_OCTETS:
            oldest = next(iter(self._octets))
            self.leave(oldest)
            oldest.drop()

    def begin(self, connection: "Connection") -> None:
        """Note that a complete request has come: it is not dropped before its answer."""
        self._new.pop(connection, None)
        self._idle.pop(connection, None)
        self._total -= self._octets.pop(connection, 0)

    def leave(self, connection: "Connection") -> None:
        """Forget a connection that has ended."""
        self._open.discard(connection)
        self.begin(connection)


class Connection(asyncio.Protocol):
    """One connection: what arrives goes on to the protocol that speaks HTTP."""

    def __init__(self, connections: Connections, handler: asyncio.Protocol) -> None:
        self._connections, self._handler = connections, handler
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._is_asked, self._is_silent = False, True
        self._part_octets = 0
        self._unread_bytes: float = math.inf

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first request."""
        self._transport = cast("asyncio.Transport", transport)
        self._handler.connection_made(transport)
        self._start_timer()
        self._connections.enter(self)

    def data_received(self, data: bytes) -> None:
        """Hand it on; a request has its time from its first octet on, and so long again for each further part."""
        self._part_octets += len(data)
        is_next_part = self._part_octets >= PART_OCTETS and self._deadline is not None
        if self._is_silent or is_next_part:
            self._is_silent, self._part_octets = False, 0
            self._start_timer()
        self._connections.receive(self, len(data))
        self._handler.data_received(data)

    def eof_received(self) -> bool | None:
        """Hand it on."""
        return self._handler.eof_received()

    def pause_writing(self) -> None:
        """Hand it on."""
        self._handler.pause_writing()

    def resume_writing(self) -> None:
        """Hand it on."""
        self._handler.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Hand it on, and give the place back."""
        self._stop_timer()
        self._connections.leave(self)
        self._handler.connection_lost(exc)

    def begin(self, request: web.Request) -> None:
        """Note that the head of a request has come; from its last octet on it has all the time that it takes."""
        self._is_asked, self._is_silent = True, False
        request.content.on_eof(self._complete)

    def end(self) -> None:
        """Note that the request was answered: now the next one is waited for."""
        self._is_asked, self._is_silent, self._unread_bytes = False, True, math.inf
        self._start_timer()
        self._connections.await_next(self)

    def drop(self) -> None:
        """Close the connection, at once where the other side does not read."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.close()
            if self._transport.get_write_buffer_size():
                self._transport.abort()

    def _complete(self) -> None:
        if self._is_asked:
            self._stop_timer()
            self._connections.begin(self)

    def _start_timer(self) -> None:
        self._stop_timer()
        if self._transport is not None and not self._transport.is_closing():
            self._deadline = asyncio.get_running_loop().call_later(REQUEST_SECONDS, self._expire)

    def _expire(self) -> None:
        # Staff who save a large mail by a slow line read for minutes; whoever has read nothing meanwhile is gone.
        unread_bytes = self._transport.get_write_buffer_size() if self._transport is not None else 0
        if 0 < unread_bytes < self._unread_bytes:
            self._unread_bytes = unread_bytes
            self._start_timer()
        else:
            self.drop()

    def _stop_timer(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


@web.middleware
async def follow(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tell the connection where its request begins and ends."""
    connection = request.transport.get_protocol() if request.transport else None
    if not isinstance(connection, Connection):
        return await handler(request)
    connection.begin(request)
    try:
        return await handler(request)
    finally:
        connection.end()


class Listener(web.BaseSite):
    """One address at which an application is listened for; `start` raises OSError."""

    def __init__(self, runner: web.AppRunner, host: str, port: int) -> None:
        super().__init__(runner)
        self._host, self._port = host, port

    @property
    def name(self) -> str:
        """Its address."""
        return f"http://{self._host}:{self._port}"

    async def start(self) -> None:
        """Listen from now on."""
        await super().start()
        handler = cast("Callable[[], asyncio.Protocol]", self._runner.server)
        connections = Connections(handler, descriptors.shares().web)
        self._server = await descriptors.listen(connections.admit, self._host, self._port)
