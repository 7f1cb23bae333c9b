"""Staff say of a contact, for the figures, whether it was avoidable, why its answer is late, what came of a complaint.

It may be said until the end of all days, of a contact whose words are gone, too: the figures are asked for later than
those. Nothing that runs depends on it, and the person hears nothing of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection

from bot.core import judgements
from bot.core.contacts import Contact, State
from bot.core.events import Event, EventKind, StoredEvent
from bot.core.suggestions import choose_one
from bot.flows.changes import refusals
from bot.flows.changes.refusals import Kind, Refused
from bot.store import contacts, merging

_EVENTS = {
    "avoidable": EventKind.AVOIDABILITY_JUDGED,
    "cause": EventKind.CAUSE_NAMED,
    "complaint_outcome": EventKind.COMPLAINT_DECIDED,
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What staff say, by the codes of `core.judgements`: None leaves it as it is, "" takes it back."""

    avoidable: str | None = None
    cause: str | None = None
    complaint_outcome: str | None = None


FIELDS = tuple(field.name for field in fields(Judgement))


def judge(connection: Connection, reference: str, judgement: Judgement, actor: str, now: datetime) -> bool:
    """Keep what is said; whether anything of it is new. Raises Refused."""
    number = refusals.contact_of(connection, reference).id
    codes = {name: code for name in FIELDS if (code := getattr(judgement, name)) is not None}
    if not codes:
        raise Refused("say whether it was avoidable, why it is late, or what came of a complaint", kind=Kind.INVALID)
    # Whoever says the same at this moment is waited for, so that each event knows what stood before it.
    contact = merging.lock(connection, [number])[number]
    _refuse(connection, contact, codes, now)
    changes = {name: code for name, code in codes.items() if code != getattr(contact, name)}
    if not changes:
        return False
    contacts.put(connection, contact.id, changes)
    contacts.note(connection, [_event(contact, name, code, actor, now) for name, code in changes.items()])
    return True


def why_never(contact: Contact) -> str:
    """Why nothing can be said of a contact that is no other's part; "" where something can."""
    if contact.state != State.LOGGED:
        return ""
    return f"{contact.reference} is logged: nobody is owed an answer, and it counts in no figure"


def is_late(contact: Contact, events: Iterable[StoredEvent], now: datetime) -> bool:
    """Whether the answer came after its date, or has not come though that is over; so has what was closed after it."""
    at = now if contact.state == State.OPEN else contact.responded_at or _closed_at(events)
    return at is not None and judgements.is_after(at, contact.respond_by)


def _closed_at(events: Iterable[StoredEvent]) -> datetime | None:
    return max((event.at for event in events if event.kind == EventKind.CLOSED), default=None)


def _refuse(connection: Connection, contact: Contact, codes: dict[str, str], now: datetime) -> None:
    refusals.refuse_merged(connection, contact)
    if reason := why_never(contact):
        raise Refused(reason)
    for name, code in codes.items():
        if code and code not in judgements.WORDS[name]:
            raise Refused(choose_one(code, judgements.WORDS[name]), name)
    if codes.get("complaint_outcome") and not judgements.is_complaint(contact.kind):
        raise Refused("it is no complaint: say first what kind it is", "complaint_outcome")
    if codes.get("cause") and not is_late(contact, contacts.events_of(connection, contact.id), now):
        raise Refused("its answer is not late, so there is no cause to name", "cause")


def _event(contact: Contact, name: str, code: str, actor: str, now: datetime) -> Event:
    details = {name: code, f"{name}_before": getattr(contact, name)}
    return Event(contact.id, now, _EVENTS[name], actor, details)
