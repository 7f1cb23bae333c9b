"""Staff take what they were told of: it is theirs, nobody else is called, and it may be quiet for a while."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.core.contacts import Contact, State
from bot.core.events import Event, EventKind
from bot.flows.changes import assignees
from bot.flows.changes.assignees import Holder
from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox

Values = dict[str, Any]
# What lies further ahead is a slip; and far enough ahead no database can keep it.
FURTHEST = timedelta(days=3_653)


@dataclass(frozen=True, slots=True)
class Done:
    """It is recorded; the contact as it was before."""

    before: Contact


@dataclass(frozen=True, slots=True)
class NotDone:
    """Nothing was changed, and why."""

    reason: str


def take(connection: Connection, reference: str, actor: str, now: datetime) -> Done | NotDone:
    """Somebody has it: the alerts about an urgent contact end. Taking it again changes nothing."""
    contact = _open(connection, reference)
    if isinstance(contact, NotDone):
        return contact
    if contact.taken_at is not None and contact.urgent_at is None:
        return NotDone(f"{reference} was taken by {contact.taken_by} already")
    values = {"taken_at": now, "taken_by": actor, "urgent_at": None, "assigned_at": contact.assigned_at or now}
    return _change(connection, contact, values, (EventKind.TAKEN, {}), actor, now)


def not_urgent(connection: Connection, reference: str, actor: str, now: datetime) -> Done | NotDone:
    """The words that sounded like danger were none: nobody is called any more, and it is urgent no longer."""
    contact = _open(connection, reference)
    if isinstance(contact, NotDone):
        return contact
    if not contact.urgent:
        return NotDone(f"{reference} is not urgent")
    values = {"urgent": "", "urgent_words": "", "urgent_at": None}
    return _change(connection, contact, values, (EventKind.NOT_URGENT, {"urgent": contact.urgent}), actor, now)


def assign(
    connection: Connection, reference: str, to: Holder, actor: str, now: datetime, book: Rulebook
) -> Done | NotDone:
    """Give it to another team, or to one person of a team, and tell them."""
    contact = _open(connection, reference)
    if isinstance(contact, NotDone):
        return contact
    if fault := assignees.why_no_address(to.owner):
        return NotDone(fault)
    if to.team and to.team not in book.teams:
        return NotDone(f"there is no team {to.team}; there are {', '.join(book.teams)}")
    team = to.team or contact.team
    if (contact.team, contact.owner) == (team, to.owner) and contact.assigned_at is not None:
        return NotDone(f"{reference} is with {to.owner or team} already")
    values = {"team": team, "owner": to.owner, "assigned_at": now, "next_look_at": now}
    details = {"team": team or "", "owner": to.owner, "team_before": contact.team or "", "owner_before": contact.owner}
    done = _change(connection, contact, values, (EventKind.ASSIGNED, details), actor, now)
    after = contacts.find(connection, reference)
    if isinstance(done, Done) and after is not None:
        outbox.queue(connection, alert.handed_over(after, now, book))
    return done


def be_quiet(connection: Connection, reference: str, until: datetime, actor: str, now: datetime) -> Done | NotDone:
    """No alert before `until`, except those that cannot wait: nearly all of the time used, due, urgent."""
    contact = _open(connection, reference)
    if isinstance(contact, NotDone):
        return contact
    if until <= now:
        return NotDone(f"{until.isoformat(timespec='minutes')} is over")
    if until - now > FURTHEST:
        return NotDone(f"{until.isoformat(timespec='minutes')} is more than ten years ahead")
    details = {"until": until.isoformat(timespec="seconds")}
    return _change(connection, contact, {"quiet_until": until}, (EventKind.QUIET, details), actor, now)


def _open(connection: Connection, reference: str) -> Contact | NotDone:
    contact = contacts.find(connection, reference)
    if contact is None:
        return NotDone(f"there is no contact {reference}")
    if contact.state != State.OPEN:
        return NotDone(f"{reference} is {contact.state}, so nothing is left to do")
    return contact


def _change(
    connection: Connection, contact: Contact, values: Values, event: tuple[EventKind, Values], actor: str, now: datetime
) -> Done | NotDone:
    if not contacts.change(connection, contact, values):
        return NotDone(f"somebody else changed {contact.reference} at this moment; look again")
    kind, details = event
    contacts.note(connection, [Event(contact.id, now, kind, actor, details)])
    return Done(contact)
