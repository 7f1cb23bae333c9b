"""What the page of thanks says: the same as the receipt, in the language of the page, and what comes by which way."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from aiohttp import web
from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.core.messages import Inbound
from bot.core.needs import BY_STAFF, Need, of_column
from bot.flows import promise_words
from bot.flows.promise_words import PromiseWords
from bot.flows.rulebook import Rulebook
from bot.store import contacts, holds
from bot.web.public.languages import render
from bot.web.public.uploads import Findings

Comes = Literal["now", "later", "perhaps", ""]


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What is known of a contact once it is committed.

    `words` are those of its receipt. `comes` says when a receipt does: `now`, `later` when staff let it leave, or
    `perhaps` where they decide, "" for never; `is_text`: as a text message. `urgent` is what to do at once, where
    somebody may be in danger.
    """

    words: PromiseWords
    comes: Comes
    is_text: bool
    urgent: str = ""


def read(connection: Connection, reference: str, book: Rulebook, now: datetime, language: str) -> Confirmation | None:
    """Return what the person is told of this contact; None where there is none."""
    contact = contacts.find(connection, reference)
    if contact is None:
        return None
    urgency = book.intake.urgency(contact)
    return Confirmation(
        words=promise_words.of(contact, book, now, language),
        comes=_comes(contact, book, is_held=bool(holds.among(connection, [contact.id]))),
        is_text=(contact.sender_address or "").startswith("tel:"),
        urgent=urgency.advice if urgency else "",
    )


def _comes(contact: Contact, book: Rulebook, *, is_held: bool) -> Comes:
    address, way = contact.sender_address or "", book.ways.get(contact.channel)
    can_be_told = "@" in address or (way is not None and way.outlet_to(address) is not None and bool(address))
    if not can_be_told or contact.outcome not in ("acknowledge", "ask"):
        return ""
    if contact.outcome == "ask":
        return "perhaps"
    return "later" if is_held else "now"


def page(request: web.Request, confirmation: Confirmation, message: Inbound, findings: Findings) -> web.Response:
    """Return the page of thanks for this message."""
    needs = of_column(message.fields.get("needs", ""))
    context: Mapping[str, object] = {
        "filed": confirmation,
        "spelled": " ".join(c for c in confirmation.words.reference if c.isalnum()),
        "answers": message.fields,
        "needs": needs,
        "by_staff": [need for need in needs if need in (*BY_STAFF, Need.BSL, Need.CALL, Need.TIME)],
        "findings": findings,
    }
    return render(request, "pages/received.html", context)
