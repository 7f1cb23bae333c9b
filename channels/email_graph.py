"""A mailbox of Microsoft 365 by Microsoft Graph: mail in and out, without any change to the mailbox.

Source: learn.microsoft.com/en-us/graph/api/resources/mail-api-overview. Changes are asked for from where Graph said to
go on, and whenever it calls; a message keeps its id when it is moved, and is read as MIME.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import localtime
from itertools import islice

from bot.channel import Batch, Coverage, Glance, Handed, Misconfigured, RawRequest
from bot.core.messages import NO_LOSSES, Inbound, Losses, Outbound
from bot.core.outlets import Limits
from bot.wire.mail import graph_letters, graph_subscription, mime
from bot.wire.mail.graph_calls import Calls
from bot.wire.mail.graph_folder import GraphFolder, Harvest, Item, NoFolder, Page, StateLost, well_known
from bot.wire.mail.graph_permissions import granted, report_of
from bot.wire.mail.graph_position import Position, first_position
from bot.wire.mail.graph_settings import GraphSettings
from bot.wire.mail.graph_sign_in import Expiry
from bot.wire.mail.imap_messages import PART_BYTES
from bot.wire.mail.roles import Role

GLANCE_MESSAGES = 20
_SILENT_MINUTES = 15
_OUR_NAME_OF_IT = "x-microsoft-original-message-id"

logger = logging.getLogger(__name__)


class Settings(GraphSettings):
    """The table of a mailbox."""


class Folder:
    """One folder that is read; `answers_to` is the inbox whose answers are in it, or ""."""

    alone = True

    def __init__(self, name: str, settings: Settings, calls: Calls, folder: str, role: Role) -> None:
        self.name = name
        self.answers_to = role.channel if role.is_sent else ""
        self.ready = asyncio.Event()
        self.news = asyncio.Event()
        self._settings, self._calls, self._role = settings, calls, role
        self._folder = GraphFolder(calls, folder, role.channel, Counter())
        self._account = f"{folder} of {settings.mailbox} at {settings.url}"
        self._position = Position(account=self._account, begin=None)
        self._read_at: float | None = None

    async def listen(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        """Yield an empty batch with the position, then new messages. What is there at first is walked through."""
        position = Position.model_validate_json(cursor) if cursor is not None else await self._first()
        self._position = position if position.account == self._account else position.anew(self._account)
        try:
            yield replace(self._batch(), position_only=True)
            while True:
                self.news.clear()
                async for batch in self._round():
                    yield batch
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._settings.poll_seconds):
                        await self.news.wait()
        finally:
            self.ready.clear()

    async def check(self) -> str:
        """Look into the folder; return one sentence about it. Raises Temporary or Misconfigured."""
        try:
            count = await self._folder.count()
        except NoFolder:
            if not self._may_be_missing:
                raise
            return f"{self._folder.name} does not exist yet, and is waited for"
        return f"{self._folder.name} holds {count} messages"

    async def _first(self) -> Position:
        answer = await self._calls.ask("GET", f"{self._calls.user}/mailFolders/{await self._folder.find()}")
        return first_position(self._settings.begin, self._account, answer.at.replace(microsecond=0))

    @property
    def _may_be_missing(self) -> bool:
        return not self._role.is_answered

    async def _round(self) -> AsyncIterator[Batch]:
        """Yield what has changed since; the position moves with each page."""
        is_whole = False
        while not is_whole:
            try:
                page = await self._folder.page(self._position.link)
            except StateLost:
                logger.warning("channel %s: Graph has lost where we were; the folder is read anew", self.name)
                self._position = self._position.anew(self._account)
                continue
            except NoFolder as error:
                if not self._may_be_missing:
                    raise
                logger.warning("%s; it is looked for again in %s s", error, self._settings.poll_seconds)
                yield replace(self._batch(), up_to_date=True)
                return
            self._note_read()
            async for batch in self._batches(page):
                yield batch
            newest = max((item.received_at for item in page.items if item.received_at), default=None)
            self._position = self._position.after(page.link, newest and min(newest, page.at), is_whole=page.is_last)
            is_whole = page.is_last
            yield replace(self._batch(), up_to_date=is_whole)

    async def _batches(self, page: Page) -> AsyncIterator[Batch]:
        """Yield the messages of a page that count, which is read again from its beginning if not all are stored."""
        if strange := self._folder.not_understood(page):
            yield replace(self._batch(), losses=Losses(self._role.channel, strange))
        items = sorted(
            (item for item in page.items if self._position.counts(item.received_at)),
            key=lambda item: item.received_at or page.at,
        )
        async for harvest in self._folder.harvests(items):
            messages = tuple(self._inbound(*body) for body in harvest.bodies)
            yield replace(self._batch(messages), losses=self._losses(harvest))

    def _batch(self, messages: tuple[Inbound, ...] = ()) -> Batch:
        return Batch(messages, self._position.model_dump_json())

    def _losses(self, harvest: Harvest) -> Losses:
        gap = harvest.vanished if self._settings.tell_gaps and self._role.is_answered else 0
        return Losses(self._role.channel, harvest.unreadable, gap) if harvest.unreadable or gap else NO_LOSSES

    def _inbound(self, item: Item, raw: bytes, is_cut: bool) -> Inbound:  # noqa: FBT001
        message = mime.read(raw, channel=self._role.channel, received_at=item.received_at)
        if self._role.is_sent:
            return self._role.of(_as_we_named_it(message))
        message = self._role.of(replace(message, doubt=self._position.doubt(item.received_at) or message.doubt))
        if not is_cut:
            return message
        fault = f"it is too long: only its first {PART_BYTES // 2**20} MB was read"
        return replace(message, fault="; ".join(filter(None, (message.fault, fault))))

    def _note_read(self) -> None:
        self._read_at = asyncio.get_running_loop().time()
        self.ready.set()


class Graph(Folder):
    """The mailbox: its first folder, what Graph calls, and the way out. `also` are the folders beside it."""

    def __init__(self, name: str, settings: Settings) -> None:
        calls = Calls(name, settings)
        super().__init__(name, settings, calls, settings.folders[0], _role(name, settings.folders[0]))
        self.path = f"/hooks/{name}"
        self.sender = settings.sender
        self.limits = Limits(concurrency=2)
        self.also = tuple(
            Folder(f"{name}/{folder}", settings, calls, folder, _role(name, folder)) for folder in settings.folders[1:]
        )
        if settings.sent_folder is not None:
            role = Role(name, is_sent=True)
            self.also += (Folder(f"{name} sent", settings, calls, settings.sent_folder, role),)
        self._proof = graph_subscription.proof_of(name, settings)
        self._subscription = graph_subscription.Subscription(
            calls, graph_subscription.address_of(name, settings), self._proof
        )
        self._expiry = Expiry.of(settings)

    async def listen(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        """Yield what comes, and keep the subscription meanwhile."""
        keeping = asyncio.create_task(self._subscription.keep()) if self._subscription.address else None
        try:
            async for batch in super().listen(cursor):
                yield batch
        finally:
            if keeping is not None:
                keeping.cancel()

    def prove(self, raw: RawRequest) -> bytes | None:
        """Return the answer to Graph's question whether the address is ours; None for any other call."""
        return graph_subscription.validation(raw)

    def open(self, raw: RawRequest) -> Batch:
        """Look at once: a call says that something came, and not what. Raises Forged."""
        self._subscription.note(graph_subscription.events_in(raw, self._proof))
        for folder in (self, *self.also):
            folder.news.set()
        return Batch(())

    async def send(self, message: Outbound) -> Handed:
        """Hand one mail over; raises Temporary, Permanent or Misconfigured."""
        await graph_letters.hand_over(self._calls, message, with_copy=self._settings.save_to_sent)
        return Handed(message.idempotency_key)

    async def look_up(self, message: Outbound) -> Handed | None:
        """Return what Graph has of a mail that may have left: only a copy in Sent Items shows it."""
        is_there = self._settings.save_to_sent and await graph_letters.is_there(self._calls, message)
        return Handed(message.idempotency_key) if is_there else None

    async def check(self) -> str:
        """Look at permissions, expiry and folder; return one sentence. Raises Temporary or Misconfigured."""
        expiry = self._expiry.warning(_now()) or self._expiry.sentence()
        facts = [expiry]
        try:
            roles = await self._calls.roles()
            facts.insert(0, granted(roles))
            count = await self._folder.count()
            permissions = await report_of(self._calls, self._settings, roles)
        except Misconfigured as error:
            raise Misconfigured("; ".join((str(error), *facts))) from None
        address = self._subscription.address
        news = f"Microsoft calls {address}" if address else f"it is looked for every {self._settings.poll_seconds:g} s"
        where = f"{self._folder.name} of {self._settings.mailbox}"
        return f"{where} holds {count} messages; {permissions}; {expiry}; new mail: {news}"

    async def glance(self) -> Glance:
        """Return what a first look would log, without logging it. Raises Temporary or Misconfigured."""
        self._position = await self._first()
        count, to_log, link, newest = 0, 0, "", list[Item]()
        is_last = False
        while not is_last:
            page = await self._folder.page(link)
            link, is_last = page.link, page.is_last
            count += len(page.items)
            to_log += sum(self._position.counts(item.received_at) for item in page.items)
            dated = sorted((*newest, *page.items), key=lambda item: item.received_at or page.at, reverse=True)
            newest = list(islice(dated, GLANCE_MESSAGES))
        harvests = [harvest async for harvest in self._folder.harvests(newest)]
        return Glance(count, to_log, tuple(self._inbound(*body) for harvest in harvests for body in harvest.bodies))

    async def coverage(self) -> Coverage:
        """Return how well it is read, and when we can sign in no more; raises nothing."""
        if self._read_at is not None:
            minutes = (asyncio.get_running_loop().time() - self._read_at) / 60
            if minutes > max(_SILENT_MINUTES, 3 * self._settings.poll_seconds / 60):
                return Coverage("red", (f"nothing could be read for {minutes:.0f} minutes",))
        warning = self._expiry.warning(_now())
        return Coverage("amber", (warning,)) if warning else Coverage("green")

    async def close(self) -> None:
        """Close the connections."""
        await self._calls.close()


def build(name: str, settings: Settings) -> Graph:
    """Return the mailbox that `settings` describe."""
    return Graph(name, settings)


def _role(channel: str, folder: str) -> Role:
    return Role(channel, is_junk=well_known(folder) == "junkemail")


def _as_we_named_it(message: Inbound) -> Inbound:
    """Return a copy in Sent Items under the Message-ID that it left with, where Exchange gave it another."""
    name = message.mail.first(_OUR_NAME_OF_IT).strip() if message.mail else ""
    return replace(message, external_id=name) if name else message


def _now() -> datetime:
    """Return the wall clock's time, which no rehearsal shifts: a certificate runs out by it."""
    return localtime().astimezone(UTC)
