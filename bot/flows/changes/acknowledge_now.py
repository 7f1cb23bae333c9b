"""Staff decide that somebody gets a receipt after all: the promise runs from when they wrote."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.core import acknowledgements
from bot.core.books import Matter
from bot.core.contacts import Contact, State
from bot.core.deliveries import OUT, WAITING, Delivery, Purpose
from bot.core.deliveries import State as Leaving
from bot.core.events import Event, EventKind
from bot.flows.changes import refusals
from bot.flows.changes.first_message import first_message
from bot.flows.changes.refusals import Refused
from bot.flows.outgoing import compose
from bot.flows.outgoing.deliver import DECIDED
from bot.flows.rulebook import Rulebook
from bot.store import contacts, holds, outbox

Values = dict[str, Any]


def acknowledge_now(connection: Connection, reference: str, to: str, actor: str, now: datetime, book: Rulebook) -> None:
    """Queue the receipt of a contact that had none; `to` ("": its sender's) is where it goes. Raises Refused."""
    contact, to = refusals.contact_of(connection, reference), refusals.short_text(to, "to")
    refusals.refuse_merged(connection, contact)
    details: Values = {"reason": "staff decided so"}
    if not holds.release(connection, now, contact.id):
        details |= _queue(connection, contact, to or contact.sender_address or "", now, book)
    contacts.note(connection, [Event(contact.id, now, EventKind.RECEIPT_DECIDED_ON, actor, details)])


def _queue(connection: Connection, contact: Contact, address: str, now: datetime, book: Rulebook) -> Values:
    """Queue it, and let a contact that was only logged open with its promise; return what changed of it."""
    before = [d for d in outbox.of_contact(connection, contact.id) if d.purpose == Purpose.ACKNOWLEDGEMENT]
    if reason := why_never(contact, before, book):
        raise Refused(reason)
    if reason := _why_not_to(contact, address, book):
        raise Refused(reason, "to")

    columns = _columns(contact, book) if contact.state == State.LOGGED else {}
    values = columns | {"outcome": "acknowledge", "receipt_of": None}
    if columns:
        contacts.reopen(connection, contact, values | {"next_look_at": now})
    else:
        contacts.put(connection, contact.id, values)
    receipt = compose.receipt(first_message(connection, contact, book), address, contact, now, book)
    again = f":{len(before) + 1}" if before else ""
    # Where staff have written themselves, a receipt is not owed any more, but wanted all the same.
    decided = {DECIDED: True} if contact.acknowledged_at else {}
    outbox.queue(connection, [replace(receipt, key=receipt.key + again, details={**receipt.details, **decided})])
    turn = {"was": contact.state, "outcome": "acknowledge", "outcome_before": contact.outcome}
    return turn | _receipt_before(contact) | _promise(columns)


def _receipt_before(contact: Contact) -> Values:
    """What told the person until now that we have it: the figures go on counting what became of that by then."""
    at = contact.receipt_sent_at
    pairs = {"receipt_of_before": contact.receipt_of, "receipt_sent_at_before": at.isoformat() if at else None}
    return {name: value for name, value in pairs.items() if value}


def _promise(columns: Values) -> dict[str, str]:
    """What the event says of the promise with which a contact opens; nothing of one that was open."""
    if not columns:
        return {}
    dates = {name: columns[name].isoformat() for name in ("acknowledge_by", "respond_by") if columns[name]}
    return {"standard": f"{columns['standard']} {columns['standard_version']}", **dates}


def why_never(contact: Contact, before: Sequence[Delivery], book: Rulebook) -> str:
    """Why it can get no receipt now, wherever it would go; "" if it can. `before` are its receipts until now."""
    way = book.ways.get(contact.channel)
    if any(d.state in (*WAITING, Leaving.SENDING, *OUT) for d in before):
        return f"{contact.reference} has its receipt already, or it is about to leave"
    if contact.state not in (State.LOGGED, State.OPEN):
        return f"{contact.reference} is {contact.state}"
    if contact.forgotten:
        return "its words are gone, and who wrote them is not known any more"
    if way is None or (way.outlet is None and way.texts_outlet is None):
        return f"nothing can be sent to people who write by {contact.channel}"
    return ""


def _why_not_to(contact: Contact, address: str, book: Rulebook) -> str:
    """Why a receipt cannot go to this address; "" if it can."""
    if not address:
        return "no address of the person is known: enter one"
    if book.ways[contact.channel].outlet_to(address) is None:
        return "no text message can be sent from here: enter an email address"
    if acknowledgements.is_own(address, book.intake.own):
        return "that address is one of our own"
    return ""


def _columns(contact: Contact, book: Rulebook) -> Values:
    matter = Matter(book.medium_of(contact), contact.service or "", contact.kind, contact.area, contact.visibility)
    row = book.clocks.opening(contact.received_at, matter)
    return row | {"first_acknowledge_by": row["acknowledge_by"], "first_respond_by": row["respond_by"]}
