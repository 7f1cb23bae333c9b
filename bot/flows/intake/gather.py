"""What is known of the messages of one batch, before anything is decided and while it is."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection

from bot.core import acknowledgements, autoreplies, mailboxes, threads
from bot.core.contacts import Contact
from bot.core.deliveries import Delivery
from bot.core.messages import Inbound
from bot.core.rules import OUR_OWN
from bot.core.subkeys import Use, subkey
from bot.core.threads import Pointers, Threads, key_of
from bot.flows.intake.follow_up import texts_before
from bot.flows.intake.plan import way_of
from bot.flows.outgoing.release import BREAKER
from bot.flows.rulebook import IntakeRules, Rulebook
from bot.store import contacts, known, outbox
from bot.store.known import Earlier, Recent
from bot.store.needs import Needs, keys_in


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
    `needs`: what is noted for the people of the batch, by address.
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
    needs: Mapping[str, Needs] = field(default_factory=dict)


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
        needs=MappingProxyType(known.needs_among(connection, _addresses(messages, people))),
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


def _addresses(messages: Sequence[Inbound], people: set[str]) -> set[str]:
    """Every address of whoever wrote one of these."""
    forms = [message for message in messages if message.fields and not message.outgoing]
    return people.union(*(keys_in(message.fields) for message in forms)) if forms else people


def _breaker(connection: Connection, now: datetime, rules: IntakeRules) -> tuple[int | None, bool]:
    """How many receipts may be queued before it stops them all, and whether it has."""
    count, is_stopped = known.receipts_since(connection, now - acknowledgements.MINUTE, BREAKER)
    return rules.limits.a_minute - count if rules.limits.a_minute else None, is_stopped
