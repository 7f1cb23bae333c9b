"""Staff take what they were told of: it is theirs, nobody else is called, and it may be quiet for a while."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.core.events import Event, EventKind
from bot.flows import board
from bot.flows.changes import assignees, refusals
from bot.flows.changes.assignees import Holder
from bot.flows.changes.refusals import Refused
from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox

Values = dict[str, Any]
# What lies further ahead is a slip; and far enough ahead no database can keep it.
FURTHEST = timedelta(days=3_653)
_NOTHING_LEFT = "nothing is left to do"


def take(connection: Connection, reference: str, actor: str, now: datetime) -> None:
    """Somebody has it: the alerts about an urgent contact end. Raises Refused where somebody has it already."""
    contact = refusals.open_contact(connection, reference, _NOTHING_LEFT)
    if contact.taken_at is not None and contact.urgent_at is None:
        raise Refused(f"{reference} was taken by {contact.taken_by} already")
    values = {"taken_at": now, "taken_by": actor, "urgent_at": None, "assigned_at": contact.assigned_at or now}
    _change(connection, contact, values, (EventKind.TAKEN, {}), actor, now)


def assign(connection: Connection, reference: str, to: Holder, actor: str, now: datetime, book: Rulebook) -> None:
    """Give it to another team, or to one person of a team, and tell them. Raises Refused."""
    contact = refusals.open_contact(connection, reference, _NOTHING_LEFT)
    assignees.refuse(connection, to, book)
    team = to.team or contact.team
    if (contact.team, contact.owner) == (team, to.owner) and contact.assigned_at is not None:
        raise Refused(f"{reference} is with {to.owner or team} already")
    values = {"team": team, "owner": to.owner, "assigned_at": now, "next_look_at": now}
    details = {"team": team or "", "owner": to.owner, "team_before": contact.team or "", "owner_before": contact.owner}
    _change(connection, contact, values, (EventKind.ASSIGNED, details), actor, now)
    board.refresh(connection, now, book)
    outbox.queue(connection, alert.handed_over(refusals.contact_of(connection, reference), now, book))


def be_quiet(connection: Connection, reference: str, until: datetime, actor: str, now: datetime) -> None:
    """No alert before `until`, except those that cannot wait: nearly all of the time used, due, urgent.

    Raises Refused.
    """
    contact = refusals.open_contact(connection, reference, _NOTHING_LEFT)
    check_quiet(until, now)
    details = {"until": until.isoformat(timespec="seconds")}
    _change(connection, contact, {"quiet_until": until}, (EventKind.QUIET, details), actor, now)


def check_quiet(until: datetime, now: datetime) -> None:
    """Raise Refused for an instant until which nobody can be quiet."""
    if until <= now:
        raise Refused("that time is over; choose a later one", "until")
    if until - now > FURTHEST:
        raise Refused("that is more than ten years ahead", "until")


def _change(
    connection: Connection, contact: Contact, values: Values, event: tuple[EventKind, Values], actor: str, now: datetime
) -> None:
    if not contacts.change(connection, contact, values):
        raise refusals.collision(contact.reference)
    kind, details = event
    contacts.note(connection, [Event(contact.id, now, kind, actor, details)])
