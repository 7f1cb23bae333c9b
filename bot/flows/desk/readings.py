"""Staff have read what a person says of our answer: from then on it is not changed any more."""

from datetime import datetime

from sqlalchemy import Connection

from bot.core.events import Event, EventKind
from bot.flows.changes.refusals import Kind, Refused
from bot.flows.staffing import Visitor
from bot.store import contacts, feedback, queue


def read(connection: Connection, reference: str, visitor: Visitor, now: datetime) -> None:
    """Note who has read it. Raises Refused where they see no such contact, or there is nothing to be read."""
    contact = queue.visible(connection, reference, visitor.scope)
    if contact is None:
        raise Refused(f"there is no contact {reference}", kind=Kind.UNKNOWN)
    if not feedback.note_reading(connection, contact.id, visitor.actor, now):
        raise Refused("nothing was said of its answer, or somebody has read it already")
    contacts.note(connection, [Event(contact.id, now, EventKind.FEEDBACK_READ, visitor.actor)])
