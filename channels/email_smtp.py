"""Outgoing mail by SMTP, over connections that are kept open.

A new connection takes several round trips, with TLS and sign-in about ten; a kept one takes none.
"""

import asyncio

from pydantic import Field

from bot.channel import Handed, Misconfigured
from bot.core.messages import Outbound
from bot.core.outlets import Limits
from bot.wire.mail.sender import Sender
from bot.wire.mail.smtp import Server, ServerSettings
from bot.wire.mail.smtp_connection import Connection, Stale

IDLE_SECONDS = 60.0
MAILS_PER_CONNECTION = 500
# A refused password is not tried again for each mail in the queue: that would lock the account.
REST_SECONDS = 30.0


class Settings(ServerSettings):
    """`sender`: a monitored inbox, as `Name <local@domain>`. `connections`: how many may be open at once."""

    sender: Sender
    connections: int = Field(default=8, ge=1, le=100)


class Smtp:
    """An outlet: one mail server and its connections. The one used last is used first, so the others can expire."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.sender = settings.sender
        self.limits = Limits(concurrency=settings.connections)
        self._server = Server(name, settings)
        self._room = asyncio.Semaphore(settings.connections)
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._tidy_timer: asyncio.TimerHandle | None = None
        self._trouble = ""
        self._rest_until = 0.0

    async def send(self, message: Outbound) -> Handed:
        """Hand one message over; raises Temporary, Permanent or Misconfigured.

        A kept connection that turns out to be broken before anything was handed over is replaced at once by a new one.
        """
        async with self._room:
            connection = self._take()
            if connection is not None:
                try:
                    return await self._send(connection, message)
                except Stale:
                    # The cause has probably ended the older connections, too.
                    self._retire_idle()
            return await self._send(await self._connect(), message)

    async def check(self) -> str:
        """Connect, sign in and send NOOP; return one sentence about it. Raises Temporary or Misconfigured."""
        connection = await self._server.connect()
        try:
            await connection.ping()
        finally:
            connection.retire()
        settings = self._server.settings
        how = {"implicit": "with TLS", "starttls": "with TLS (STARTTLS)", "none": "without TLS"}[settings.tls]
        account = f", signed in as {settings.username}" if settings.username else ""
        reports = "reports" if "DSN" in connection.offers else "does not offer to report"
        server = f"{settings.host} port {settings.port}"
        return f"{server} takes our mail {how}{account}, and {reports} what it cannot deliver"

    async def close(self) -> None:
        """Close every connection; mails that are being sent fail with Temporary."""
        self._retire_idle()
        for connection in self._busy:
            connection.close()
        await asyncio.sleep(0)  # the sockets are closed in the next turn of the event loop

    async def _connect(self) -> Connection:
        if asyncio.get_running_loop().time() < self._rest_until:
            raise Misconfigured(self._trouble)
        try:
            return await self._server.connect()
        except Misconfigured as error:
            self._trouble, self._rest_until = str(error), asyncio.get_running_loop().time() + REST_SECONDS
            raise

    async def _send(self, connection: Connection, message: Outbound) -> Handed:
        self._busy.add(connection)
        try:
            result = Handed(await connection.hand_over(message))
        except BaseException:
            connection.retire()
            raise
        finally:
            self._busy.discard(connection)
        self._keep(connection)
        return result

    def _keep(self, connection: Connection) -> None:
        if connection.mail_count >= MAILS_PER_CONNECTION:
            connection.retire()
            return
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        self._idle.append(connection)
        if self._tidy_timer is None:
            self._tidy_timer = loop.call_later(IDLE_SECONDS, self._tidy)

    def _take(self) -> Connection | None:
        oldest = asyncio.get_running_loop().time() - IDLE_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.alive and connection.idle_since > oldest:
                return connection
            connection.retire()
        return None

    def _tidy(self) -> None:
        """Close the connections that have been idle for long; they are at the bottom, the oldest first."""
        loop = asyncio.get_running_loop()
        self._tidy_timer = None
        while self._idle and self._idle[0].idle_since <= loop.time() - IDLE_SECONDS:
            self._idle.pop(0).retire()
        if self._idle:
            self._tidy_timer = loop.call_at(self._idle[0].idle_since + IDLE_SECONDS, self._tidy)

    def _retire_idle(self) -> None:
        if self._tidy_timer is not None:
            self._tidy_timer.cancel()
            self._tidy_timer = None
        while self._idle:
            self._idle.pop().retire()


def build(name: str, settings: Settings) -> Smtp:
    """Return the outlet that `settings` describe."""
    return Smtp(name, settings)
