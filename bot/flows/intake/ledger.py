"""What is known while the messages of a batch are decided: the facts, and what each message adds to them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from bot.core import acknowledgements, mailboxes, needs
from bot.core.acknowledgements import Tally
from bot.core.contacts import Contact, State
from bot.core.deliveries import Delivery
from bot.core.deliveries import State as Leaving
from bot.core.messages import Inbound
from bot.core.responses import Kind
from bot.core.rules import RuleName
from bot.core.threads import LoggedMessage, Parent, Pointers, Threads, key_of
from bot.flows.changes.needs import NO_WISH, Wish, Wished, wish_in, wish_of
from bot.flows.changes.staff_answers import StaffAnswer
from bot.flows.intake.batches import Capacity
from bot.flows.intake.consequences import (
    Allowed,
    CameBack,
    Change,
    FollowUp,
    Muted,
    NotReached,
    ReceiptsKeptBack,
    Suppressed,
)
from bot.flows.intake.gather import BatchFacts
from bot.flows.intake.plan import Plan, looks
from bot.flows.rulebook import Rulebook
from bot.store.contacts import Numbers
from bot.store.known import Recent
from bot.store.needs import keys_in, latest

_NOTHING_WISHED: Mapping[str, Any] = MappingProxyType(NO_WISH.columns)


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

    def looks(self, message: Inbound, contact: Contact, written_by: str) -> Plan:
        """Have staff look at it, if it was said in public and owes no receipt."""
        return looks(contact, message, written_by, self.now, self.book)

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

    def wish_columns(self, message: Inbound, thread: Contact | None) -> Mapping[str, Any]:
        """How a new contact, which comes after `thread`, is written to: what its own form says holds for it at once."""
        if not self.facts.needs and not message.fields:
            return _NOTHING_WISHED if thread is None else _wish_of(thread).columns
        keys = {key_of(message), *keys_in(message.fields)}
        entry = latest(self.facts.needs[key] for key in keys if key in self.facts.needs)
        before = wish_of(entry) if entry or thread is None else _wish_of(thread)
        of_form = wish_in(message.fields)
        codes = needs.as_column([*needs.of_column(before.need_codes), *needs.of_column(of_form.need_codes)])
        return Wish(of_form.language or before.language, codes).columns

    def wishes_in(self, message: Inbound, contact_id: int) -> tuple[Change, ...]:
        """What is to be remembered of the form of a new contact; what staff take down they note themselves."""
        of_form = wish_in(message.fields) if message.unproven else NO_WISH
        return (Wished(contact_id, of_form),) if of_form != NO_WISH else ()

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
                case Allowed():
                    self.suppressions.pop(change.address.lower(), None)
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


def _wish_of(thread: Contact) -> Wish:
    return Wish(thread.wished_language, thread.need_codes)
