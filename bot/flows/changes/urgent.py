"""Staff see danger where no rule does, and have people called; or they see none where a rule does."""

from datetime import datetime

from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.core.events import Event, EventKind
from bot.flows.changes import refusals
from bot.flows.changes.refusals import Refused
from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook
from bot.store import clocks, contacts, merging, outbox

# In place of the name of a rule, none of which has a space.
BY_HAND = "by hand"
# It is read on the telephones of those who are called.
MOST_CHARACTERS = 300


def call_somebody(
    connection: Connection, reference: str, reason: str, actor: str, now: datetime, book: Rulebook
) -> None:
    """Call the team now, then one after another, as where a rule has found danger. Raises Refused."""
    number = refusals.open_contact(connection, reference, "nobody is called about it").id
    # Of two at the same moment the second waits, and finds that people are called.
    contact = merging.lock(connection, [number])[number]
    reason = " ".join(refusals.short_text(reason, "reason", MOST_CHARACTERS).split())
    if not reason:
        raise Refused("say why it cannot wait; whoever is called reads it", "reason")
    if contact.urgent_at is not None:
        raise Refused("people are being called about it already")
    time, again_at = _next_round(contact, book), now + book.clocks.timing.urgent_again_after
    values = {
        "urgent": contact.urgent or BY_HAND,
        "urgent_words": reason,
        "urgent_at": again_at,
        "urgent_step": time + 1,
        # Whoever takes it from now on has it.
        "taken_at": None,
        "taken_by": "",
    }
    if not contacts.change(connection, contact, values):
        raise refusals.collision(reference)
    contacts.note(connection, [Event(contact.id, now, EventKind.URGENT, actor, {"reason": reason, "time": time + 1})])
    outbox.queue(connection, alert.urgent_alerts(contact, time, now, book))
    clocks.look_again(connection, [contact.id], again_at)


def _next_round(contact: Contact, book: Rulebook) -> int:
    """The number of the next call that goes to the first level: none that was made before is made again."""
    team = book.outgoing.team(contact.team)
    levels = len(team.levels) if team else 1
    return -(-contact.urgent_step // levels) * levels


def not_urgent(connection: Connection, reference: str, actor: str, now: datetime) -> None:
    """Nobody is in danger: nobody is called any more. Raises Refused."""
    contact = refusals.open_contact(connection, reference, "nothing is left to do")
    if not contact.urgent:
        raise Refused(f"{reference} is not urgent")
    values = {"urgent": "", "urgent_words": "", "urgent_at": None}
    if not contacts.change(connection, contact, values):
        raise refusals.collision(reference)
    contacts.note(connection, [Event(contact.id, now, EventKind.NOT_URGENT, actor, {"urgent": contact.urgent})])
