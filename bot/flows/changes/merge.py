"""Two contacts of one matter are gone on with in one; and one of several matters is parted from its contact again.

Each keeps its messages, its history and its reference: what was merged is read from the one that goes on, and what is
sent to it joins that one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from bot.core.contacts import Contact, State
from bot.core.deliveries import Purpose
from bot.core.events import Event, EventKind
from bot.flows.changes import answer, forget, refusals
from bot.flows.changes.adjust import columns, stand
from bot.flows.changes.needs import obey_together
from bot.flows.changes.refusals import Kind, Refused
from bot.flows.rulebook import Rulebook
from bot.store import clocks, contacts, drafts, links, merging, needs, outbox

Values = dict[str, Any]
FIELD, CONFIRMATION = "contact", "confirm"
YES = "yes"
_NEVER = datetime.max.replace(tzinfo=UTC)
_URGENT = ("urgent", "urgent_words", "urgent_at", "urgent_step", "taken_by", "taken_at")


@dataclass(frozen=True, slots=True)
class Merge:
    """The contact that goes on, and the one that was merged into it."""

    survivor: Contact
    duplicate: Contact


def merge(
    connection: Connection, contact: Contact, partner: Contact | None, confirmation: str, actor: str, now: datetime
) -> Merge:
    """Go on with two contacts in the one whose answer is due first: no promise is given up. Raises Refused.

    The person is told nothing: to them both references stay good.
    """
    if partner is None or partner.id == contact.id:
        raise Refused("enter the reference of another contact", FIELD)
    pair = merging.lock(connection, [contact.id, partner.id])
    survivor, duplicate = sorted(pair.values(), key=_comes_first)
    _refuse(connection, survivor, duplicate, confirmation)
    if answer.under_way(connection, duplicate.id) is not None:
        reason = f"an answer in {duplicate.reference} has not left yet: take it back, or merge them once it has left"
        raise Refused(reason, FIELD, Kind.CONFLICT)
    if duplicate.state == State.OPEN and not contacts.close(connection, duplicate):
        raise refusals.collision(duplicate.reference)
    cancelled = outbox.cancel_waiting(connection, duplicate.id)
    drafts.move(connection, duplicate.id, survivor.id)
    contacts.put(connection, duplicate.id, {"merged_into": survivor.id})
    _carry_danger(connection, survivor, duplicate, now if Purpose.URGENT in cancelled else None)
    _note(connection, duplicate, survivor, EventKind.MERGED, actor, now, was=duplicate.state)
    if legal_hold := survivor.legal_hold or duplicate.legal_hold:
        forget.hold(connection, survivor.reference, legal_hold, actor, now)
    for companion in merging.merged_into(connection, duplicate.id):
        contacts.put(connection, companion.id, {"merged_into": survivor.id})
        _note(connection, companion, survivor, EventKind.MERGED, actor, now)
    obey_together(connection, survivor.id)
    return Merge(survivor, duplicate)


def _comes_first(contact: Contact) -> tuple[bool, datetime, datetime, int]:
    """What is open, then what is due first; where nothing is, or alike, what came first."""
    return contact.state != State.OPEN, contact.respond_by or _NEVER, contact.received_at, contact.id


def _refuse(connection: Connection, survivor: Contact, duplicate: Contact, confirmation: str) -> None:
    for contact in (survivor, duplicate):
        if contact.merged_into is not None:
            name = refusals.reference_of(connection, contact.merged_into)
            raise Refused(f"{contact.reference} goes on in {name} already", FIELD, Kind.CONFLICT)
        if contact.forgotten:
            raise Refused(f"the words of {contact.reference} are gone already", FIELD, Kind.CONFLICT)
    if survivor.state != State.OPEN:
        raise Refused("neither of them is open: link them instead", FIELD, Kind.CONFLICT)
    if confirmation != YES and not _of_one_person(connection, survivor, duplicate):
        reason = "they seem to be of different people: say that one answer is enough for both"
        raise Refused(reason, CONFIRMATION)


def _of_one_person(connection: Connection, first: Contact, second: Contact) -> bool:
    """Whether staff or a thread have tied them together, or they have an address or a number in common."""
    if second.id in links.group(connection, first.id):
        return True
    keys = needs.keys_of(connection, [first.id, second.id])
    return bool(keys[first.id] & keys[second.id])


def _carry_danger(connection: Connection, survivor: Contact, duplicate: Contact, missed_at: datetime | None) -> None:
    """Go on calling for the one that goes on, where nobody has taken the other one, or nothing was urgent in it.

    Where a call of the other one had not left yet (`missed_at`), somebody is called at once.
    """
    if duplicate.urgent_at is not None and survivor.urgent_at is None:
        values = {name: getattr(duplicate, name) for name in _URGENT}
        call_at = missed_at or duplicate.urgent_at
        # A call of this contact that was made before is not made again: its number would be the same.
        step = max(survivor.urgent_step, duplicate.urgent_step - (missed_at is not None))
        contacts.put(connection, survivor.id, values | {"urgent_at": call_at, "urgent_step": step})
        clocks.look_again(connection, [survivor.id], call_at)
    elif duplicate.urgent and not survivor.urgent:
        contacts.put(connection, survivor.id, {"urgent": duplicate.urgent, "urgent_words": duplicate.urgent_words})


def unmerge(
    connection: Connection, contact: Contact, partner: Contact | None, actor: str, now: datetime, book: Rulebook
) -> Merge:
    """Part a contact from the one in which it goes on: it stands as before, with the date that it had. Raises Refused.

    `contact` is either of the two; where it is the one that goes on, `partner` says which.
    """
    duplicate = contact if contact.merged_into is not None else partner
    if duplicate is None or duplicate.merged_into is None or contact.id not in (duplicate.id, duplicate.merged_into):
        raise Refused(f"choose a contact that goes on in {contact.reference}", FIELD)
    pair = merging.lock(connection, [duplicate.id, duplicate.merged_into])
    survivor, duplicate = pair[duplicate.merged_into], pair[duplicate.id]
    if duplicate.merged_into != survivor.id:
        raise refusals.collision(duplicate.reference)
    contacts.put(connection, duplicate.id, {"merged_into": None})
    details: Values = {"was": _state_before(connection, duplicate)}
    if details["was"] == State.OPEN:
        history = contacts.clock_events(connection, [duplicate.id]).get(duplicate.id, [])
        after = book.clocks.of(duplicate, history)
        values: Values = columns(duplicate, after, now, book)
        contacts.reopen(connection, duplicate, values | _danger_given_back(survivor, duplicate))
        details |= stand(after)
    _note(connection, duplicate, survivor, EventKind.MERGE_UNDONE, actor, now, **details)
    obey_together(connection, survivor.id, duplicate.id)
    return Merge(survivor, duplicate)


def _danger_given_back(survivor: Contact, duplicate: Contact) -> Values:
    """Let people be called for it again where they are called for its danger; for the one that went on, too."""
    danger = (duplicate.urgent, duplicate.urgent_words)
    if not duplicate.urgent or survivor.urgent_at is None or (survivor.urgent, survivor.urgent_words) != danger:
        return {}
    return {"urgent_at": survivor.urgent_at, "urgent_step": max(survivor.urgent_step, duplicate.urgent_step)}


def _state_before(connection: Connection, duplicate: Contact) -> str:
    events = contacts.events_of(connection, duplicate.id)
    states = [event.details["was"] for event in events if event.kind == EventKind.MERGED and "was" in event.details]
    return str(states[-1]) if states else ""


def _note(
    connection: Connection,
    duplicate: Contact,
    survivor: Contact,
    kind: EventKind,
    actor: str,
    now: datetime,
    **more: str,
) -> None:
    of_duplicate = {"with": survivor.reference, **{name: text for name, text in more.items() if text}}
    of_survivor = {"with": duplicate.reference}
    pairs = ((duplicate, of_duplicate), (survivor, of_survivor))
    contacts.note(connection, [Event(contact.id, now, kind, actor, details) for contact, details in pairs])
