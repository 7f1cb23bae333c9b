"""When the time of keeping is over, the words and the person go; the dates stay, so that the figures stay right."""

from datetime import datetime

from sqlalchemy import Connection

from bot.core.events import Event, EventKind
from bot.core.retention import Retention
from bot.flows.changes import refusals
from bot.flows.changes.refusals import Kind, Refused
from bot.store import contacts, retention, suppressions


def forget(connection: Connection, keep: Retention, now: datetime, most: int) -> int:
    """Strip up to `most` finished contacts whose time is over; returns how many.

    Suppressions that have run out go, too.

    An open contact is never touched, nor one under a legal hold. Kept: reference, channel, dates, decisions and events.
    """
    suppressions.forget(connection, now)
    before, before_of_kind = keep.kept_since(now)
    ids = retention.forgettable(connection, before, before_of_kind, most)
    retention.strip(connection, ids)
    contacts.note(connection, [Event(contact_id, now, EventKind.FORGOTTEN) for contact_id in ids])
    return len(ids)


def hold(connection: Connection, reference: str, reason: str, actor: str, now: datetime) -> None:
    """Keep a contact whatever its age (a legal hold); without a reason no longer. Raises Refused.

    Freedom of Information Act 2000, section 77: what was asked for must not be destroyed.
    """
    contact, reason = refusals.contact_of(connection, reference), refusals.short_text(reason, "reason")
    if contact.forgotten:
        raise Refused("its words are gone already", "reason", Kind.CONFLICT)
    if not reason and not contact.legal_hold:
        raise Refused("it is under no legal hold", "reason", Kind.CONFLICT)
    retention.hold(connection, contact.id, reason or None)
    kind = EventKind.LEGAL_HOLD if reason else EventKind.LEGAL_HOLD_ENDED
    contacts.note(connection, [Event(contact.id, now, kind, actor, {"reason": reason} if reason else {})])
