"""What the tests of mail handed over by LMTP build on: an inbox, somebody who logs, and servers that bring mail."""

import asyncio
import smtplib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager, closing
from typing import Any

from bot.channel import Batch, Temporary
from bot.core.messages import Inbound
from channels import email_lmtp
from channels.email_lmtp import Lmtp, Settings
from tests.components.ports import PATIENCE_SECONDS, until

ADDRESS = "customer.services@example.gov.uk"
PAT = "pat@residents.example"


class Clerk:
    """Whoever logs: takes one batch at a time, and says when it is committed or that it cannot be."""

    def __init__(self, reader: Lmtp, batches: AsyncGenerator[Batch]) -> None:
        self.reader = reader
        self.sizes: list[int] = []
        self.logged: list[Inbound] = []
        self._batches = batches
        self.next = asyncio.ensure_future(anext(batches))

    @property
    def port(self) -> int:
        """Where mail is brought to."""
        return self.reader.port

    async def batch(self) -> Batch:
        """What has come."""
        return await asyncio.wait_for(asyncio.shield(self.next), PATIENCE_SECONDS)

    async def holds(self, count: int) -> None:
        """Return when exactly so many mails wait for an answer: in the batch, and behind it."""
        await until(lambda: self._unanswered() == count)

    def _unanswered(self) -> int:
        batch = len(self.next.result().messages) if self.next.done() else 0
        return batch + sum(not delivery.answer.done() for delivery in self.reader._deliveries)

    def commit(self) -> None:
        """It is logged."""
        batch = self.next.result()
        self.sizes.append(len(batch.messages))
        self.logged += batch.messages
        self.next = asyncio.ensure_future(anext(self._batches))

    def fail(self) -> None:
        """It cannot be logged now."""
        self.next = asyncio.ensure_future(self._batches.athrow(Temporary("the disk is full")))

    async def log_everything(self, *, pause_seconds: float = 0.0) -> None:
        """Log for ever; each commit takes so long."""
        while True:
            await asyncio.shield(self.next)
            await asyncio.sleep(pause_seconds)
            self.commit()


@asynccontextmanager
async def at_work(reader: Lmtp) -> AsyncIterator[Clerk]:
    """The inbox listens, and a clerk waits for the first batch."""
    async with aclosing(reader.listen(None)) as batches:
        clerk = Clerk(reader, batches)
        await asyncio.wait({clerk.next, asyncio.ensure_future(reader.ready.wait())}, return_when="FIRST_COMPLETED")
        try:
            yield clerk
        finally:
            if not clerk.next.done():
                clerk.next.cancel()
            await asyncio.gather(clerk.next, return_exceptions=True)


@asynccontextmanager
async def logging_all(reader: Lmtp, *, pause_seconds: float = 0.0) -> AsyncIterator[Clerk]:
    """The inbox listens, and whatever comes is logged."""
    async with at_work(reader) as clerk:
        working = asyncio.create_task(clerk.log_everything(pause_seconds=pause_seconds))
        try:
            yield clerk
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)


def inbox(listen: str = "127.0.0.1:0", **others: Any) -> Lmtp:
    """The inbox under test, on a free port."""
    table = {"name": "inbox", "kind": "email_lmtp", "listen": listen, "address": ADDRESS}
    return email_lmtp.build("inbox", Settings(**{**table, **others}))


def mail(number: int = 1, body: str = "The bin was not emptied.") -> bytes:
    """A mail that is known again by its subject."""
    head = f"From: Pat <{PAT}>\r\nTo: {ADDRESS}\r\nMessage-ID: <{number}@residents.example>\r\nSubject: {number}\r\n"
    return f"{head}\r\n{body}\r\n".encode()


async def bring(
    port: int, content: bytes, *, sender: str = PAT, to: Sequence[str] = (ADDRESS,), host: str = "127.0.0.1"
) -> list[str]:
    """Hand a mail over as a mail server does; what was answered, once for each recipient."""
    return await asyncio.to_thread(_bring, host, port, content, sender, to)


def _bring(host: str, port: int, content: bytes, sender: str, to: Sequence[str]) -> list[str]:
    with closing(smtplib.LMTP(host, port, timeout=PATIENCE_SECONDS)) as client:
        client.ehlo_or_helo_if_needed()
        replies = [client.mail(sender), *(client.rcpt(recipient) for recipient in to)]
        assert {code for code, _ in replies} == {250}, replies
        answers = [client.data(content), *(client.getreply() for _ in to[1:])]
        if answers[0][0] != 421:
            client.quit()
        return [f"{code} {words.decode()}" for code, words in answers]


class Talk:
    """A connection on which anything can be said."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, octets: bytes) -> str:
        """Say this, and give the last line of the answer; "" when the other side hangs up."""
        self.writer.write(octets)
        return await self.hear()

    async def hear(self) -> str:
        """The last line of the next answer."""
        line = b"250-"
        while line[3:4] == b"-":
            line = await asyncio.wait_for(self.reader.readline(), PATIENCE_SECONDS)
        return line.decode().strip()

    async def begin(self) -> "Talk":
        """Up to where the message itself is expected."""
        for command in (b"LHLO mx", b"MAIL FROM:<" + PAT.encode() + b">", b"RCPT TO:<" + ADDRESS.encode() + b">"):
            assert (await self.say(command + b"\r\n")).startswith("250"), command
        assert (await self.say(b"DATA\r\n")).startswith("354")
        return self


@asynccontextmanager
async def talking(port: int) -> AsyncIterator[Talk]:
    """A connection that has been greeted, or turned away."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    talk = Talk(reader, writer)
    await talk.hear()
    try:
        yield talk
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
