"""The chain over the events: each link is a digest of its event and of the link before, so that a change shows.

What an event says (who, and the details) enters by a digest with a salt of its own. When it is forgotten the salt goes:
the link still holds, and nobody can try out what was said. Anybody can check a link; only who has the secret can make
its proof (`mac`), and a proof vouches for everything before it.
"""

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

SALT_BYTES = 16
_MAC_BYTES = 16
_NAME_BYTES = 8
# What the first link follows.
ORIGIN = bytes(32)


@dataclass(frozen=True, slots=True)
class Record:
    """One event as it is stored; `details` is its JSON."""

    id: int
    contact_id: int | None
    at: datetime
    kind: str
    actor: str
    details: str


@dataclass(frozen=True, slots=True)
class Link:
    """What stands beside an event.

    `words` is the salted digest of what it says. Once that is forgotten there is no `salt`, and `remainder` proves what
    is left. `secret` names the secret with which `mac` was made.
    """

    words: bytes
    link: bytes
    mac: bytes
    secret: str
    salt: bytes | None
    remainder: bytes | None = None


@dataclass(frozen=True, slots=True)
class Secret:
    """The key of the proofs, and a name for it that does not reveal it."""

    key: bytes

    @property
    def name(self) -> str:
        """Return the name."""
        return hashlib.sha256(b"ackbot chain " + self.key).hexdigest()[:_NAME_BYTES]


def link(before: bytes, event: Record, salt: bytes, secret: Secret, name: str) -> Link:
    """Return the link of an event after the link `before`; `name` is the secret's."""
    words = words_digest(salt, event)
    digest = link_digest(before, event, words)
    return Link(words, digest, proof(digest, secret), name, salt)


def words_digest(salt: bytes, event: Record) -> bytes:
    """Return the digest of what an event says."""
    return hashlib.sha256(salt + f"{len(event.actor)} {event.actor}{event.details}".encode()).digest()


def link_digest(before: bytes, event: Record, words: bytes) -> bytes:
    """Return the digest of an event and of the link before it."""
    facts = f"{event.id} {event.contact_id} {event.at.isoformat()} {event.kind}"
    return hashlib.sha256(before + words + facts.encode()).digest()


def proof(digest: bytes, secret: Secret) -> bytes:
    """Return what only who has the secret can make of a link."""
    return hmac.digest(secret.key, digest, "sha256")[:_MAC_BYTES]


def remainder_proof(digest: bytes, actor: str, details: str, key: bytes) -> bytes:
    """Return the proof of what is left of a forgotten event, whose link has this `digest`, after the name of the key.

    Without a key whoever has the database could write what they like, and call the rest forgotten.
    """
    secret = Secret(hmac.digest(key, b"remainders of events", "sha256"))
    return secret.name.encode() + proof(digest + f"{len(actor)} {actor}{details}".encode(), secret)


@dataclass(frozen=True, slots=True)
class Fault:
    """An event at which the chain does not hold, and why."""

    event: int
    reason: str


class Verification:
    """What comes of going through the chain from its beginning, one link after another.

    `heads` are links that were written down elsewhere. The first faults are kept, all are counted. `is_proved`: the
    last link was made with the secret of now, which vouches for all before it. What is left of forgotten events is
    proved with `forgetting_key`; `unproved_remainders` were, it says there, proved with one of a former secret.
    """

    MOST_FAULTS = 20

    def __init__(self, secret: Secret, forgetting_key: bytes, heads: Collection[bytes] = ()) -> None:
        self.count = self.forgotten_count = self.fault_count = self.of_former_secrets = self.unproved_remainders = 0
        self.faults: list[Fault] = []
        self.absent_heads = set(heads)
        self.event, self.head = 0, ORIGIN
        self.is_proved = True
        self._secret, self._name, self._forgetting_key = secret, secret.name, forgetting_key

    @property
    def holds(self) -> bool:
        """Tell whether nothing was changed, as far as the secret and the heads can say."""
        return not self.fault_count and not self.absent_heads and self.is_proved

    def take(self, event_id: int, event: Record | None, link: Link, *, forgetting_follows: bool) -> None:
        """Judge the next link. `forgetting_follows`: a later event says that this one was forgotten."""
        self.count += 1
        self.forgotten_count += link.salt is None
        if reason := self._fault(event, link, forgetting_follows=forgetting_follows):
            self.add(Fault(event_id, reason))
        self.is_proved = link.secret == self._name
        self.of_former_secrets += not self.is_proved
        self.absent_heads.discard(link.link)
        # What follows is judged by the link as it is stored: one change is one fault.
        self.event, self.head = event_id, link.link

    def add(self, fault: Fault) -> None:
        """Count a fault; keep it where there are few."""
        self.fault_count += 1
        if len(self.faults) < self.MOST_FAULTS:
            self.faults.append(fault)

    def _fault(self, event: Record | None, link: Link, *, forgetting_follows: bool) -> str:
        if event is None:
            return "it was deleted"
        if reason := self._fault_of_words(event, link, forgetting_follows=forgetting_follows):
            return reason
        if link_digest(self.head, event, link.words) != link.link:
            return "its contact, instant or kind was changed, or an event before it was deleted or put in"
        if link.secret == self._name and not hmac.compare_digest(proof(link.link, self._secret), link.mac):
            return "its link was made by somebody who does not have the secret"
        return ""

    def _fault_of_words(self, event: Record, link: Link, *, forgetting_follows: bool) -> str:
        if link.salt is not None:
            is_same = words_digest(link.salt, event) == link.words
            return "" if is_same else "its details, or who did it, were changed"
        if not forgetting_follows:
            return "what it says was taken out, and no event says that it was forgotten"
        expected = remainder_proof(link.link, event.actor, event.details, self._forgetting_key)
        stored = link.remainder or b""
        # What was linked with the secret of now cannot have been forgotten with a former one.
        if stored[:_NAME_BYTES] != expected[:_NAME_BYTES] and link.secret != self._name:
            self.unproved_remainders += 1
            return ""
        is_same = hmac.compare_digest(expected, stored)
        return "" if is_same else "what is left of it was changed after it was forgotten"
