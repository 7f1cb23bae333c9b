"""Mail in a mailbox, read by IMAP without any change to it.

Bodies are fetched with `BODY.PEEK[]`, so that messages stay unread for staff. New mail is announced by IDLE (RFC 2177);
without it, the folder is polled.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from email.utils import localtime
from typing import Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, Field, field_validator

from bot.channel import Batch, Glance
from bot.core.messages import Inbound
from bot.wire.mail import mime
from bot.wire.mail.imap import Mailbox, MailboxSettings, NoFolder, OneLine
from bot.wire.mail.oauth import TokenSource
from bot.wire.threads import Halt, one_ahead

T = TypeVar("T")

BATCH_MESSAGES, BATCH_BYTES = 50, 8 * 2**20
# A longer message is not fetched in full: its first part contains the headers and the text.
WHOLE_BYTES, PART_BYTES = 64 * 2**20, 2**20
# imaplib accepts lines of a million characters, so one SEARCH may list at most this many messages.
SEARCH_UIDS, SIZES_AT_ONCE = 50_000, 500
GLANCE_MESSAGES, GLANCE_BYTES = 50, 2**20

logger = logging.getLogger(__name__)


class Settings(MailboxSettings):
    """`begin`: which of the existing mail counts: none, all, or what came on that day (UTC) or later.

    `poll_seconds` is how often to look for mail without IDLE, and to make sure with it. `sent_folder` is the folder of
    staff's answers.
    """

    sent_folder: OneLine | None = None
    begin: Literal["now", "all"] | date = "now"
    poll_seconds: int = Field(default=60, ge=1, le=3600)

    @field_validator("begin", mode="before")
    @classmethod
    def _word_or_day(cls, value: object) -> object:
        if value in ("now", "all") or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        with suppress(ValueError):
            return date.fromisoformat(str(value))
        raise ValueError('is not "now", "all" or a day such as 2026-09-01')


class Position(BaseModel, frozen=True):
    """The cursor: reading continues after `uid`, as long as the folder's `uidvalidity` stays the same.

    Messages with UIDs up to `old` were there before the first look; they count only if they came (INTERNALDATE) at or
    after `begin`, so that a folder that is renumbered does not import years of mail.
    """

    uidvalidity: int
    uid: int
    begin: AwareDatetime | None
    old: int

    def after(self, uid: int) -> "Position":
        """Return the position once everything up to `uid` is read."""
        return self.model_copy(update={"uid": uid})


@dataclass(frozen=True, slots=True)
class _Facts:
    """The facts about a message before its body is fetched; `received_at` is in UTC."""

    uid: int
    size: int
    received_at: datetime | None

    @property
    def is_short(self) -> bool:
        return self.size <= WHOLE_BYTES

    @property
    def fetch_size(self) -> int:
        return self.size if self.is_short else PART_BYTES


class Imap:
    """An inbox: one folder of one mailbox. `also` reads the folder of staff's answers.

    With `sent_of`, the name of the inbox, it is that folder itself: its messages are outgoing.
    """

    def __init__(self, name: str, settings: Settings, *, sent_of: str = "", tokens: TokenSource | None = None) -> None:
        self.name = name
        self.alone = True
        self.ready = asyncio.Event()
        self._settings = settings
        self._sent_of = sent_of
        self._tokens = tokens or (TokenSource(name, settings.oauth) if settings.oauth else None)
        self.also: tuple[Imap, ...] = ()
        if settings.sent_folder and not sent_of:
            sent_settings = settings.model_copy(update={"folder": settings.sent_folder})
            self.also = (Imap(f"{name} sent", sent_settings, sent_of=name, tokens=self._tokens),)

    async def listen(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        """Yield an empty batch with the position, then new messages. All IMAP runs in one thread."""
        look = self._look()
        try:
            async with aclosing(self._in_thread(look, look.batches(cursor))) as batches:
                async for batch in batches:
                    yield batch
                    self.ready.set()
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
        return _Look(self.name, self._settings, self._sent_of, self._tokens)

    def _in_thread(self, look: "_Look", items: Generator[T, None, None]) -> AsyncGenerator[T, None]:
        return one_ahead(items, look.halt, look.mailbox.cut, name=f"imap {self.name}")


def build(name: str, settings: Settings) -> Imap:
    """Return the inbox that `settings` describe."""
    return Imap(name, settings)


class _Look:
    """One connection's reading, batch by batch, in its thread."""

    def __init__(self, name: str, settings: Settings, sent_of: str, tokens: TokenSource | None) -> None:
        self.halt = Halt()
        self.mailbox = Mailbox(name, settings, tokens, self.halt)
        self._name = name
        self._sent_of = sent_of
        self._settings = settings
        self._position = Position(uidvalidity=0, uid=0, begin=None, old=0)

    def report(self) -> Generator[str, None, None]:
        """Yield one sentence about the mailbox."""
        with self.mailbox.open():
            news = "new mail is announced by the server (IDLE)"
            if not self.mailbox.announces:
                news = f"new mail is looked for every {self._settings.poll_seconds} s, as the server has no IDLE"
            count = self.mailbox.folder[b"EXISTS"]
            yield f"{self._settings.folder} at {self._settings.host} holds {count} messages; {news}"

    def glance(self) -> Generator[Glance, None, None]:
        """Yield what a first look would log."""
        with self.mailbox.open():
            self._position = self._first_position(None)
            uids = sorted(self.mailbox.client.search(["ALL"]))
            ahead = [uid for uid in uids if uid > self._position.uid]
            if self._position.begin is not None:
                ahead = [facts.uid for facts in self._facts(ahead) if self._counts(facts)]
            newest = list(self._facts(uids[-GLANCE_MESSAGES:]))
            bodies = self._bodies([facts.uid for facts in newest if facts.size <= GLANCE_BYTES], "BODY.PEEK[]")
            read = (self._inbound(facts, bodies[facts.uid]) for facts in newest if facts.uid in bodies)
            yield Glance(len(uids), len(ahead), tuple(read))

    def batches(self, cursor: str | None) -> Generator[Batch, None, None]:
        """Yield an empty batch, which stores the position at once; then the existing and the new messages.

        The folder of sent mail may be created with the first answer: if it does not exist, look again later.
        """
        while not self.halt.is_requested:
            try:
                yield from self._batches(cursor)
            except NoFolder as error:
                if not self._sent_of:
                    raise
                logger.warning("%s; it is looked for again in %s s", error, self._settings.poll_seconds)
                yield Batch(())
                self.halt.wait(self._settings.poll_seconds)

    def _batches(self, cursor: str | None) -> Generator[Batch, None, None]:
        position = Position.model_validate_json(cursor) if cursor is not None else None
        with self.mailbox.open():
            self._position = self._first_position(position)
            yield self._batch(())
            while not self.halt.is_requested:
                self.mailbox.has_grown()
                for messages in self._news():
                    yield self._batch(messages)
                if not self.mailbox.has_grown():
                    self.mailbox.await_news(self._settings.poll_seconds)

    def _batch(self, messages: tuple[Inbound, ...]) -> Batch:
        return Batch(messages, self._position.model_dump_json())

    def _first_position(self, position: Position | None) -> Position:
        begin = self._settings.begin
        uidvalidity, last = self.mailbox.folder[b"UIDVALIDITY"], self._last_uid()
        if position is not None:
            if position.uidvalidity == uidvalidity and position.uid <= last:
                return position
            logger.warning("channel %s: the folder was numbered anew; looking through it again", self._name)
            return Position(uidvalidity=uidvalidity, uid=0, begin=position.begin, old=last)
        if begin == "now":
            return Position(uidvalidity=uidvalidity, uid=last, begin=_mail_server_time(), old=last)
        floor = None if begin == "all" else datetime.combine(begin, time.min, UTC)
        return Position(uidvalidity=uidvalidity, uid=0, begin=floor, old=last)

    def _last_uid(self) -> int:
        if b"UIDNEXT" in self.mailbox.folder:
            return int(self.mailbox.folder[b"UIDNEXT"]) - 1
        return max(self.mailbox.client.search(["UID", "*"]), default=0)

    def _news(self) -> Iterator[tuple[Inbound, ...]]:
        """Yield what came after the position, and move it, also past messages that do not count or have vanished."""
        last: int | None = 0
        while last is not None:
            criteria, last = self._next_stretch()
            # "n:*" lists the last message even where its UID is below n (RFC 3501 6.4.8).
            uids = sorted(uid for uid in self.mailbox.client.search(criteria) if uid > self._position.uid)
            for group in self._batched(uids):
                messages = self._fetch_group(group)
                self._position = self._position.after(group[-1].uid)
                yield messages
            if last is not None and last > self._position.uid:
                self._position = self._position.after(last)
                yield ()

    def _next_stretch(self) -> tuple[list[object], int | None]:
        """Return the next search, and the last UID that it covers: None if it covers everything to the end."""
        at = self._position
        last = min(at.uid + SEARCH_UIDS, at.old)
        if last <= at.uid:
            return ["UID", f"{at.uid + 1}:*"], None
        # SINCE compares days and ignores the time zone: one day of margin.
        since = ["SINCE", (at.begin - timedelta(days=1)).date()] if at.begin is not None else []
        return ["UID", f"{at.uid + 1}:{last}", *since], last

    def _batched(self, uids: list[int]) -> Iterator[list[_Facts]]:
        """Yield consecutive messages in groups that make one batch."""
        group: list[_Facts] = []
        weight = 0
        for facts in self._facts(uids):
            if group and (len(group) == BATCH_MESSAGES or weight + facts.fetch_size > BATCH_BYTES):
                yield group
                group, weight = [], 0
            group.append(facts)
            weight += facts.fetch_size
        if group:
            yield group

    def _facts(self, uids: list[int]) -> Iterator[_Facts]:
        for start in range(0, len(uids), SIZES_AT_ONCE):
            group = uids[start : start + SIZES_AT_ONCE]
            response = self.mailbox.client.fetch(group, ["RFC822.SIZE", "INTERNALDATE"])
            for uid in group:
                items = response.get(uid, {})
                received_at = items.get(b"INTERNALDATE")
                yield _Facts(uid, int(items.get(b"RFC822.SIZE", 0)), received_at and received_at.astimezone(UTC))

    def _fetch_group(self, group: list[_Facts]) -> tuple[Inbound, ...]:
        counting = [facts for facts in group if self._counts(facts)]
        bodies = self._bodies([facts.uid for facts in counting if facts.is_short], "BODY.PEEK[]")
        for facts in counting:
            if not facts.is_short:
                bodies |= self._bodies([facts.uid], f"BODY.PEEK[]<0.{PART_BYTES}>")
        return tuple(self._inbound(facts, bodies[facts.uid]) for facts in counting if facts.uid in bodies)

    def _counts(self, facts: _Facts) -> bool:
        at = self._position
        if at.begin is None or facts.uid > at.old:
            return True
        return facts.received_at is not None and facts.received_at >= at.begin

    def _bodies(self, uids: list[int], item: str) -> dict[int, bytes]:
        """Return the raw messages by UID, without those that have vanished."""
        bodies = self._fetch(uids, item)
        if empty := [uid for uid, raw in bodies.items() if not raw]:
            # Dovecot answers like this for a message that was just deleted, until it receives NOOP (RFC 3501 6.1.2).
            self.mailbox.client.noop()
            bodies = {uid: raw for uid, raw in bodies.items() if raw} | self._fetch(empty, item)
        return bodies

    def _fetch(self, uids: list[int], item: str) -> dict[int, bytes]:
        response = self.mailbox.client.fetch(uids, [item])
        # The response also contains unsolicited data, such as changed flags.
        pairs = [(uid, key, value) for uid, items in response.items() for key, value in items.items()]
        return {uid: value or b"" for uid, key, value in pairs if key.startswith(b"BODY[]")}

    def _inbound(self, facts: _Facts, raw: bytes) -> Inbound:
        message = mime.read(raw, channel=self._sent_of or self._name, received_at=facts.received_at)
        if self._sent_of:
            message = replace(message, outgoing=True)
        if facts.is_short:
            return message
        fault = f"it is {facts.size // 2**20} MB long: only its first {PART_BYTES // 2**20} MB was read"
        return replace(message, fault="; ".join(filter(None, (message.fault, fault))))


def _mail_server_time() -> datetime:
    """Return the time for comparison with INTERNALDATE: whole seconds of the wall clock, which no rehearsal shifts."""
    return localtime().astimezone(UTC).replace(microsecond=0)
