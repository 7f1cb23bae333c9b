"""What the tests of the mailbox build on: an inbox to test, mail to put in, and staff who look at the same mailbox."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

from imapclient import IMAPClient

from bot.channel import Batch
from bot.core.messages import Inbound
from channels import email_imap
from channels.email_imap import Imap, Settings
from tests.components.dovecot import CONTACT, Dovecot
from tests.components.ports import LEAVING_SECONDS, PATIENCE_SECONDS

LONG_AGO = datetime(2016, 3, 1, 9, 30, tzinfo=UTC)


def settings(port: int, **others: Any) -> Settings:
    """Contact's mailbox at this port; plain, and looked into every hour, so that only IDLE can bring news."""
    account = {"host": "127.0.0.1", "port": port, "username": CONTACT, "password": "secret", "address": CONTACT}
    table = {"name": "enquiries", "kind": "email_imap", "tls": "none", "poll_seconds": 3600}
    return Settings(**{**table, **account, **others})


def inbox(port: int, **others: Any) -> Imap:
    """The inbox under test."""
    return email_imap.build("enquiries", settings(port, **others))


def mail(number: int, body: str = "The bin was not emptied.") -> bytes:
    """A mail that is known again by its subject."""
    head = f"From: Pat <pat{number}@example.test>\r\nTo: {CONTACT}\r\nMessage-ID: <{number}@example.test>\r\n"
    return f"{head}Subject: {number}\r\n\r\n{body}\r\n".encode()


def numbers(messages: list[Inbound]) -> list[int]:
    """Which mails these are."""
    return [int(message.subject) for message in messages]


def staff(server: Dovecot) -> IMAPClient:
    """What a member of staff sees in the same mailbox."""
    client = IMAPClient("127.0.0.1", server.imap_port, ssl=False)
    client.login(CONTACT, "secret")
    return client


def put(server: Dovecot, *raws: bytes, at: datetime | None = None) -> None:
    """Lay mails into the folder as they are, with this INTERNALDATE."""
    with staff(server) as client:
        for raw in raws:
            client.append("INBOX", raw, msg_time=at)


async def following(batches: AsyncGenerator[Batch]) -> Batch:
    """The next batch; whoever asks has committed the one before."""
    return await asyncio.wait_for(anext(batches), PATIENCE_SECONDS)


async def read(batches: AsyncGenerator[Batch], count: int) -> tuple[list[Inbound], str]:
    """Take batches until this many messages have come; the last cursor, too."""
    messages: list[Inbound] = []
    while True:
        batch = await following(batches)
        messages += batch.messages
        assert batch.cursor is not None
        if len(messages) >= count:
            return messages, batch.cursor


async def read_all(reader: Imap, cursor: str | None, count: int) -> list[int]:
    """Which mails are offered from this cursor on, until `count` have come."""
    async with aclosing(reader.listen(cursor)) as batches:
        return numbers((await read(batches, count))[0])


def threads() -> list[threading.Thread]:
    """The threads that look into the mailbox."""
    return [thread for thread in threading.enumerate() if thread.name == "imap enquiries"]


async def has_left() -> bool:
    """Whether every thread ends by itself, sooner than anything that it could wait for."""
    for thread in threads():
        await asyncio.to_thread(thread.join, LEAVING_SECONDS)
    return not threads()
