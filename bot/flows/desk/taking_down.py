"""A call, a letter or a visit is taken down in one transaction; or only tried, to see what the person would be sent."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.channel import Batch
from bot.core.contacts import Contact
from bot.core.messages import Inbound
from bot.flows.changes import needs, record, rule_versions
from bot.flows.desk.foresight import claims_of
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.outgoing.claimed import Claimed
from bot.flows.rulebook import Rulebook
from bot.store import contacts, trials


@dataclass(frozen=True, slots=True)
class TakenDown:
    """The contact, and what leaves to its person because of it."""

    contact: Contact
    claims: tuple[Claimed, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person needs of us, in words of staff, and the language in which they want to be written to."""

    needs: str
    language: str


def take_down(
    connection: Connection, message: Inbound, wish: Wish, actor: str, now: datetime, book: Rulebook
) -> TakenDown | None:
    """Log it, and note who took it down; None where it could not be logged and is kept as it came."""
    rule_versions.remember(connection, book.clocks)
    (filing,) = receive(connection, Batch((message,)), Reading(message.channel), now, book, Capacity()).filed
    if filing.reference is None:
        return None
    first = record.taken_down(connection, filing.reference, actor, now)
    if first.new:
        needs.add_needs(connection, first.contact, wish.needs, actor, now, language=wish.language)
    number = first.contact.id
    claims = claims_of(connection, number, set(), now, book)
    return TakenDown(contacts.with_id(connection, [number])[number], claims)


def attempt(
    connection: Connection, message: Inbound, wish: Wish, actor: str, now: datetime, book: Rulebook
) -> TakenDown | None:
    """Try the same and undo it: nothing is written, nobody is woken."""
    with trials.undone(connection):
        return take_down(connection, message, wish, actor, now, book)
