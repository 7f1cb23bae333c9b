"""What an action would do, seen before it is done: every message to the person as it would leave, and the new dates.

The action itself is tried and undone, and its messages are written by the writer that writes them when they leave: so
that nothing can be shown here that is not what the person gets.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.core import tracking
from bot.core.contacts import Contact, State
from bot.core.deliveries import Purpose
from bot.flows.desk.actions import act
from bot.flows.desk.orders import Order, visible
from bot.flows.outgoing import as_sent, deliver
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Visitor
from bot.store import contacts, outbox, trials

# Its words are typed by whoever sends it, who sees them on a page of their own and can take them back.
_SEEN_ELSEWHERE = frozenset({"answer"})
_TELLS_DATE = (Purpose.ACKNOWLEDGEMENT, Purpose.NEW_DATE, Purpose.ADDED, Purpose.PROGRESS)
# Not the question whether it helped: that is the same for all, and comes a day later if nothing opens it again.
_SHOWN_BEFORE = deliver.TO_SENDERS.keys() - {Purpose.FEEDBACK}


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to the person as it would leave: `page` is the HTML of a mail, `date` the date that it tells, or "".

    `public`: everybody can read it. `english` says the same in English, where it leaves in another language only.
    """

    purpose: Purpose
    recipient: str
    subject: str
    words: str
    page: str
    date: str
    public: bool = False
    english: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """What changes of the contact, in words for staff; "" for nothing."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Foresight:
    """What would follow: `sentence` is what the action says when it is done."""

    sentence: str
    letters: tuple[Letter, ...]
    differences: tuple[Difference, ...]

    @property
    def digest(self) -> str:
        """A name of all that would leave: the same as long as exactly that would."""
        facts = [(letter.recipient, letter.subject, letter.words) for letter in self.letters]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of an action that was tried and undone; its messages are written once the store is free again."""

    sentence: str
    before: Contact
    after: Contact
    claims: tuple[Claimed, ...]

    def compose(self, writer: MessageWriter, now: datetime, book: Rulebook) -> Foresight:
        """The same with every message in words."""
        letters = tuple(letter_of(claim, writer, now, book) for claim in self.claims)
        return Foresight(self.sentence, letters, tuple(_differences(self.before, self.after, book)))


def attempt(connection: Connection, order: Order, visitor: Visitor, now: datetime, book: Rulebook) -> Trial:
    """Try the action and undo it: nothing is written, nobody is woken. Raises Refused, as the action does."""
    before = visible(connection, order.reference, visitor, book)
    leaves_anyway = trials.leaving(connection, before.id) if before else set()
    with trials.undone(connection):
        sentence = act(connection, order, visitor, now, book)
        if before is None:
            raise LookupError("an action was done to a contact that nobody sees")
        return Trial(
            sentence,
            before,
            after=contacts.with_id(connection, [before.id])[before.id],
            claims=claims_of(connection, before.id, leaves_anyway, now, book),
        )


def act_as_seen(
    connection: Connection,
    order: Order,
    visitor: Visitor,
    now: datetime,
    book: Rulebook,
    writer: MessageWriter,
    digest: str = "",
) -> str | Foresight:
    """Do it where it writes to nobody, or just what was seen under that name would leave; say so.

    Anything else that would leave is returned, and nothing is done. Raises Refused.
    """
    if order.action not in _SEEN_ELSEWHERE:
        foresight = attempt(connection, order, visitor, now, book).compose(writer, now, book)
        if foresight.letters and foresight.digest != digest:
            return foresight
    return act(connection, order, visitor, now, book)


def claims_of(
    connection: Connection, contact_id: int, leaves_anyway: set[int], now: datetime, book: Rulebook
) -> tuple[Claimed, ...]:
    """What leaves to the person only because of the action, each asked once more as when it leaves."""
    numbers = trials.leaving(connection, contact_id) - leaves_anyway
    deliveries = [delivery for delivery in outbox.of_contact(connection, contact_id) if delivery.id in numbers]
    claims = (Claimed(delivery) for delivery in deliveries if delivery.purpose in _SHOWN_BEFORE)
    current = (deliver.asked_again(connection, claim, now, book) for claim in claims)
    return tuple(claim for claim in current if claim is not None)


def letter_of(claim: Claimed, writer: MessageWriter, now: datetime, book: Rulebook) -> Letter:
    """The message of a claim, as it would leave."""
    message = writer.write(claim, now)
    subject, words, page = as_sent.read(message)
    tells_date = claim.contact is not None and claim.delivery.purpose in _TELLS_DATE and not message.public
    return Letter(
        purpose=claim.delivery.purpose,
        recipient=message.recipient,
        subject=subject,
        words=words.strip(),
        page=page,
        date=book.clocks.respond_by(claim.contact) if tells_date and claim.contact else "",
        public=message.public,
        english=tracking.masked(message.english),
    )


def _differences(before: Contact, after: Contact, book: Rulebook) -> Iterator[Difference]:
    pairs = zip(_facts(before, book), _facts(after, book), strict=True)
    yield from (Difference(name, was, becomes) for (name, was), (_, becomes) in pairs if was != becomes)


def _facts(contact: Contact, book: Rulebook) -> Iterator[tuple[str, str]]:
    """What staff look at first, in words."""
    is_paused = contact.state == State.OPEN and contact.paused_at is not None
    yield "State", f"{contact.state}{', paused' if is_paused else ''}"
    yield "Standard", book.clocks.standard_of(contact).title if contact.standard else ""
    yield "Answer by", book.clocks.respond_by(contact) if contact.respond_by else ""
    yield "With", ", ".join(name for name in (contact.team, contact.owner) if name)
