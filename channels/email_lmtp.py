"""Mail handed over by the organisation's own mail server (LMTP), which keeps each mail until we have logged it."""

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import partial

from pydantic import Field, field_validator

from bot.channel import Batch, MailWayIn, Misconfigured, Temporary
from bot.core.messages import Inbound
from bot.wire.mail import mime
from bot.wire.mail.lmtp import BROKEN, LEAVING, Reception

LOGGED = "250 2.0.0 Logged"

BATCH_MESSAGES, BATCH_BYTES = 100, 16 * 2**20
# A longer message is read in a thread, so that its neighbours are not kept waiting.
READ_AT_ONCE_BYTES = 200_000


class Settings(MailWayIn):
    """`listen`: address and port, such as `127.0.0.1:8024`."""

    listen: str = Field(pattern=r"^(\[[0-9a-fA-F:.]+\]|[^:\s\[\]]+):\d{1,5}$")
    max_bytes: int = Field(default=64 * 2**20, ge=65_536, le=2**30)

    @field_validator("listen")
    @classmethod
    def _a_port(cls, value: str) -> str:
        if int(value.rpartition(":")[2]) > 65_535:
            raise ValueError("the port is a number from 0 to 65535")
        return value


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A message whose sender holds the line until `answer` is known."""

    message: Inbound
    answer: asyncio.Future[str]


class Lmtp:
    """An inbox: one listening address. `port` is the real one while it listens, where `listen` asks for port 0."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.ready = asyncio.Event()
        self.port = 0
        self._settings = settings
        self._waiting: deque[_Waiting] = deque()
        self._came = asyncio.Event()

    async def listen(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        """Yield what is waiting, for ever. Each message is answered for once its batch is logged, and not before.

        Raises Misconfigured where it cannot listen. No cursor is kept: what was not answered for comes again.
        """
        reception = Reception(self._take, self._settings.max_bytes)
        batch: list[_Waiting] = []
        server = await self._open(reception)
        try:
            while True:
                batch = await self._next()
                answer = LOGGED
                try:
                    yield Batch(tuple(one.message for one in batch))
                except Temporary:
                    answer = BROKEN
                _answer(batch, answer)
        finally:
            self.ready.clear()
            server.close()
            _answer([*batch, *self._waiting], LEAVING)
            self._waiting.clear()
            await asyncio.sleep(0)  # lets each conversation pass its answer on
            reception.close()

    async def _open(self, reception: Reception) -> asyncio.Server:
        host, _, port = self._settings.listen.rpartition(":")
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(reception.admit, host.strip("[]"), int(port))
        except OSError as error:
            # asyncio wraps what the system said in a long sentence; a name that is not known has a negative number.
            why = os.strerror(error.errno) if error.errno is not None and error.errno > 0 else error.strerror
            where = f"channel {self.name}: listen = {self._settings.listen!r}"
            raise Misconfigured(f"{where}: cannot listen there: {why or error}") from None
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        return server

    async def _take(self, raw: bytes, sender: str, recipients: tuple[str, ...]) -> str:
        """Put one message where the next batch is made; returns what to answer to its sender."""
        read = partial(mime.read, raw, channel=self.name, received_at=None, return_path=sender, recipients=recipients)
        message = await asyncio.to_thread(read) if len(raw) > READ_AT_ONCE_BYTES else read()
        waiting = _Waiting(message, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._came.set()
        return await waiting.answer

    async def _next(self) -> list[_Waiting]:
        """The next batch: what is waiting, as soon as there is something."""
        batch: list[_Waiting] = []
        while not batch:
            await self._came.wait()
            batch = self._gather()
            if not self._waiting:
                self._came.clear()
        return batch

    def _gather(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        weight = 0
        while self._waiting and len(batch) < BATCH_MESSAGES:
            one = self._waiting[0]
            weight += len(one.message.raw)
            if batch and weight > BATCH_BYTES:
                break
            self._waiting.popleft()
            # Who has hung up was promised nothing, and will bring it again.
            if not one.answer.done():
                batch.append(one)
        return batch


def _answer(batch: list[_Waiting], answer: str) -> None:
    for one in batch:
        if not one.answer.done():
            one.answer.set_result(answer)


def build(name: str, settings: Settings) -> Lmtp:
    """The inbox that `settings` describe."""
    return Lmtp(name, settings)
