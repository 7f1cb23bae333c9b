"""Mail that waits in a mailbox, read by IMAP without changing anything in it.

Bodies are fetched with `BODY.PEEK[]`, so that staff's unread marks stay theirs. News is awaited by IDLE (RFC 2177),
or looked for now and then where the server has none.
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
# A longer message is not fetched whole: its first part holds the headers and the words.
WHOLE_BYTES, PART_BYTES = 64 * 2**20, 2**20
# imaplib takes lines of a million characters, so one SEARCH may name this many messages at most.
SEARCH_UIDS, SIZES_AT_ONCE = 50_000, 500
GLANCE_MESSAGES, GLANCE_BYTES = 50, 2**20

logger = logging.getLogger(__name__)


class Settings(MailboxSettings):
    """`begin`: what counts of the mail that is there already: none, all, or what came on that day (UTC) or later.

    `poll_seconds` is how often to look where the server cannot announce news, and to make sure where it can.
    `sent_folder` is where staff's answers lie.
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
    """The cursor: reading goes on after `uid`, as long as the folder's `uidvalidity` stays.

    Messages with UIDs up to `old` were there before we first looked; they count only if they came (INTERNALDATE)
    at or after `begin`, so that a folder that is numbered anew does not bring ten years of mail back to life.
    """

    uidvalidity: int
    uid: int
    begin: AwareDatetime | None
    old: int

    def after(self, uid: int) -> "Position":
        """The position once everything up to `uid` is read."""
        return self.model_copy(update={"uid": uid})


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of a message before its body is fetched; `came` is aware UTC."""

    uid: int
    size: int
    came: datetime | None

    @property
    def whole(self) -> bool:
        return self.size <= WHOLE_BYTES

    @property
    def to_fetch(self) -> int:
        return self.size if self.whole else PART_BYTES


class Imap:
    """An inbox: one folder of one mailbox. `also` watches the folder in which staff's answers lie.

    With `sent_of`, the name of the channel that they answer for, it is that folder: what it brings is outgoing.
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
            watched = settings.model_copy(update={"folder": settings.sent_folder})
            self.also = (Imap(f"{name} sent", watched, sent_of=name, tokens=self._tokens),)

    async def listen(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        """Yield an empty batch with the position, then what comes. All IMAP happens in one thread."""
        look = self._look()
        try:
            async with aclosing(self._in_thread(look, look.batches(cursor))) as batches:
                async for batch in batches:
                    yield batch
                    self.ready.set()
        finally:
            self.ready.clear()

    async def check(self) -> str:
        """Connect, log in, open the folder; one sentence about it. Raises Temporary or Misconfigured."""
        look = self._look()
        async with aclosing(self._in_thread(look, look.report())) as sentences:
            return await anext(sentences)

    async def glance(self) -> Glance:
        """See what a first look would find, without logging anything. Raises Temporary or Misconfigured."""
        look = self._look()
        async with aclosing(self._in_thread(look, look.glance())) as glances:
            return await anext(glances)

    def _look(self) -> "_Look":
        return _Look(self.name, self._settings, self._sent_of, self._tokens)

    def _in_thread(self, look: "_Look", items: Generator[T, None, None]) -> AsyncGenerator[T, None]:
        return one_ahead(items, look.halt, look.mailbox.cut, name=f"imap {self.name}")


def build(name: str, settings: Settings) -> Imap:
    """The inbox that `settings` describe."""
    return Imap(name, settings)


class _Look:
    """What one connection reads, batch by batch, in its thread."""

    def __init__(self, name: str, settings: Settings, sent_of: str, tokens: TokenSource | None) -> None:
        self.halt = Halt()
        self.mailbox = Mailbox(name, settings, tokens, self.halt)
        self._name = name
        self._sent_of = sent_of
        self._settings = settings
        self._position = Position(uidvalidity=0, uid=0, begin=None, old=0)

    def report(self) -> Generator[str, None, None]:
        """One sentence about the mailbox."""
        with self.mailbox.open():
            news = "new mail is announced by the server (IDLE)"
            if not self.mailbox.announces:
                news = f"new mail is looked for every {self._settings.poll_seconds} s, as the server has no IDLE"
            count = self.mailbox.folder[b"EXISTS"]
            yield f"{self._settings.folder} at {self._settings.host} holds {count} messages; {news}"

    def glance(self) -> Generator[Glance, None, None]:
        """What a first look would find."""
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
        """First an empty batch, so that the position is stored at once; then what is there, and what comes.

        The folder of sent mail may come into being with the first answer: it is waited for.
        """
        while not self.halt.asked:
            try:
                yield from self._batches(cursor)
            except NoFolder as missing:
                if not self._sent_of:
                    raise
                logger.warning("%s; it is looked for again in %s s", missing, self._settings.poll_seconds)
                yield Batch(())
                self.halt.wait(self._settings.poll_seconds)

    def _batches(self, cursor: str | None) -> Generator[Batch, None, None]:
        kept = Position.model_validate_json(cursor) if cursor is not None else None
        with self.mailbox.open():
            self._position = self._first_position(kept)
            yield self._batch(())
            while not self.halt.asked:
                self.mailbox.grew()
                for messages in self._news():
                    yield self._batch(messages)
                if not self.mailbox.grew():
                    self.mailbox.await_news(self._settings.poll_seconds)

    def _batch(self, messages: tuple[Inbound, ...]) -> Batch:
        return Batch(messages, self._position.model_dump_json())

    def _first_position(self, kept: Position | None) -> Position:
        begin = self._settings.begin
        uidvalidity, last = self.mailbox.folder[b"UIDVALIDITY"], self._last_uid()
        if kept is not None:
            if kept.uidvalidity == uidvalidity and kept.uid <= last:
                return kept
            logger.warning("channel %s: the folder was numbered anew; looking through it again", self._name)
            return Position(uidvalidity=uidvalidity, uid=0, begin=kept.begin, old=last)
        if begin == "now":
            return Position(uidvalidity=uidvalidity, uid=last, begin=_wall_clock(), old=last)
        floor = None if begin == "all" else datetime.combine(begin, time.min, UTC)
        return Position(uidvalidity=uidvalidity, uid=0, begin=floor, old=last)

    def _last_uid(self) -> int:
        if b"UIDNEXT" in self.mailbox.folder:
            return int(self.mailbox.folder[b"UIDNEXT"]) - 1
        return max(self.mailbox.client.search(["UID", "*"]), default=0)

    def _news(self) -> Iterator[tuple[Inbound, ...]]:
        """What came after the position, moving it along; also past what is not ours to read or has vanished."""
        last: int | None = 0
        while last is not None:
            criteria, last = self._next_stretch()
            # "n:*" names the last message even where its UID is below n (RFC 3501 6.4.8).
            uids = sorted(uid for uid in self.mailbox.client.search(criteria) if uid > self._position.uid)
            for group in self._groups(uids):
                messages = self._fetch_group(group)
                self._position = self._position.after(group[-1].uid)
                yield messages
            if last is not None and last > self._position.uid:
                self._position = self._position.after(last)
                yield ()

    def _next_stretch(self) -> tuple[list[object], int | None]:
        """The next search, and the last UID it covers: None when it covers everything to the end."""
        at = self._position
        last = min(at.uid + SEARCH_UIDS, at.old)
        if last <= at.uid:
            return ["UID", f"{at.uid + 1}:*"], None
        # SINCE compares days and disregards the time zone: a day to spare.
        since = ["SINCE", (at.begin - timedelta(days=1)).date()] if at.begin is not None else []
        return ["UID", f"{at.uid + 1}:{last}", *since], last

    def _groups(self, uids: list[int]) -> Iterator[list[_Facts]]:
        """Consecutive messages that make one batch."""
        group: list[_Facts] = []
        weight = 0
        for facts in self._facts(uids):
            if group and (len(group) == BATCH_MESSAGES or weight + facts.to_fetch > BATCH_BYTES):
                yield group
                group, weight = [], 0
            group.append(facts)
            weight += facts.to_fetch
        if group:
            yield group

    def _facts(self, uids: list[int]) -> Iterator[_Facts]:
        for start in range(0, len(uids), SIZES_AT_ONCE):
            some = uids[start : start + SIZES_AT_ONCE]
            found = self.mailbox.client.fetch(some, ["RFC822.SIZE", "INTERNALDATE"])
            for uid in some:
                of = found.get(uid, {})
                came = of.get(b"INTERNALDATE")
                yield _Facts(uid, int(of.get(b"RFC822.SIZE", 0)), came and came.astimezone(UTC))

    def _fetch_group(self, group: list[_Facts]) -> tuple[Inbound, ...]:
        wanted = [facts for facts in group if self._counts(facts)]
        bodies = self._bodies([facts.uid for facts in wanted if facts.whole], "BODY.PEEK[]")
        for facts in wanted:
            if not facts.whole:
                bodies |= self._bodies([facts.uid], f"BODY.PEEK[]<0.{PART_BYTES}>")
        return tuple(self._inbound(facts, bodies[facts.uid]) for facts in wanted if facts.uid in bodies)

    def _counts(self, facts: _Facts) -> bool:
        at = self._position
        if at.begin is None or facts.uid > at.old:
            return True
        return facts.came is not None and facts.came >= at.begin

    def _bodies(self, uids: list[int], item: str) -> dict[int, bytes]:
        """The raw messages by UID. Those that have vanished are missing."""
        found = self._fetched(uids, item)
        if doubtful := [uid for uid, raw in found.items() if not raw]:
            # So Dovecot answers for a message that was deleted a moment ago; after NOOP it knows (RFC 3501 6.1.2).
            self.mailbox.client.noop()
            found = {uid: raw for uid, raw in found.items() if raw} | self._fetched(doubtful, item)
        return found

    def _fetched(self, uids: list[int], item: str) -> dict[int, bytes]:
        found = self.mailbox.client.fetch(uids, [item])
        # The answer also holds what the server had to say unasked, such as changed flags.
        pairs = [(uid, key, value) for uid, of in found.items() for key, value in of.items()]
        return {uid: value or b"" for uid, key, value in pairs if key.startswith(b"BODY[]")}

    def _inbound(self, facts: _Facts, raw: bytes) -> Inbound:
        message = mime.read(raw, channel=self._sent_of or self._name, received_at=facts.came)
        if self._sent_of:
            message = replace(message, outgoing=True)
        if facts.whole:
            return message
        fault = f"it is {facts.size // 2**20} MB long: only its first {PART_BYTES // 2**20} MB was read"
        return replace(message, fault="; ".join(filter(None, (message.fault, fault))))


def _wall_clock() -> datetime:
    """Now, for comparison with INTERNALDATE: whole seconds of the mail server's clock, which no rehearsal moves."""
    return localtime().astimezone(UTC).replace(microsecond=0)
