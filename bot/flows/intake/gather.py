"""What is known of the messages of one batch before anything is decided."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from bot.core import acknowledgements, guards, references
from bot.core.contacts import Contact
from bot.core.deliveries import Delivery
from bot.core.guards import Tally
from bot.core.messages import Inbound, Post
from bot.flows.outgoing.release import BREAKER
from bot.flows.rulebook import Rulebook
from bot.store import contacts, cursors, known, outbox
from bot.store.known import Answered, Recent, Seen

_MOST_TEXT = 20_000
_MOST_PEOPLE = 20


@dataclass(slots=True)
class Known:
    """`seen`, `answered`: by message id. `tags`: the signed tags of each message, by its digest. `of_late`: by person.

    `sent_before`: digest and contact of what the same people sent of late. `waiting`: person -> open contacts, for mail
    of staff's. `conversations`: (channel, conversation) -> its newest contact; `leaving`: contacts for which something
    leaves at this moment. `receipts_left`: how many may be queued before the breaker stops them (None: any number);
    `held`: it has.
    """

    seen: dict[str, list[Seen]]
    answered: dict[str, Answered]
    by_reference: dict[str, Contact]
    tags: dict[str, list[str]]
    reported: dict[int, Delivery]
    reported_contacts: dict[int, Contact]
    of_late: dict[str, list[Recent]]
    sent_before: list[tuple[str, Contact]]
    waiting: dict[str, list[Contact]]
    conversations: dict[tuple[str, str], Contact] = field(default_factory=dict)
    leaving: set[int] = field(default_factory=set)
    domains: dict[str, Tally] = field(default_factory=dict)
    receipts_left: int | None = None
    held: bool = False

    def again(self, message: Inbound) -> Seen | None:
        """The same message as it is logged already: on this channel, else, for mail, on any."""
        if message.post is not None:
            # Several calls and looks describe one message in several ways; its name is enough.
            return next((o for o in self.seen.get(message.external_id, ()) if o.channel == message.channel), None)
        same = [one for one in self.seen.get(message.external_id, ()) if one.digest == message.digest]
        here = next((one for one in same if one.channel == message.channel), None)
        return here or (same[0] if same and message.mail is not None else None)

    def contact_of(self, delivery: Delivery | None) -> Contact | None:
        """The contact to which a mail of ours belongs."""
        return self.reported_contacts.get(delivery.contact_id or 0) if delivery else None

    def delivery(self, message: Inbound, secret: bytes) -> Delivery | None:
        """The mail of ours that a report is about, if a signed address says so."""
        return next((self.reported[number] for number in _numbers(message, secret) if number in self.reported), None)

    def thread(self, message: Inbound, prefix: str) -> Contact | None:
        """The contact that this message goes on with.

        It came to an address that we gave for it alone; it answers one of our messages or staff's; or the same sender
        answers their own message or names the reference. The same sender only: a reference seen over somebody's
        shoulder must not reach into their contact.
        """
        if message.post is not None:
            return self._conversation(message, message.post)
        if message.mail is None:
            return None
        for tag in self.tags.get(message.digest, ()):
            if found := self.by_reference.get(tag.upper()):
                return found
        sender = key_of(message)
        for message_id in (*message.mail.in_reply_to, *reversed(message.mail.references)):
            found_by_id = self.answered.get(message_id)
            if found_by_id and (found_by_id.written_by != "sender" or found_by_id.contact.sender_key == sender):
                return found_by_id.contact
        for reference in named_in(message, prefix):
            named = self.by_reference.get(reference)
            if named and sender and named.sender_key == sender:
                return named
        return None

    def _conversation(self, message: Inbound, post: Post) -> Contact | None:
        """By what it answers or is about; else the newest contact of its private thread."""
        sender = key_of(message)
        for message_id in (post.about, *post.answers):
            found = self.answered.get(message_id)
            if found is None or found.contact.channel != message.channel:
                continue
            if message.outgoing or found.written_by != "sender" or found.contact.sender_key == sender:
                return found.contact
        newest = self.conversations.get((message.channel, post.conversation))
        return newest if newest and (message.outgoing or newest.sender_key == sender) else None

    def public_receipt(self, message: Inbound, at: datetime) -> int | None:
        """The contact for which this person had a public receipt on this channel within a day."""
        rows = [one for one in self.of_late.get(key_of(message), ()) if one.contact_id and one.visibility == "public"]
        lately = (one for one in rows if one.channel == message.channel and at - one.at < guards.DAY)
        return next((one.contact_id for one in lately), None)

    def staffs_thread(self, message: Inbound, prefix: str) -> Contact | None:
        """The contact that mail of staff's belongs to; else the only open one of somebody to whom it goes."""
        if message.mail is None:
            return None
        for message_id in (*message.mail.in_reply_to, *reversed(message.mail.references)):
            if message_id in self.answered:
                return self.answered[message_id].contact
        named = (self.by_reference.get(reference) for reference in named_in(message, prefix))
        if found := next((contact for contact in named if contact), None):
            return found
        to = (self.waiting.get(address.lower(), []) for address in message.mail.addressed()[:_MOST_PEOPLE])
        return next((open_ones[0] for open_ones in to if len(open_ones) == 1), None)

    def tally(self, person: str, mail_channels: Iterable[str]) -> Tally:
        """What this person has been sent of late."""
        rows = [one for one in self.of_late.get(person, ()) if one.contact_id]
        by_mail = [(one.contact_id, one.at) for one in rows if one.channel in set(mail_channels)]
        return Tally([one.at for one in rows], max(by_mail, key=lambda pair: pair[1], default=None))

    def suppression(self, person: str) -> str:
        """Why nothing automatic goes to this person now; "" if it may."""
        return next((one.reason or "" for one in self.of_late.get(person, ()) if not one.contact_id), "")


def gather(connection: Connection, messages: Sequence[Inbound], now: datetime, book: Rulebook) -> Known:
    """Ask the store once for the whole batch."""
    answered = {i for m in messages if m.mail for i in (*m.mail.in_reply_to, *m.mail.references)}
    posts = [m.post for m in messages if m.post]
    named_by_posts = {i for post in posts for i in (post.about, *post.answers) if i}
    named_by_posts |= {m.external_id for m in messages if m.post and m.outgoing}
    seen = known.seen(connection, [message.external_id for message in messages])
    # What came another way before is added to that contact.
    answered |= {
        m.external_id for m in messages if m.mail and any(s.digest == m.digest for s in seen.get(m.external_id, ()))
    }
    tags = {m.digest: acknowledgements.signed_tags(m.mail, book.secret) for m in messages if m.mail}
    named = {tag.upper() for found in tags.values() for tag in found if not _number(tag)}
    named |= {reference for message in messages for reference in named_in(message, book.prefix)}
    people = {person for message in messages if (person := key_of(message)) and not message.outgoing}
    of_late = known.of_late(connection, people, now - guards.DAY, now)
    reported = known.delivered(connection, {n for m in messages for n in _numbers(m, book.secret)})
    found = Known(
        seen=seen,
        answered=known.answered(connection, answered | named_by_posts) | known.sent_as(connection, named_by_posts),
        by_reference=contacts.with_references(connection, named),
        tags=tags,
        reported=reported,
        reported_contacts=contacts.with_id(connection, {d.contact_id or 0 for d in reported.values()})
        if reported
        else {},
        of_late=of_late,
        sent_before=known.sent_before(connection, {r.contact_id for rows in of_late.values() for r in rows} - {0}),
        waiting=_waiting(connection, messages),
        conversations=known.in_conversations(connection, {post.conversation for post in posts} - {""}),
    )
    if any(message.outgoing for message in messages if message.post):
        around = [*found.conversations.values(), *(one.contact for one in found.answered.values())]
        found.leaving = outbox.under_way(connection, {contact.id for contact in around})
    if book.intake.limits.an_hour_to_a_domain:
        most = book.intake.limits.an_hour_to_a_domain
        for domain in {guards.domain(person) for person in people}:
            found.domains[domain] = Tally(known.of_domain(connection, domain, now - guards.HOUR, most))
    if book.intake.limits.a_minute:
        found.held = cursors.read(connection, BREAKER) is not None
        found.receipts_left = book.intake.limits.a_minute - known.receipts_since(connection, now - guards.MINUTE)
    return found


def _waiting(connection: Connection, messages: Sequence[Inbound]) -> dict[str, list[Contact]]:
    addressed = {a.lower() for m in messages if m.outgoing and m.mail for a in m.mail.addressed()[:_MOST_PEOPLE]}
    return {address: known.waiting(connection, address) for address in addressed}


def key_of(message: Inbound) -> str:
    """The sender's address in lower case, or ""."""
    return message.sender.address.lower() if message.sender else ""


def named_in(message: Inbound, prefix: str) -> list[str]:
    """The references that stand in its subject or its words."""
    words = f"{message.subject}\n{message.text[:_MOST_TEXT]}"
    return references.find(words, prefix) if prefix in words.upper() else []


def _numbers(message: Inbound, secret: bytes) -> list[int]:
    """The deliveries that signed addresses name: where a report goes to, and what it says was the envelope sender."""
    if message.mail is None:
        return []
    tags = acknowledgements.signed_tags(message.mail, secret)
    tags += [acknowledgements.signed_tag(sender, secret) or "" for sender in message.mail.envelope_senders[:5]]
    return [number for tag in tags if (number := _number(tag))]


def _number(tag: str) -> int:
    return int(tag[1:]) if tag[:1] == "b" and tag[1:].isdecimal() else 0
