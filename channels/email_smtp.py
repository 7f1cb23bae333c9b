"""Mail out by SMTP, over connections that are kept open.

A new connection costs several round trips, with TLS and sign-in some ten; a kept one costs none.
"""

import asyncio

from pydantic import Field

from bot.channel import Handed, Limits, Misconfigured
from bot.core.messages import Outbound
from bot.wire.mail.addresses import Sender
from bot.wire.mail.smtp import Connection, Server, ServerSettings, Stale

IDLE_SECONDS = 60.0
MAILS_PER_CONNECTION = 500
# A wrong password is not tried again for each mail that waits: that would lock the account.
REST_SECONDS = 30.0


class Settings(ServerSettings):
    """`sender`: a monitored inbox, as `Name <local@domain>`. `connections`: how many may be open at once."""

    sender: Sender
    connections: int = Field(default=8, ge=1, le=100)


class Smtp:
    """An outlet: one mail server, and the lines to it. The line used last is used first; the others may grow old."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.sender = settings.sender
        self.limits = Limits(concurrency=settings.connections)
        self._server = Server(name, settings)
        self._room = asyncio.Semaphore(settings.connections)
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._tidying: asyncio.TimerHandle | None = None
        self._trouble = ""
        self._rest_until = 0.0

    async def send(self, message: Outbound) -> Handed:
        """Hand one message over; raises Temporary, Permanent or Misconfigured.

        A kept line that turns out to be dead before anything was handed over is replaced at once, by a fresh one.
        """
        async with self._room:
            kept = self._take()
            if kept is not None:
                try:
                    return await self._send(kept, message)
                except Stale:
                    # Whatever ended this one has ended the older ones, too.
                    self._let_go_of_idle()
            return await self._send(await self._connect(), message)

    async def check(self) -> str:
        """Connect, sign in and ask; one sentence about it. Raises Temporary or Misconfigured."""
        line = await self._server.connect()
        try:
            await line.ask_nothing()
        finally:
            line.retire()
        chosen = self._server.settings
        how = {"implicit": "with TLS", "starttls": "with TLS (STARTTLS)", "none": "without TLS"}[chosen.tls]
        who = f", signed in as {chosen.username}" if chosen.username else ""
        reports = "reports" if "DSN" in line.offers else "does not offer to report"
        return f"{chosen.host} port {chosen.port} takes our mail {how}{who}, and {reports} what it cannot deliver"

    async def close(self) -> None:
        """Let go of every connection; what is being sent fails with Temporary."""
        self._let_go_of_idle()
        for line in self._busy:
            line.close()
        await asyncio.sleep(0)  # the sockets are closed in the next turn of the event loop

    async def _connect(self) -> Connection:
        if asyncio.get_running_loop().time() < self._rest_until:
            raise Misconfigured(self._trouble)
        try:
            return await self._server.connect()
        except Misconfigured as error:
            self._trouble, self._rest_until = str(error), asyncio.get_running_loop().time() + REST_SECONDS
            raise

    async def _send(self, line: Connection, message: Outbound) -> Handed:
        self._busy.add(line)
        try:
            receipt = Handed(await line.hand_over(message))
        except BaseException:
            line.retire()
            raise
        finally:
            self._busy.discard(line)
        self._keep(line)
        return receipt

    def _keep(self, line: Connection) -> None:
        if line.carried >= MAILS_PER_CONNECTION:
            line.retire()
            return
        loop = asyncio.get_running_loop()
        line.idle_since = loop.time()
        self._idle.append(line)
        if self._tidying is None:
            self._tidying = loop.call_later(IDLE_SECONDS, self._tidy)

    def _take(self) -> Connection | None:
        oldest = asyncio.get_running_loop().time() - IDLE_SECONDS
        while self._idle:
            line = self._idle.pop()
            if line.alive and line.idle_since > oldest:
                return line
            line.retire()
        return None

    def _tidy(self) -> None:
        """Let go of the lines that nobody has needed for a while; they lie at the bottom, oldest first."""
        loop = asyncio.get_running_loop()
        self._tidying = None
        while self._idle and self._idle[0].idle_since <= loop.time() - IDLE_SECONDS:
            self._idle.pop(0).retire()
        if self._idle:
            self._tidying = loop.call_at(self._idle[0].idle_since + IDLE_SECONDS, self._tidy)

    def _let_go_of_idle(self) -> None:
        if self._tidying is not None:
            self._tidying.cancel()
            self._tidying = None
        while self._idle:
            self._idle.pop().retire()


def build(name: str, settings: Settings) -> Smtp:
    """The outlet that `settings` describe."""
    return Smtp(name, settings)
