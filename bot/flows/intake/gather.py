"""What is known of the messages of one batch, before anything is decided and while it is."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from bot.core import acknowledgements, autoreplies, mailboxes, threads
from bot.core.acknowledgements import Tally
from bot.core.contacts import Contact, State
from bot.core.deliveries import Delivery
from bot.core.deliveries import State as Leaving
from bot.core.messages import Inbound
from bot.core.responses import Kind
from bot.core.rules import OUR_OWN, RuleName
from bot.core.subkeys import Use, subkey
from bot.core.threads import LoggedMessage, Parent, Pointers, Threads, key_of
from bot.flows.changes.staff_answers import StaffAnswer
from bot.flows.intake.follow_up import texts_before
from bot.flows.intake.plan import (
    CameBack,
    Capacity,
    Change,
    FollowUp,
    Muted,
    NotReached,
    ReceiptsKeptBack,
    Suppressed,
    way_of,
)
from bot.flows.outgoing.release import BREAKER
from bot.flows.rulebook import IntakeRules, Rulebook
from bot.store import contacts, known, outbox
from bot.store.contacts import Numbers
from bot.store.known import Earlier, Recent


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """What is known, and nobody changes.

    `pointers`: what each message says itself of where it belongs, in the order of the batch. `deliveries`: those that
    reports are about, by number, and `contacts` theirs. `recents` and `suppressions`: by the sender's address.
    `earlier`: words and contacts of what the same people sent of late, by digest. `survivors`: in which contact one
    goes on that was merged, by its number. `in_flight`: contacts for which something leaves now. `domains`: when
    contacts from there were received of late; `mailboxes`: when those were whose receipts go there (`mailboxes.key`).
    `automatic_mails`: how many each contact has had within a day; `own_mails`: how many of our own came back within a
    day, by rule. `texts`: the messages of the contacts that go on with what may be urgent, by contact. `receipts_left`:
    how many may be queued before the breaker stops them (None: any number); `is_stopped`: it has. `unproven`: when
    receipts of the last hour were let leave to addresses that nothing proves.
    """

    pointers: tuple[Pointers, ...]
    threads: Threads
    deliveries: Mapping[int, Delivery] = field(default_factory=dict)
    contacts: Mapping[int, Contact] = field(default_factory=dict)
    recents: Mapping[str, tuple[Recent, ...]] = field(default_factory=dict)
    suppressions: Mapping[str, str] = field(default_factory=dict)
    earlier: Mapping[str, tuple[Earlier, ...]] = field(default_factory=dict)
    survivors: Mapping[int, Contact] = field(default_factory=dict)
    in_flight: frozenset[int] = frozenset()
    domains: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)
    mailboxes: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)
    automatic_mails: Mapping[int, int] = field(default_factory=dict)
    own_mails: Mapping[str, int] = field(default_factory=dict)
    texts: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    receipts_left: int | None = None
    is_stopped: bool = False
    unproven: tuple[datetime, ...] = ()


def gather(connection: Connection, messages: Sequence[Inbound], now: datetime, book: Rulebook) -> BatchFacts:
    """Ask the store once for the whole batch, and only what a message of the batch gives reason to ask."""
    pointers = tuple(threads.pointers_of(message, book.prefix, book.secret) for message in messages)
    matching = _threads(connection, messages, pointers, book.secret)
    may_go_on = matching.parents or matching.references or matching.conversations
    people = {person for message in messages if (person := key_of(message)) and not message.outgoing}
    recents = known.recent_contacts(connection, people, _mailboxes(messages, book), now - acknowledgements.DAY, now)
    recent_ids = {entry.contact_id for entries in recents.contacts.values() for entry in entries}
    earlier = known.earlier_contacts(connection, recent_ids)
    deliveries = known.deliveries_of(connection, {number for pointer in pointers for number in pointer.deliveries})
    of_reports = _contacts_of(connection, deliveries.values())
    receipts_left, is_stopped = _breaker(connection, now, book.intake)
    may_be_unproven = any(message.unproven or way_of(message, book).authserv_id for message in messages)
    return BatchFacts(
        pointers=pointers,
        threads=matching,
        deliveries=MappingProxyType(deliveries),
        contacts=MappingProxyType(of_reports),
        recents=MappingProxyType(recents.contacts),
        suppressions=MappingProxyType(recents.suppressions),
        earlier=MappingProxyType(earlier),
        survivors=MappingProxyType(known.survivors(connection, matching, earlier)),
        in_flight=_in_flight(connection, messages, matching),
        domains=MappingProxyType(_domains(connection, people, now, book.intake)),
        mailboxes=MappingProxyType(recents.mailboxes),
        automatic_mails=MappingProxyType(_automatic_mails(connection, messages, matching, of_reports, now)),
        own_mails=MappingProxyType(_own_mails(connection, messages, now, book)),
        texts=MappingProxyType(texts_before(connection, messages, pointers, matching, book) if may_go_on else {}),
        receipts_left=receipts_left,
        is_stopped=is_stopped,
        unproven=known.unproven_since(connection, now - acknowledgements.HOUR) if may_be_unproven else (),
    )


def _threads(
    connection: Connection, messages: Sequence[Inbound], pointers: Sequence[Pointers], secret: bytes
) -> Threads:
    names_of_messages = [name for message in messages for name in threads.names_of(message)]
    log = known.logged_messages(connection, names_of_messages, subkey(secret, Use.FORGOTTEN_NAMES))
    posts = [message for message in messages if message.post]
    names = threads.names_in_posts(posts) if posts else set()
    parents = known.parents(connection, threads.names_in_mails(messages, log) | names)
    references = {name for pointer in pointers for name in (*pointer.tags, *pointer.references)}
    conversations = {message.post.conversation for message in posts if message.post} - {""}
    return Threads(
        log=MappingProxyType(log),
        parents=MappingProxyType(parents | known.sent_under(connection, names)),
        references=MappingProxyType(contacts.with_references(connection, references)),
        open_contacts=MappingProxyType(_open_contacts(connection, messages)),
        conversations=MappingProxyType(known.in_conversations(connection, conversations)),
    )


def _contacts_of(connection: Connection, deliveries: Collection[Delivery]) -> dict[int, Contact]:
    ids = {delivery.contact_id for delivery in deliveries if delivery.contact_id}
    return contacts.with_id(connection, ids) if ids else {}


def _open_contacts(connection: Connection, messages: Sequence[Inbound]) -> dict[str, tuple[Contact, ...]]:
    """The open contacts of everybody to whom staff's mail goes."""
    copies = [message.mail for message in messages if message.outgoing and message.mail]
    people = {address for mail in copies for address in threads.addressees(mail)}
    return {person: tuple(known.open_of_person(connection, person)) for person in people}


def _in_flight(connection: Connection, messages: Sequence[Inbound], matching: Threads) -> frozenset[int]:
    if not any(message.outgoing for message in messages if message.post):
        return frozenset()
    around = [*matching.conversations.values(), *(parent.contact for parent in matching.parents.values())]
    return frozenset(outbox.under_way(connection, {contact.id for contact in around}))


def _domains(
    connection: Connection, people: Iterable[str], now: datetime, rules: IntakeRules
) -> dict[str, tuple[datetime, ...]]:
    most = rules.limits.an_hour_to_a_domain
    names = {acknowledgements.domain(person) for person in people} if most else ()
    return {name: tuple(known.of_domain(connection, name, now - acknowledgements.HOUR, most)) for name in names}


def _automatic_mails(
    connection: Connection,
    messages: Sequence[Inbound],
    matching: Threads,
    of_reports: Iterable[int],
    now: datetime,
) -> dict[int, int]:
    """Of the contacts with which the mails of the batch may go on."""
    around = [*matching.references.values(), *(parent.contact for parent in matching.parents.values())]
    contact_ids = {contact.id for contact in around} | set(of_reports)
    if not contact_ids or not any(message.mail and not message.outgoing for message in messages):
        return {}
    return known.automatic_mails(connection, contact_ids, now - acknowledgements.DAY)


def _own_mails(connection: Connection, messages: Sequence[Inbound], now: datetime, book: Rulebook) -> dict[str, int]:
    if not any(message.mail and autoreplies.is_ours(message, book.intake.own, book.secret) for message in messages):
        return {}
    return known.by_rule(connection, OUR_OWN, now - acknowledgements.DAY)


def _mailboxes(messages: Sequence[Inbound], book: Rulebook) -> set[str]:
    addresses = (acknowledgements.recipients(message) for message in messages if not message.outgoing)
    return {mailboxes.key(address, book.secret) for group in addresses for address in group}


def _breaker(connection: Connection, now: datetime, rules: IntakeRules) -> tuple[int | None, bool]:
    """How many receipts may be queued before it stops them all, and whether it has."""
    if not rules.limits.a_minute:
        return None, False
    count, is_stopped = known.receipts_since(connection, now - acknowledgements.MINUTE, BREAKER)
    return rules.limits.a_minute - count, is_stopped


class Ledger:
    """What is known while the messages are decided: the facts, and what the messages so far add to them and change.

    It lives as long as one call of `decide`; the facts themselves stay as they are.
    """

    def __init__(self, facts: BatchFacts, numbers: Numbers, capacity: Capacity, now: datetime, book: Rulebook) -> None:
        self.facts, self.numbers, self.now, self.book, self.hold = facts, numbers, now, book, capacity.hold
        self._log = dict(facts.threads.log)
        self._parents = dict(facts.threads.parents)
        self._conversations = dict(facts.threads.conversations)
        self.threads = Threads(
            self._log, self._parents, facts.threads.references, facts.threads.open_contacts, self._conversations
        )
        self.recents = dict(facts.recents)
        self.suppressions = dict(facts.suppressions)
        self.earlier = dict(facts.earlier)
        self.domains = dict(facts.domains)
        self._mailboxes, self._unproven = dict(facts.mailboxes), facts.unproven
        self._automatic_mails = dict(facts.automatic_mails)
        self._own_mails = dict(facts.own_mails)
        self._contacts: dict[int, Contact] = {}
        self._deliveries = dict(facts.deliveries)
        self._free = dict(capacity.free)
        self._receipts_left, self.is_stopped = facts.receipts_left, facts.is_stopped
        self._kept_back: set[ReceiptsKeptBack] = set()

    def at(self, message: Inbound) -> datetime:
        """When it was received."""
        return message.received_at or self.now

    def current(self, contact: Contact) -> Contact:
        """The contact as it will stand after the messages so far; where it was merged, the one that goes on."""
        contact = self.facts.survivors.get(contact.id, contact)
        return self._contacts.setdefault(contact.id, contact)

    def delivery_reported(self, pointers: Pointers) -> Delivery | None:
        """The mail of ours that a message reports on, if a signed address says so."""
        deliveries = (self._deliveries[number] for number in pointers.deliveries if number in self._deliveries)
        return next(deliveries, None)

    def contact_of(self, delivery: Delivery | None) -> Contact | None:
        """The contact to which a mail of ours belongs."""
        contact = self.facts.contacts.get(delivery.contact_id or 0) if delivery else None
        return contact and self._contacts.setdefault(contact.id, contact)

    def external_id(self, message: Inbound) -> str:
        """The channel's own name for it; other content under a name that was used before has a name of its own.

        RFC 5322 section 3.6.4 forbids that, and it happens.
        """
        entries = self._log.get(message.external_id, ())
        is_used = any(entry.channel == message.channel for entry in entries)
        return f"{message.external_id} {message.digest[:16]}" if is_used else message.external_id

    def remember(self, message: Inbound, contact: Contact, written_by: str) -> None:
        """Let later messages know of one of this contact."""
        entry = LoggedMessage(message.channel, message.digest, contact.reference, contact.id)
        self._log[message.external_id] = (*self._log.get(message.external_id, ()), entry)
        self._parents.setdefault(message.external_id, Parent(contact, written_by))
        if message.post is not None and message.post.conversation and contact.outcome in ("acknowledge", "ask"):
            self._conversations[message.channel, message.post.conversation] = contact

    def remember_receipt(self, message: Inbound, contact: Contact, recipient: str) -> None:
        """This person has, or is about to have, a receipt of their own for this contact."""
        mailbox = mailboxes.key(recipient, self.book.secret)
        self._mailboxes[mailbox] = (*self._mailboxes.get(mailbox, ()), contact.received_at)
        person = key_of(message)
        entry = Recent(contact.received_at, contact.id, contact.channel, contact.visibility)
        self.recents[person] = (*self.recents.get(person, ()), entry)
        self.earlier[message.digest] = (*self.earlier.get(message.digest, ()), (message.text, contact))
        domain = acknowledgements.domain(person)
        if domain in self.domains:
            self.domains[domain] = (*self.domains[domain], contact.received_at)

    def tally(self, person: str) -> Tally:
        """What this person has been sent of late."""
        entries = self.recents.get(person, ())
        mailboxes = {name for name, way in self.book.ways.items() if way.medium in ("", "email")} if entries else ()
        by_mail = [(entry.contact_id, entry.at) for entry in entries if entry.channel in mailboxes]
        return Tally(tuple(entry.at for entry in entries), max(by_mail, key=lambda pair: pair[1], default=None))

    def tally_of_mailbox(self, recipient: str) -> Tally:
        """What has gone, or is about to go, of late to the mailbox of this address."""
        return Tally(self._mailboxes.get(mailboxes.key(recipient, self.book.secret), ()))

    def spend_unproven(self) -> str:
        """Count one receipt to an address that nothing proves; why it waits for staff, "" where it may leave."""
        why = acknowledgements.why_wait(Tally(self._unproven), self.now, self.book.intake.limits)
        if not why:
            self._unproven = (*self._unproven, self.now)
        return why

    def recent_contact(self, contact_id: int) -> Contact:
        """One of those that people had a receipt for of late. Raises LookupError for others."""
        contacts_of_late = {contact.id: contact for entries in self.earlier.values() for _, contact in entries}
        return self.current(contacts_of_late[contact_id])

    def count_automatic(self, contact: Contact) -> int:
        """Count one more mail of a program; how many the contact has had within a day."""
        count = self._automatic_mails.get(contact.id, 0) + 1
        self._automatic_mails[contact.id] = count
        return count

    def count_own_mail(self, message: Inbound, rule: RuleName) -> int:
        """Count one more mail of our own; how many were received within a day and logged by this rule."""
        count = self._own_mails.get(rule, 0) + (self.at(message) >= self.now - acknowledgements.DAY)
        self._own_mails[rule] = count
        return count

    def take_place(self, outlet: str) -> bool:
        """One place among what this outlet could send at once, if there is one."""
        places = self._free.get(outlet, 0)
        self._free[outlet] = places - 1
        return places > 0

    def spend_receipt(self) -> bool:
        """Count one receipt against the breaker; True if this one trips it."""
        if self._receipts_left is None or self.is_stopped:
            return False
        self._receipts_left -= 1
        self.is_stopped = self._receipts_left < 0
        return self.is_stopped

    def keep_back(self, change: ReceiptsKeptBack) -> tuple[Change, ...]:
        """The change that tells the team of it, once a batch."""
        changes = () if change in self._kept_back else (change,)
        self._kept_back.add(change)
        return changes

    def learn(self, changes: Iterable[Change]) -> None:
        """Let later messages know of what is changed."""
        for change in changes:
            match change:
                case FollowUp():
                    self._stand(change.contact_id, **_after_follow_up(change, self.now))
                case StaffAnswer():
                    self._stop(change)
                case CameBack():
                    state = Leaving.PERMANENT_FAILURE if change.again_at is None else Leaving.TEMPORARY_FAILURE
                    self._deliveries[change.delivery.id] = replace(change.delivery, state=state)
                case NotReached():
                    self._stand(change.contact_id, receipt_sent_at=None)
                case Muted():
                    self._stand(change.contact_id, muted=True)
                case Suppressed():
                    self.suppressions.setdefault(change.address.lower(), change.reason)
                case _:
                    pass  # changes nothing that a later message is decided by

    def _stop(self, answer: StaffAnswer) -> None:
        if answer.judgement.kind is Kind.FULL and self._contacts[answer.contact_id].state == State.OPEN:
            self._stand(answer.contact_id, state=State.ANSWERED, responded_at=answer.at, paused_at=None)

    def _stand(self, contact_id: int, **values: Any) -> None:
        self._contacts[contact_id] = replace(self._contacts[contact_id], **values)


def _after_follow_up(step: FollowUp, now: datetime) -> dict[str, Any]:
    reopening = {"state": State.OPEN, "responded_at": None} if step.reopens_at else {}
    return {**step.urgent, **reopening, **({"noted_at": now} if step.is_told else {})}
