"""Mail in a mailbox, read by IMAP without any change to it.

Bodies are fetched with `BODY.PEEK[]`, so that messages stay unread for staff. New mail is announced by IDLE (RFC 2177);
without it, the folder is polled.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import localtime
from typing import TypeVar

from bot.channel import Batch, Glance
from bot.core.messages import NO_LOSSES, Inbound, Losses
from bot.wire.mail import mime
from bot.wire.mail.imap import Mailbox, NoFolder
from bot.wire.mail.imap_messages import AGAIN_SECONDS, PART_BYTES, Facts, Harvest, LineDropped, Messages, Tries
from bot.wire.mail.imap_position import Numbering, Position, first_position
from bot.wire.mail.imap_settings import MailboxSettings
from bot.wire.mail.oauth import TokenSource
from bot.wire.mail.roles import Role
from bot.wire.mail.service_account import token_source
from bot.wire.threads import Halt, one_ahead

T = TypeVar("T")

# imaplib accepts lines of a million characters, so one SEARCH may list at most this many messages.
SEARCH_UIDS = 50_000
GLANCE_MESSAGES, GLANCE_BYTES = 50, 2**20
JUNK_USE = "\\Junk"

logger = logging.getLogger(__name__)


class Settings(MailboxSettings):
    """The table of a mailbox."""


class Imap:
    """An inbox: one folder of one mailbox. `also` reads the folder of staff's answers, and further folders.

    With `sent_of`, the name of the inbox, it is the folder of staff's answers itself: its messages are outgoing. With
    `part_of` it is a further folder of that inbox, with `junk` the one of unwanted mail.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        *,
        sent_of: str = "",
        part_of: str = "",
        junk: bool = False,
        tokens: TokenSource | None = None,
    ) -> None:
        self.name = name
        self.alone = True
        self.ready = asyncio.Event()
        self._settings = settings.model_copy(update={"folder": (*settings.folders, settings.folder)[0]})
        self._role = Role(sent_of or part_of or name, is_sent=bool(sent_of), is_junk=junk)
        self._tries = Tries()
        self.answers_to = sent_of
        self._tokens = tokens or token_source(name, settings)
        self.also: tuple[Imap, ...] = ()
        if settings.sent_folder and not sent_of:
            sent_settings = settings.only(settings.sent_folder)
            self.also = (Imap(f"{name} sent", sent_settings, sent_of=name, tokens=self._tokens),)
        self.also += tuple(
            Imap(f"{name}/{folder}", settings.only(folder), part_of=name, tokens=self._tokens)
            for folder in settings.folders[1:]
        )
        if settings.junk:
            folder = JUNK_USE if settings.junk is True else settings.junk
            junk_settings = settings.only(folder)
            self.also += (Imap(f"{name} junk", junk_settings, part_of=name, junk=True, tokens=self._tokens),)

    async def listen(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        """Yield an empty batch with the position, then new messages. All IMAP runs in one thread."""
        look = self._look()
        try:
            async with aclosing(self._in_thread(look, look.batches(cursor))) as batches:
                async for batch in batches:
                    if batch is None or not batch.position_only:
                        self.ready.set()
                    if batch is not None:
                        yield batch
        finally:
            self.ready.clear()

    async def check(self) -> str:
        """Connect, log in, open the folder; return one sentence about it. Raises Temporary or Misconfigured."""
        look = self._look()
        async with aclosing(self._in_thread(look, look.report())) as sentences:
            return await anext(sentences)

    async def glance(self) -> Glance:
        """Return what a first look would log, without logging it. Raises Temporary or Misconfigured."""
        look = self._look()
        async with aclosing(self._in_thread(look, look.glance())) as glances:
            return await anext(glances)

    def _look(self) -> "_Look":
        return _Look(self.name, self._settings, self._role, self._tries, self._tokens)

    def _in_thread(self, look: "_Look", items: Generator[T, None, None]) -> AsyncGenerator[T, None]:
        return one_ahead(items, look.halt, look.mailbox.cut, name=f"imap {self.name}")


def build(name: str, settings: Settings) -> Imap:
    """Return the inbox that `settings` describe."""
    return Imap(name, settings)


class _Look:
    """One folder's reading, batch by batch, in its thread."""

    def __init__(self, name: str, settings: Settings, role: Role, tries: Tries, tokens: TokenSource | None) -> None:
        self.halt = Halt()
        self.mailbox = Mailbox(name, settings, tokens, self.halt)
        self._messages = Messages(role.channel, self.mailbox, tries, self.halt)
        self._name, self._settings, self._role, self._tries = name, settings, role, tries
        self._position = Position(uidvalidity=0, uid=0, begin=None, old=0)

    def report(self) -> Generator[str, None, None]:
        """Yield one sentence about the mailbox."""
        with self.mailbox.open():
            news = "new mail is announced by the server (IDLE)"
            if not self.mailbox.announces:
                news = f"new mail is looked for every {self._settings.poll_seconds} s, as the server has no IDLE"
            count = self.mailbox.folder[b"EXISTS"]
            where = f"{self.mailbox.folder_name} at {self._settings.host}"
            yield f"{where} holds {count} messages; {news}{self._unread_junk()}"

    def _unread_junk(self) -> str:
        """Return a hint where the server has a folder of unwanted mail that nobody reads."""
        if self._settings.junk or self._role != Role(self._name):
            return ""
        with suppress(NoFolder):
            return f"; unwanted mail in {self.mailbox.special(JUNK_USE)} is not read, as junk is not set"
        return ""

    def glance(self) -> Generator[Glance, None, None]:
        """Yield what a first look would log."""
        with self.mailbox.open():
            numbering = self._numbering()
            self._position = first_position(self._settings.begin, numbering, _mail_server_time())
            self._tries.begin(numbering.uidvalidity)
            uids = sorted(self.mailbox.client.search(["ALL"]))
            ahead = [uid for uid in uids if uid > self._position.uid]
            if self._position.begin is not None:
                ahead = [facts.uid for facts in self._messages.facts(ahead) if self._counts(facts)]
            newest = [facts for facts in self._messages.facts(uids[-GLANCE_MESSAGES:]) if facts.size <= GLANCE_BYTES]
            bodies = self._messages.fetch(newest).bodies if newest else {}
            read = (self._inbound(facts, bodies[facts.uid]) for facts in newest if facts.uid in bodies)
            yield Glance(len(uids), len(ahead), tuple(read))

    def batches(self, cursor: str | None) -> Generator[Batch | None, None, None]:
        """Yield an empty batch, which stores the position at once; then the existing and the new messages.

        Where the first look brings nothing, None says that it could be made.

        The folder of sent mail may be created with the first answer, and that of unwanted mail with the first of it: if
        it does not exist, look again later. After a line that was lost over a message it goes on from where it was.
        """
        position = Position.model_validate_json(cursor) if cursor is not None else None
        is_stored = False
        while not self.halt.is_requested:
            try:
                yield from self._batches(position, is_stored=is_stored)
            except LineDropped as error:
                if not error.at_once:
                    raise
                position, is_stored = self._position, True
                self.halt.wait(AGAIN_SECONDS)
            except NoFolder as error:
                if not self._may_be_missing():
                    raise
                logger.warning("%s; it is looked for again in %s s", error, self._settings.poll_seconds)
                yield Batch((), up_to_date=True)
                self.halt.wait(self._settings.poll_seconds)

    def _may_be_missing(self) -> bool:
        return self._role.is_sent or self._settings.folder == JUNK_USE

    def _batches(self, position: Position | None, *, is_stored: bool) -> Generator[Batch | None, None, None]:
        with self.mailbox.open():
            self._position = self._starting_position(position)
            self._tries.begin(self._position.uidvalidity)
            top = self._last_uid()
            is_behind = self._position.uid < top
            if not (is_stored and is_behind):
                yield replace(self._batch(), position_only=True, up_to_date=not is_behind)
            while not self.halt.is_requested:
                has_grown, before = self.mailbox.has_grown(), self._position
                yield from self._batches_of_look(top)
                if is_behind:
                    is_behind = False
                    yield replace(self._batch(), up_to_date=True)
                if has_grown and not top and self._position == before:
                    # It was announced, and is gone. What has come since must not be taken for gone, too.
                    top = self.mailbox.next_uid() - 1
                    self.mailbox.client.noop()
                    continue
                top = 0
                if not self.mailbox.has_grown():
                    self.mailbox.await_news(self._settings.poll_seconds)

    def _batches_of_look(self, top: int) -> Iterator[Batch | None]:
        """Yield what one look brings; None, which says that it could be made, where that is nothing."""
        is_empty = True
        for messages, unreadable in self._news(top):
            is_empty = False
            yield self._batch(messages, unreadable)
        if self._position.reported(_mail_server_time())[1]:
            yield self._batch()
        elif is_empty:
            yield None

    def _batch(self, messages: tuple[Inbound, ...] = (), unreadable: tuple[Inbound, ...] = ()) -> Batch:
        self._position, gap = self._position.reported(_mail_server_time())
        # Nobody misses what was thrown out of the unwanted mail, or taken out of the sent.
        gap = gap if self._settings.tell_gaps and self._role.is_answered else 0
        losses = Losses(self._role.channel, unreadable, gap) if unreadable or gap else NO_LOSSES
        return Batch(messages, self._position.model_dump_json(), losses=losses)

    def _numbering(self) -> Numbering:
        settings = self._settings
        account = f"{settings.folder} of {settings.username} at {settings.host}"
        return Numbering(self.mailbox.folder[b"UIDVALIDITY"], self._last_uid(), account)

    def _starting_position(self, position: Position | None) -> Position:
        numbering, now = self._numbering(), _mail_server_time()
        if position is None:
            return first_position(self._settings.begin, numbering, now)
        if position.is_of(numbering):
            return position.model_copy(update={"account": numbering.account})
        logger.warning("channel %s: the folder was numbered anew; looking through it again", self._name)
        return position.renewed(numbering, now)

    def _last_uid(self) -> int:
        if b"UIDNEXT" in self.mailbox.folder:
            return int(self.mailbox.folder[b"UIDNEXT"]) - 1
        return max(self.mailbox.client.search(["UID", "*"]), default=0)

    def _news(self, top: int) -> Iterator[tuple[tuple[Inbound, ...], tuple[Inbound, ...]]]:
        """Yield what came after the position, and move it, also past messages that do not count or have vanished.

        `top` is the last UID that the server has given out, where it is known.
        """
        last: int | None = 0
        while last is not None:
            criteria, last = self._next_stretch()
            # "n:*" lists the last message even where its UID is below n (RFC 3501 6.4.8).
            uids = sorted(uid for uid in self.mailbox.client.search(criteria) if uid > self._position.uid)
            before = self._position
            if last is None:
                self._position = before.with_gaps(uids, top)
            for group in self._messages.groups(uids):
                yield self._fetch_group(group)
            if last is not None and last > self._position.uid:
                self._position = self._position.after(last)
                yield (), ()
            elif last is None and not uids and self._position != before:
                yield (), ()

    def _next_stretch(self) -> tuple[list[object], int | None]:
        """Return the next search, and the last UID that it covers: None if it covers everything to the end."""
        at = self._position
        last = min(at.uid + SEARCH_UIDS, at.old)
        if last <= at.uid:
            return ["UID", f"{at.uid + 1}:*"], None
        # SINCE compares days and ignores the time zone: one day of margin.
        since = ["SINCE", (at.begin - timedelta(days=1)).date()] if at.begin is not None else []
        return ["UID", f"{at.uid + 1}:{last}", *since], last

    def _fetch_group(self, group: list[Facts]) -> tuple[tuple[Inbound, ...], tuple[Inbound, ...]]:
        counting = [facts for facts in group if self._counts(facts)]
        harvest = self._messages.fetch(counting) if counting else Harvest()
        read = tuple(
            self._inbound(facts, harvest.bodies[facts.uid]) for facts in counting if facts.uid in harvest.bodies
        )
        now = _mail_server_time()
        newest = max((min(facts.received_at, now) for facts in group if facts.received_at), default=None)
        self._position = self._position.after(group[-1].uid, newest).with_gap(harvest.vanished)
        return read, harvest.unreadable

    def _counts(self, facts: Facts) -> bool:
        return self._position.counts(facts.uid, facts.received_at)

    def _inbound(self, facts: Facts, raw: bytes) -> Inbound:
        message = self._role.of(mime.read(raw, channel=self._role.channel, received_at=facts.received_at))
        if not self._role.is_sent:
            doubt = self._position.doubt(facts.uid, facts.received_at, message.sent_at, _mail_server_time())
            message = replace(message, doubt=doubt) if doubt else message
        if facts.is_short:
            return message
        fault = f"it is {facts.size // 2**20} MB long: only its first {PART_BYTES // 2**20} MB was read"
        return replace(message, fault="; ".join(filter(None, (message.fault, fault))))


def _mail_server_time() -> datetime:
    """Return the time for comparison with INTERNALDATE: whole seconds of the wall clock, which no rehearsal shifts."""
    return localtime().astimezone(UTC).replace(microsecond=0)
