"""The reply box of a contact's page: what is typed, by which ways it can leave, and what surrounds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from sqlalchemy import Connection

from bot.core import answers, links_out
from bot.core.answers import Kind
from bot.core.contacts import Contact
from bot.core.files import megabytes
from bot.flows import wordings
from bot.flows.changes import answer, needs
from bot.flows.changes.answer import Route
from bot.flows.changes.answer_routes import PUBLIC
from bot.flows.desk import drafting
from bot.flows.desk.actions import ACTIONS
from bot.flows.desk.drafting import Pen
from bot.flows.desk.orders import visible
from bot.flows.rulebook import NO_WAY, Rulebook
from bot.flows.staffing import Visitor
from bot.render.answers import SavedAnswer
from bot.store import drafts
from bot.store.drafts import Draft, DraftFile
from bot.web.console import flash, lists
from bot.web.console.opening import Opening

# The name in an address under which the next page says whose answer leaves.
ANSWERED = "answered"
ACTION = "answer"


@dataclass(frozen=True, slots=True)
class Box:
    """What stands in the box, and around it. `route` is the way that is chosen, "" where the officer must choose.

    `subject` is that of a mail as it leaves unless another is typed, `signature` what stands below the words of one.
    """

    draft: Draft
    files: list[DraftFile]
    routes: tuple[Route, ...]
    route: str
    kind: str
    subject: str
    signature: list[str]
    saved_answers: tuple[SavedAnswer, ...]
    most_files: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What became of the answer that was sent on the page before."""

    reference: str
    sentence: str
    can_be_taken_back: bool
    list_query: str


def context(opening: Opening) -> Mapping[str, Any]:
    """The box, where the visitor may answer; the answer that waits; who else is writing; links to other programs."""
    contact, book, visitor = opening.view.contact, opening.book, opening.guest.visitor
    pen = Pen.of(contact, visitor)
    zone = book.clocks.default_calendar.zone
    return {
        "box": _box(opening, pen),
        "waiting": opening.view.answer,
        "writing": drafting.colleagues(opening.connection, pen, zone, opening.now),
        "mail_link": mail_link(contact, book),
        "telephone_link": links_out.telephone(needs.person_of(opening.connection, contact).get("phone", "")),
        "answered": notice(opening.connection, opening.query, visitor, opening.now, book),
    }


def mail_link(contact: Contact, book: Rulebook) -> str:
    """The link that opens a mail to the person in the officer's own program; "" where they have no address.

    The copy is how we see what is sent there (docs/mail.md).
    """
    address = contact.sender_address or ""
    if "@" not in address[1:] or " " in address:
        return ""
    subject = answers.subject_of("", contact.subject, contact.reference)
    return links_out.mail(address, subject, book.ways.get(contact.channel, NO_WAY).address)


def notice(
    connection: Connection, query: Mapping[str, str], visitor: Visitor, now: datetime, book: Rulebook
) -> Notice | None:
    """What the page that an answer led to says of it, by the query of its address; None where no answer did."""
    reference = flash.words_in(query.get(ANSWERED, ""), visitor.session, book.secret, now)
    contact = visible(connection, reference, visitor, book) if reference else None
    if contact is None:
        return None
    waiting = answer.under_way(connection, contact.id)
    if waiting is None:
        words = f"Your answer to {contact.reference} is on its way."
    elif waiting.is_by_hand:
        words = f"Your words for {contact.reference} are kept. Say there when they are posted, or when you have rung."
    else:
        words = f"Your answer to {contact.reference} leaves in ten seconds."
    can_be_taken_back = waiting is not None and waiting.can_be_taken_back
    return Notice(contact.reference, words, can_be_taken_back, query.get(lists.NAME, ""))


def _box(opening: Opening, pen: Pen) -> Box | None:
    """None where the contact cannot be answered, or the visitor may not."""
    if ACTION not in opening.view.offers or not opening.guest.may(ACTIONS[ACTION].may):
        return None
    connection, contact, book = opening.connection, opening.view.contact, opening.book
    routes = answer.routes(contact, book, opening.now)
    draft = drafts.of(connection, contact.id, pen.owner) or Draft(contact.id, pen.owner, "")
    usual = next((route.name for route in routes if not route.why_not), "")
    # What everybody can read is chosen by the officer, never by us.
    route = draft.way or ("" if usual == PUBLIC else usual)
    return Box(
        draft=draft,
        files=drafts.files_of(connection, contact.id, pen.owner),
        routes=routes,
        route=route,
        kind=draft.kind or Kind.FULL.value,
        subject=answers.subject_of("", contact.subject, contact.reference),
        signature=_signature(contact, routes, pen, book),
        saved_answers=wordings.in_language_first(
            wordings.saved_answers(connection, contact.team, book), contact.wished_language
        ),
        most_files=megabytes(book.outgoing.answering.most_bytes),
    )


def _signature(contact: Contact, routes: tuple[Route, ...], pen: Pen, book: Rulebook) -> list[str]:
    """The lines below the words of a mail; none where no mail can be sent."""
    outlet = next((route.outlet for route in routes if route.name == "mail"), "")
    organisation = parseaddr(book.outgoing.senders.get(outlet, ""))[0]
    return answers.signature(pen.name, contact.team or "", organisation).splitlines() if outlet else []
