"""The messages of an open IMAP folder, fetched so that one that the server cannot give does not stop the rest.

A message is at fault where the server refuses it, gives none of its content, or drops the line in the middle of it,
each time, while it gives others. It is fetched alone, tried a few times, and then given up with what is known of it.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from bot.channel import Temporary
from bot.core.messages import Inbound
from bot.wire.mail import imap_refusals
from bot.wire.mail.imap import Mailbox
from bot.wire.mail.imap_position import plausible
from bot.wire.threads import Halt

BATCH_MESSAGES, BATCH_BYTES = 50, 8 * 2**20
# A longer message is not fetched in full: its first part contains the headers and the text.
WHOLE_BYTES, PART_BYTES = 64 * 2**20, 2**20
SIZES_AT_ONCE = 500
# So often a message is tried while the server gives others, and where there is no other to tell by.
TRIES, TRIES_WITHOUT_PROOF = 3, 10
PROOF_BYTES, PROOF_UIDS = 1024, 1000
AGAIN_SECONDS = 0.1
_LONGEST = 500
# Whatever the library makes of an answer that it does not understand.
_UNUSABLE = (AttributeError, IndexError, KeyError, LookupError, OverflowError, TypeError, ValueError, IMAPClientError)


class LineDropped(Temporary):
    """The line was lost while messages were fetched. `at_once`: it is worth trying again without a pause."""

    at_once = True


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts about a message before its body is fetched; `received_at` is in UTC."""

    uid: int
    size: int
    received_at: datetime | None

    @property
    def is_short(self) -> bool:
        """Tell whether it is fetched in full."""
        return self.size <= WHOLE_BYTES

    @property
    def fetch_size(self) -> int:
        """Return how many bytes are fetched."""
        return self.size if self.is_short else PART_BYTES

    @property
    def item(self) -> str:
        """Return what is asked for."""
        return "BODY.PEEK[]" if self.is_short else f"BODY.PEEK[]<0.{PART_BYTES}>"


@dataclass(slots=True)
class Tries:
    """What went wrong with single messages of one folder; it outlives connections.

    `alone` are messages that are fetched by themselves, as the line was lost while they were among those asked for;
    `counts` how often each failed by itself; `no_envelope` those whose envelope is not asked for (again);
    `last_chance` those whose next failure is the last, and `hopeless` those that were given up.
    """

    uidvalidity: int = 0
    alone: set[int] = field(default_factory=set)
    counts: Counter[int] = field(default_factory=Counter)
    no_envelope: set[int] = field(default_factory=set)
    last_chance: set[int] = field(default_factory=set)
    hopeless: set[int] = field(default_factory=set)

    def begin(self, uidvalidity: int) -> None:
        """Forget everything if the numbers mean other messages now."""
        if uidvalidity != self.uidvalidity:
            self.uidvalidity = uidvalidity
            self.forget(self.alone | set(self.counts) | self.no_envelope)
            self.hopeless.clear()

    def forget(self, uids: set[int]) -> None:
        """The messages came, or are given up."""
        self.alone -= uids
        self.no_envelope -= uids
        self.last_chance -= uids
        for uid in uids:
            self.counts.pop(uid, None)


@dataclass(frozen=True, slots=True)
class Harvest:
    """What came of fetching a group: the messages by UID, those that are given up, and how many have vanished."""

    bodies: dict[int, bytes] = field(default_factory=dict)
    unreadable: tuple[Inbound, ...] = ()
    vanished: int = 0


class Messages:
    """The messages of the folder that `mailbox` has open."""

    def __init__(self, name: str, mailbox: Mailbox, tries: Tries, halt: Halt) -> None:
        self._name, self._mailbox, self._tries, self._halt = name, mailbox, tries, halt

    def facts(self, uids: list[int]) -> Iterator[Facts]:
        """Yield the facts of each; a date that cannot be one is None."""
        for start in range(0, len(uids), SIZES_AT_ONCE):
            group = uids[start : start + SIZES_AT_ONCE]
            response = self._facts_of(group)
            for uid in group:
                items = response.get(uid, {})
                yield Facts(uid, _size(items), plausible(items.get(b"INTERNALDATE")))

    def _facts_of(self, uids: list[int]) -> dict[int, Any]:
        """Return the facts of those of which the server gives any: one answer that cannot be used spoils no other."""
        try:
            return self._ask(uids, ["RFC822.SIZE", "INTERNALDATE"])
        except _UNUSABLE as error:
            _raise_if_of_server(error)
        if len(uids) > 1:
            middle = len(uids) // 2
            return self._facts_of(uids[:middle]) | self._facts_of(uids[middle:])
        try:
            return self._ask(uids, ["RFC822.SIZE"])
        except _UNUSABLE as error:
            _raise_if_of_server(error)
            return {}

    def groups(self, uids: list[int]) -> Iterator[list[Facts]]:
        """Yield consecutive messages in groups that make one batch."""
        group: list[Facts] = []
        weight = 0
        for facts in self.facts(uids):
            if group and (self._is_full(group, weight + facts.fetch_size) or facts.uid in self._tries.alone):
                yield group
                group, weight = [], 0
            group.append(facts)
            weight += facts.fetch_size
        if group:
            yield group

    def _is_full(self, group: list[Facts], weight: int) -> bool:
        return len(group) == BATCH_MESSAGES or weight > BATCH_BYTES or group[-1].uid in self._tries.alone

    def fetch(self, group: list[Facts]) -> Harvest:
        """Return what the server gives. Raises LineDropped or Temporary, after which it is tried again."""
        try:
            return self._fetch_group(group) if len(group) > 1 else self._fetch_one(*group)
        except (IMAPClientAbortError, OSError) as error:
            raise self._dropped(group, error) from None

    def _fetch_group(self, group: list[Facts]) -> Harvest:
        together = [facts for facts in group if facts.is_short]
        try:
            bodies = self._bodies([facts.uid for facts in together], "BODY.PEEK[]")
        except _UNUSABLE as error:
            _raise_if_of_server(error)
            bodies = {}
        harvest = Harvest(bodies)
        for facts in (facts for facts in group if facts.uid not in bodies):
            single = self._fetch_one(facts)
            harvest = Harvest(
                harvest.bodies | single.bodies,
                harvest.unreadable + single.unreadable,
                harvest.vanished + single.vanished,
            )
        return harvest

    def _fetch_one(self, facts: Facts) -> Harvest:
        """Fetch a message by itself, a few times if need be; give it up where the server gives others.

        It is tried once more after another has come, as the server may have been in trouble until then.
        """
        uid, counts, last_chance = facts.uid, self._tries.counts, self._tries.last_chance
        while True:
            if uid in last_chance:
                return self._give_up(facts)
            if counts[uid] >= TRIES and (counts[uid] >= TRIES_WITHOUT_PROOF or self._gives_others()):
                last_chance.add(uid)
            if bodies := self._try(facts):
                self._tries.forget({uid})
                return Harvest(bodies)
            # RFC 3501 section 6.1.2: what was just deleted may be there until the server can say so.
            self._mailbox.client.noop()
            if not self._mailbox.client.search(["UID", f"{uid}"]):
                self._tries.forget({uid})
                return Harvest(vanished=1)
            counts[uid] += 1
            if self._halt.is_requested or (counts[uid] > TRIES and uid not in last_chance):
                raise Temporary(f"channel {self._name}: the mail server gives no messages now")
            self._halt.wait(AGAIN_SECONDS)

    def _try(self, facts: Facts) -> dict[int, bytes]:
        try:
            return self._bodies([facts.uid], facts.item)
        except _UNUSABLE as error:
            _raise_if_of_server(error)
            return {}

    def _bodies(self, uids: list[int], item: str) -> dict[int, bytes]:
        """Return the raw messages by UID, without those of which no content came."""
        response = self._ask(uids, [item])
        # The response also contains unsolicited data, such as changed flags.
        pairs = [(uid, key, value) for uid, items in response.items() for key, value in items.items()]
        return {uid: value for uid, key, value in pairs if key.startswith(b"BODY[]") and value}

    def _ask(self, uids: list[int], items: list[str]) -> dict[int, Any]:
        response: dict[int, Any] = self._mailbox.client.fetch(uids, items)
        return response

    def _gives_others(self) -> bool:
        """Tell whether the server gives any other message: if not, the fault is not that of one."""
        tries = self._tries
        last = max(tries.counts, default=1)
        uids = set(self._mailbox.client.search(["UID", f"{max(1, last - PROOF_UIDS)}:*"]))
        others = sorted(uids - set(tries.counts) - tries.hopeless, key=tries.alone.__contains__)
        if not others:
            return False
        try:
            return bool(self._bodies(others[:1], f"BODY.PEEK[]<0.{PROOF_BYTES}>"))
        except (IMAPClientAbortError, OSError):
            raise
        except _UNUSABLE:
            return False

    def _dropped(self, group: list[Facts], error: Exception) -> Temporary:
        """Note whose fetching lost the line; the next time each of them is fetched by itself."""
        words = f"channel {self._name}: the mail server {imap_refusals.describe(error)}"
        if self._halt.is_requested:
            return Temporary(words)
        self._tries.alone |= {facts.uid for facts in group}
        dropped = LineDropped(words)
        if len(group) == 1:
            uid = group[0].uid
            self._tries.counts[uid] += 1
            dropped.at_once = self._tries.counts[uid] <= TRIES
        return dropped

    def _give_up(self, facts: Facts) -> Harvest:
        headers = self._envelope(facts.uid)
        self._tries.forget({facts.uid})
        self._tries.hopeless.add(facts.uid)
        where = f"number {facts.uid} in the folder {self._mailbox.folder_name}"
        size = f", {facts.size} bytes long" if facts.size else ""
        fault = f"the mail server does not give the message with the {where}{size}"
        name = f"uid {facts.uid} of {self._tries.uidvalidity} in {self._mailbox.folder_name}"
        digest = hashlib.sha256(name.encode()).hexdigest()
        raw = headers + f"\r\n[{fault}]\r\n".encode()
        message = Inbound(self._name, name, digest, None, received_at=facts.received_at, fault=fault, raw=raw)
        return Harvest(unreadable=(message,))

    def _envelope(self, uid: int) -> bytes:
        """Return the header fields that the server knows without the message (RFC 3501 section 7.4.2)."""
        if uid in self._tries.no_envelope:
            return b""
        self._tries.no_envelope.add(uid)  # asked for once: this may lose the line, too
        try:
            envelope = self._ask([uid], ["ENVELOPE"])[uid][b"ENVELOPE"]
            fields = (
                (b"From", _address(envelope.from_)),
                (b"To", _address(envelope.to)),
                (b"Subject", envelope.subject),
                (b"Message-ID", envelope.message_id),
            )
            return b"".join(name + b": " + _one_line(value) + b"\r\n" for name, value in fields if value)
        except (IMAPClientAbortError, OSError):
            raise
        except _UNUSABLE:
            return b""


def _size(items: dict[bytes, Any]) -> int:
    size = items.get(b"RFC822.SIZE")
    return size if isinstance(size, int) and size > 0 else 0


def _address(parties: Any) -> bytes:
    party = parties[0] if parties else None
    return b"<" + party.mailbox + b"@" + party.host + b">" if party and party.mailbox and party.host else b""


def _one_line(value: bytes) -> bytes:
    return b" ".join(value[:_LONGEST].split())


def _raise_if_of_server(error: Exception) -> None:
    """Raise what is no fault of one message: a lost line, a server that is busy."""
    if isinstance(error, IMAPClientAbortError | OSError) or imap_refusals.is_of_server(error):
        raise error
