"""Which contact a message belongs to, by what it says itself and by what is logged already; and references.

A reference such as `EX-7K3M-9QPH` can be read out on the phone. The alphabet has no vowels, so that no words appear by
accident, and no letters that look or sound like another (0/O, 1/I/L, 2/Z, 5/S, 8/B, U/V, M/N, D/T). Its size, 23, is
prime, so that one weighted check character detects every single wrong character and every swap of two neighbours.
"""

import hmac
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from bot.core import acknowledgements
from bot.core.contacts import Contact, State
from bot.core.messages import Inbound, Mail, Post

ALPHABET = "23456789CFGHJKMPQRTVWXY"
_BASE = len(ALPHABET)
_BODY_LENGTH = 7
CAPACITY = _BASE**_BODY_LENGTH
# A multiplier without a common factor with 23 moves neighbouring numbers far apart and stays one to one.
_SPREAD = 2_246_822_519
# 23 ** 7 as the product of two halves, and how often each is moved by the other: FF1 of NIST SP 800-38G has ten rounds.
_HALVES = (_BASE**3, _BASE**4)
_ROUNDS = 10
_HEARD_AS = str.maketrans("SZBUND", "528VMT")


def reference_of(number: int, prefix: str, key: bytes = b"") -> str:
    """Return the reference of the contact with this running number, from 1 up to CAPACITY - 1.

    `key` is that of the installation; a store from before there were keys goes on without one. Two numbers never share
    a reference: the mapping is one to one, so no look-up is needed.
    """
    if not 0 < number < CAPACITY:
        raise ValueError(f"contact number {number} is outside 1 to {CAPACITY - 1}")
    rest, body = scrambled(number, key) if key else number * _SPREAD % CAPACITY, ""
    for _ in range(_BODY_LENGTH):
        rest, digit = divmod(rest, _BASE)
        body += ALPHABET[digit]
    body += _check_character(body)
    return f"{prefix}-{body[:4]}-{body[4:]}"


def scrambled(number: int, key: bytes, sizes: tuple[int, int] = _HALVES) -> int:
    """Return another number below the product of both sizes: a Feistel network, each of whose rounds can be undone.

    Like FF1 of NIST SP 800-38G it adds to one half what the key makes of the other.
    """
    halves = [*divmod(number, sizes[1])]
    for turn in range(_ROUNDS):
        place = turn % 2
        mixed = hmac.digest(key, turn.to_bytes(1, "big") + halves[1 - place].to_bytes(4, "big"), "sha256")
        halves[place] = (halves[place] + int.from_bytes(mixed[:16], "big")) % sizes[place]
    return halves[0] * sizes[1] + halves[1]


def references_in(text: str, prefix: str) -> list[str]:
    """Return every valid reference inside free text, in order, each once.

    Lower case, missing or extra hyphens and spaces, and usual mistakes (S for 5, Z for 2, B for 8, U for V, N for M, D
    for T) are corrected; references with a wrong check character are left out.
    """
    # The prefix first, then a look-behind: the search looks for the prefix instead of testing every letter.
    start = rf"{re.escape(prefix)}(?<![A-Z0-9]{re.escape(prefix)})"
    pattern = rf"{start}[-\s.]{{0,3}}((?:[A-Z0-9][-\s.]{{0,3}}){{7}}[A-Z0-9])(?![A-Z0-9])"
    references: dict[str, None] = {}
    for match in re.finditer(pattern, text.upper()):
        body = re.sub(r"[^A-Z0-9]", "", match[1]).translate(_HEARD_AS)
        if set(body) <= set(ALPHABET) and _check_character(body[:-1]) == body[-1]:
            references[f"{prefix}-{body[:4]}-{body[4:]}"] = None
    return list(references)


def _check_character(body: str) -> str:
    return ALPHABET[-sum(weight * ALPHABET.index(c) for weight, c in enumerate(body, 2)) % _BASE]


# Begins the name of a message from the folder of unwanted mail, so that it is new where staff move it from there.
JUNK = "junk "
_TAKEN_DOWN = re.compile(r"[a-z_]{1,20}:")
_FORGOTTEN_NAME = re.compile(r"([a-z_]{1,20}:)?forgotten [0-9a-f]{32}")
_MOST_TEXT = 20_000
_MOST_PEOPLE = 20
_MOST_ENVELOPE_SENDERS = 5


@dataclass(frozen=True, slots=True)
class LoggedMessage:
    """One message that is logged already."""

    channel: str
    digest: str
    reference: str
    contact_id: int


@dataclass(frozen=True, slots=True)
class Parent:
    """The contact of a message that may be answered, and who wrote the message.

    `written_by` is `sender`, `staff` or `ackbot`; `perhaps staff` where nothing proves that they did: it opens no door.
    """

    contact: Contact
    written_by: str


@dataclass(frozen=True, slots=True)
class Pointers:
    """What a message says itself of where it belongs.

    `tags` are those of the signed addresses of ours to which it goes, `references` those in its subject or words.
    `deliveries` are the numbers of mails of ours, by signed addresses: of where it goes to, and of what a report gives
    as the envelope sender of the mail that it is about.
    """

    tags: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    deliveries: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Threads:
    """What is stored that messages may belong to.

    `log` and `parents` are by message id, `references` by the contact's. `open_contacts`: address in lower case ->
    contacts of that person, two at most. `conversations`: (channel, conversation) -> its newest contact.
    """

    log: Mapping[str, Sequence[LoggedMessage]] = field(default_factory=dict)
    parents: Mapping[str, Parent] = field(default_factory=dict)
    references: Mapping[str, Contact] = field(default_factory=dict)
    open_contacts: Mapping[str, Sequence[Contact]] = field(default_factory=dict)
    conversations: Mapping[tuple[str, str], Contact] = field(default_factory=dict)

    def duplicates(self) -> list[Contact]:
        """Return every contact to which a message may belong, and that staff go on with in another one."""
        of_parents = (parent.contact for parent in self.parents.values())
        contacts = (*of_parents, *self.references.values(), *self.conversations.values())
        return [contact for contact in contacts if contact.merged_into is not None]


def key_of(message: Inbound) -> str:
    """Return the sender's address in lower case, or ""."""
    return message.sender.address.lower() if message.sender else ""


def pointers_of(message: Inbound, prefix: str, secret: bytes) -> Pointers:
    """Return what the message says; `prefix` begins every reference, `secret` signs addresses of ours."""
    words = f"{message.subject}\n{message.text[:_MOST_TEXT]}"
    in_words = tuple(references_in(words, prefix)) if prefix in words.upper() else ()
    if message.mail is None:
        return Pointers(references=(message.of,) if message.of else in_words)
    tags = acknowledgements.signed_tags(message.mail, secret)
    senders = message.mail.envelope_senders[:_MOST_ENVELOPE_SENDERS]
    of_reports = [acknowledgements.signed_tag(sender, secret) or "" for sender in senders]
    if tags or of_reports:
        return _signed_pointers(tags, of_reports, in_words)
    return Pointers(references=in_words) if in_words else _NO_POINTERS


def _signed_pointers(tags: list[str], of_reports: list[str], references: tuple[str, ...]) -> Pointers:
    """Return the pointers of a mail that names signed addresses of ours, or is a report about mail from one."""
    numbers = map(_number, tags + of_reports)
    return Pointers(
        tags=tuple(tag.upper() for tag in tags if not _number(tag)),
        references=references,
        deliveries=tuple(number for number in numbers if number),
    )


_NO_POINTERS = Pointers()


def _number(tag: str) -> int:
    """Return the number of the delivery that a tag names; 0 for the tag of a contact."""
    return int(tag[1:]) if tag[:1] == "b" and tag[1:].isdecimal() else 0


def parent_ids(message: Inbound) -> tuple[str, ...]:
    """Return the messages that it says that it answers or is about, the nearest first."""
    if message.post is not None:
        return tuple(name for name in (message.post.about, *message.post.answers) if name)
    if message.mail is not None:
        return (*message.mail.in_reply_to, *reversed(message.mail.references))
    return ()


def addressees(mail: Mail) -> list[str]:
    """Return those to whom mail of staff's goes, in lower case."""
    return [address.lower() for address in mail.addressed()[:_MOST_PEOPLE]]


def names_of(message: Inbound) -> tuple[str, ...]:
    """Return the names by which it may be logged already: staff may have put it among the unwanted mail themselves."""
    name = message.external_id
    return (name, name.removeprefix(JUNK)) if message.junk else (name,)


def again(message: Inbound, threads: Threads) -> LoggedMessage | None:
    """Return the same message as it is logged already: on this channel, else, for mail, on any."""
    entries = [entry for name in names_of(message) for entry in threads.log.get(name, ())]
    if message.post is None:
        entries = [entry for entry in entries if entry.digest == message.digest]
    # Several calls and looks describe one post in several ways; its name is enough.
    here = next((entry for entry in entries if entry.channel == message.channel), None)
    elsewhere = entries[0] if entries and message.mail is not None else None
    return here or elsewhere


def forgotten_name(name: str, key: bytes) -> str:
    """Return what is stored for the name of a message that is forgotten: the same message is recognised by it.

    How the desk took something down, the word before the colon, stays.
    """
    if _FORGOTTEN_NAME.fullmatch(name):
        return name
    how = _TAKEN_DOWN.match(name)
    digest = hmac.digest(key, name.encode("utf-8", "replace"), "sha256")[:16].hex()
    return f"{how[0] if how else ''}forgotten {digest}"


def thread_of(message: Inbound, pointers: Pointers, threads: Threads) -> Contact | None:
    """Return the contact that this message goes on with.

    Whoever took it down says so; it came to an address that we gave for it alone; it answers one of our messages or
    staff's; or the same sender
    answers their own message or names the reference. The same sender only: a reference seen over somebody's shoulder
    must not reach into their contact.
    """
    if message.post is not None:
        return _of_post(message, message.post, threads)
    if message.mail is None:
        return threads.references.get(message.of)
    sender = key_of(message)
    by_tag = (threads.references[tag] for tag in pointers.tags if tag in threads.references)
    by_parent = (parent.contact for parent in _parents(message, threads) if _may_follow(parent, sender))
    return next(by_tag, None) or next(by_parent, None) or _by_reference(sender, pointers, threads)


def _parents(message: Inbound, threads: Threads) -> Iterator[Parent]:
    return (threads.parents[name] for name in parent_ids(message) if name in threads.parents)


def _may_follow(parent: Parent, sender: str) -> bool:
    return parent.written_by in ("staff", "ackbot") or parent.contact.sender_key == sender


def _by_reference(sender: str, pointers: Pointers, threads: Threads) -> Contact | None:
    contacts = (threads.references[name] for name in pointers.references if name in threads.references)
    return next((contact for contact in contacts if sender and contact.sender_key == sender), None)


def _of_post(message: Inbound, post: Post, threads: Threads) -> Contact | None:
    """Return the contact by what it answers or is about; else the newest contact of its private thread."""
    sender = key_of(message)
    parents = (parent for parent in _parents(message, threads) if parent.contact.channel == message.channel)
    by_parent = (parent.contact for parent in parents if message.outgoing or _may_follow(parent, sender))
    newest = threads.conversations.get((message.channel, post.conversation))
    in_conversation = newest if newest and (message.outgoing or newest.sender_key == sender) else None
    return next(by_parent, None) or in_conversation


def staffs_thread(message: Inbound, pointers: Pointers, threads: Threads) -> Contact | None:
    """Return the contact that mail of staff's belongs to; else the only open one of somebody to whom it goes."""
    if message.mail is None:
        return None
    by_parent = (parent.contact for parent in _parents(message, threads))
    by_reference = (threads.references[name] for name in pointers.references if name in threads.references)
    by_person = (threads.open_contacts.get(address, ()) for address in addressees(message.mail))
    alone = (contacts[0] for contacts in by_person if len(contacts) == 1)
    return next(by_parent, None) or next(by_reference, None) or next(alone, None)


def goes_on(state: str, day: date, answered_on: date | None, reopen_days: int) -> bool:
    """Tell whether what a person writes on that day belongs to a contact of theirs still; else it is a new matter."""
    if state == State.OPEN:
        return True
    return answered_on is not None and reopen_days > 0 and (day - answered_on).days <= reopen_days


def same_words(message: Inbound, earlier: Iterable[Contact]) -> Contact | None:
    """Return an open contact with the same words of the same person; two mails without words are not the same.

    `earlier` are contacts that hold a mail of the same content.
    """
    if message.mail is None or not message.text.strip():
        return None
    candidates = (contact for contact in earlier if contact.sender_key == key_of(message))
    return next((c for c in candidates if c.subject == message.subject and c.state == State.OPEN), None)


def names_in_posts(posts: Sequence[Inbound]) -> set[str]:
    """Return what they answer or are about, and their own: what left our account may be what we sent by ourselves."""
    names = {name for post in posts for name in parent_ids(post)}
    return names | {post.external_id for post in posts if post.outgoing}


def names_in_mails(messages: Sequence[Inbound], log: Mapping[str, Sequence[LoggedMessage]]) -> set[str]:
    """Return what they answer; and their own, where they came another way before and are added to that contact."""
    mails = [message for message in messages if message.mail]
    names = {name for mail in mails for name in parent_ids(mail)}
    return names | {mail.external_id for mail in mails if _is_logged(mail, log)}


def _is_logged(message: Inbound, log: Mapping[str, Sequence[LoggedMessage]]) -> bool:
    return any(entry.digest == message.digest for entry in log.get(message.external_id, ()))
