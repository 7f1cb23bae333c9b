"""Mail from the organisation's own mail server by LMTP; the server keeps each mail until it is logged here."""

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field

from bot.allowed import Listen
from bot.channel import Batch, MailWayIn, Misconfigured, Temporary
from bot.core.messages import Inbound
from bot.wire import descriptors

if TYPE_CHECKING:
    from bot.wire.mail.lmtp import Reception

LOGGED = "250 2.0.0 Logged"

BATCH_MESSAGES, BATCH_BYTES = 100, 16 * 2**20
# A longer message is read in a thread, so that it does not delay the others.
READ_AT_ONCE_BYTES = 200_000


class Settings(MailWayIn):
    """`listen`: address and port, such as `127.0.0.1:8024`."""

    listen: Listen
    max_bytes: int = Field(default=64 * 2**20, ge=65_536, le=2**30)


@dataclass(frozen=True, slots=True)
class _Delivery:
    """A message whose client waits for `answer`."""

    message: Inbound
    answer: asyncio.Future[str]


class Lmtp:
    """An inbox: one listening address. While it listens, `port` is the real port, if `listen` asks for port 0."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.ready = asyncio.Event()
        self.port = 0
        self._settings = settings
        self._deliveries: deque[_Delivery] = deque()
        self._has_delivery = asyncio.Event()

    async def listen(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        """Yield the messages as they come, for ever. Each is answered once its batch is logged, and not before.

        Raises Misconfigured where it cannot listen. There is no cursor: an unanswered message is sent again.
        """
        from bot.wire.mail.lmtp import BROKEN, LEAVING, Reception  # noqa: PLC0415 - no command of a terminal listens

        reception = Reception(self._take, self._settings.max_bytes, descriptors.shares().mail)
        batch: list[_Delivery] = []
        server = await self._open(reception)
        try:
            while True:
                batch = await self._next()
                answer = LOGGED
                try:
                    yield Batch(tuple(delivery.message for delivery in batch))
                except Temporary:
                    answer = BROKEN
                _answer(batch, answer)
        finally:
            self.ready.clear()
            server.close()
            _answer([*batch, *self._deliveries], LEAVING)
            self._deliveries.clear()
            await asyncio.sleep(0)  # lets each conversation send its answer
            reception.close()

    async def _open(self, reception: "Reception") -> asyncio.Server:
        host, _, port = self._settings.listen.rpartition(":")
        try:
            server = await descriptors.listen(reception.admit, host, int(port))
        except OSError as error:
            # asyncio wraps the system's text in a long sentence; an unknown host name has a negative number.
            why = os.strerror(error.errno) if error.errno is not None and error.errno > 0 else error.strerror
            where = f"channel {self.name}: listen = {self._settings.listen!r}"
            raise Misconfigured(f"{where}: cannot listen there: {why or error}") from None
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        return server

    async def _take(self, raw: bytes, sender: str, recipients: tuple[str, ...]) -> str:
        """Queue one message for the next batch; return the answer to its client."""
        from bot.wire.mail import mime  # noqa: PLC0415 - as above

        read = partial(mime.read, raw, channel=self.name, received_at=None, return_path=sender, recipients=recipients)
        message = await asyncio.to_thread(read) if len(raw) > READ_AT_ONCE_BYTES else read()
        delivery = _Delivery(message, asyncio.get_running_loop().create_future())
        self._deliveries.append(delivery)
        self._has_delivery.set()
        return await delivery.answer

    async def _next(self) -> list[_Delivery]:
        """Return the next batch, as soon as there is a message."""
        batch: list[_Delivery] = []
        while not batch:
            await self._has_delivery.wait()
            batch = self._gather()
            if not self._deliveries:
                self._has_delivery.clear()
        return batch

    def _gather(self) -> list[_Delivery]:
        batch: list[_Delivery] = []
        weight = 0
        while self._deliveries and len(batch) < BATCH_MESSAGES:
            delivery = self._deliveries[0]
            weight += len(delivery.message.raw)
            if batch and weight > BATCH_BYTES:
                break
            self._deliveries.popleft()
            # A client that has hung up received no answer, and will send the message again.
            if not delivery.answer.done():
                batch.append(delivery)
        return batch


def _answer(batch: list[_Delivery], answer: str) -> None:
    for delivery in batch:
        if not delivery.answer.done():
            delivery.answer.set_result(answer)


def build(name: str, settings: Settings) -> Lmtp:
    """Return the inbox that `settings` describe."""
    return Lmtp(name, settings)
