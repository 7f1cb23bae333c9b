"""Staff answer from here: what they type leaves through the outbox, and stops the clock when it has left."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from sqlalchemy import Connection

from bot.core import acknowledgements, answers, files, postal
from bot.core.answers import MOST_CHARACTERS, UNDO, Kind
from bot.core.contacts import Contact, State
from bot.core.deliveries import OUT, Delivery, NewDelivery, Purpose
from bot.core.deliveries import State as Leaving
from bot.core.events import Event, EventKind
from bot.core.files import File
from bot.core.messages import StoredMessage
from bot.flows import wordings
from bot.flows.changes import refusals
from bot.flows.changes.answer_routes import POST, PUBLIC, Route, routes
from bot.flows.changes.refusals import Refused
from bot.flows.rulebook import Rulebook
from bot.store import contacts, merging, outbox, staff_answers, suppressions
from bot.wire.mail import attached, mime

__all__ = ["Answer", "Route", "UnderWay", "answer", "routes", "under_way", "undo"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an officer draft: `kind` is `full` or `holding`, `channel` the name of a route ("": where the person wrote).

    `subject` is that of a mail ("": the person's own). `name` is the author's, as the person reads it. `address` is
    where a letter is posted to, in lines.
    """

    kind: str
    words: str
    subject: str = ""
    channel: str = ""
    name: str = ""
    files: tuple[File, ...] = ()
    address: str = ""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """An answer that has not left yet: by which route, who wrote it, when it is tried next (None: it is held).

    `is_by_hand`: it waits for staff to send it. `can_be_taken_back`: nothing of it has left.
    """

    number: int
    answer: Answer
    route: str
    actor: str
    next_attempt_at: datetime | None
    is_by_hand: bool
    can_be_taken_back: bool


def answer(
    connection: Connection, reference: str, draft: Answer, actor: str, now: datetime, book: Rulebook
) -> UnderWay:
    """Queue an answer to the person; it leaves in ten seconds, unless it is taken back. Raises Refused."""
    number = refusals.contact_of(connection, reference).id
    # Whoever closes or merges it at this moment is waited for.
    contact = merging.lock(connection, [number])[number]
    refusals.refuse_merged(connection, contact)
    if contact.state == State.LOGGED:
        raise Refused(f"{reference} is logged, and nothing is owed to anybody: acknowledge it first")
    if contact.state == State.CLOSED:
        raise Refused(f"{reference} is closed: open it again first")
    draft = _checked(draft)
    if gap := wordings.gap_in(connection, contact.team, draft.words, book):
        raise Refused(f"put words of your own in place of {gap}: a saved answer leaves them to you", "words")
    route = _chosen(contact, draft, book, now)
    if route.name == "text" and suppressions.is_suppressed(connection, route.recipient, now):
        raise Refused("no text message goes to this number: its owner asked for none, or none arrives", "channel")
    draft = replace(draft, files=_checked_files(draft.files, route, book))
    if staff_answers.under_way(connection, contact.id):
        raise Refused("another answer has not left yet; wait for it, or take it back")
    waiting = _queue(connection, contact, draft, route, actor, now, book)
    details = {"kind": draft.kind, "route": route.name, "files": len(draft.files)}
    _note(connection, contact, EventKind.ANSWER_WRITTEN, details, actor, now)
    return _view(*waiting)


def undo(connection: Connection, reference: str, actor: str, now: datetime) -> Answer:
    """Take the answer back that has not left yet; returns what was draft. Raises Refused where it is too late."""
    contact = refusals.contact_of(connection, reference)
    pair = staff_answers.under_way(connection, contact.id)
    if pair is None:
        raise Refused("no answer waits: it has left, or was taken back")
    delivery, _ = pair
    if not staff_answers.take_back(connection, delivery.id):
        raise Refused("it is too late to take it back: it leaves at this moment, or may have left")
    draft = _draft_of(delivery.details, staff_answers.files_of(connection, delivery.id))
    _note(connection, contact, EventKind.ANSWER_TAKEN_BACK, {"kind": draft.kind}, actor, now)
    return draft


def under_way(connection: Connection, contact_id: int) -> UnderWay | None:
    """The answer of this contact that has not left yet; None where there is none."""
    pair = staff_answers.under_way(connection, contact_id)
    return _view(*pair) if pair else None


def _checked(draft: Answer) -> Answer:
    """The answer without spaces around its words. Raises Refused."""
    if draft.kind not in tuple(Kind):
        raise Refused("choose whether it is a full answer or a holding reply", "kind")
    words = refusals.short_text(draft.words.replace("\r\n", "\n"), "words", MOST_CHARACTERS)
    if not words:
        raise Refused("write the answer", "words")
    subject = refusals.short_text(" ".join(draft.subject.split()), "subject", 200)
    name = refusals.short_text(" ".join(draft.name.split()), "by", 100)
    return replace(draft, words=words, subject=subject, name=name)


def _chosen(contact: Contact, draft: Answer, book: Rulebook, now: datetime) -> Route:
    """The route by which it leaves. Raises Refused."""
    ways_out = routes(contact, book, now)
    if draft.channel:
        route = next((route for route in ways_out if route.name == draft.channel), None)
        if route is None:
            names = ", ".join(route.name for route in ways_out)
            raise Refused(f"this person can be answered by: {names}", "channel")
    else:
        route = ways_out[0]
        if route.name == PUBLIC:
            raise Refused(
                "it was written in public: say that everybody may read the answer, or choose another way", "channel"
            )
    if route.why_not:
        raise Refused(route.why_not, "channel")
    if route.name == POST:
        route = replace(route, recipient=postal.address(draft.address))
        if no_address := postal.why_not(route.recipient):
            raise Refused(no_address, "address")
    if route.longest and (too_long := route.longest.why_not(draft.words)):
        raise Refused(too_long, "words")
    return route


def _checked_files(uploads: Sequence[File], route: Route, book: Rulebook) -> tuple[File, ...]:
    """The files under names that are safe to show. Raises Refused."""
    safe_files = tuple(File(_short(attached.harmless(file.name)), file.content) for file in uploads)
    if safe_files and not route.carries_files:
        raise Refused("files can only be sent by email", "files")
    if reason := files.why_not(safe_files, book.outgoing.answering.most_bytes):
        raise Refused(reason, "files")
    return safe_files


def _short(name: str) -> str:
    """A name as long as a line of a header takes, however it is encoded (RFC 5322 section 2.1.1)."""
    stem, dot, suffix = name.rpartition(".")
    return f"{stem[:50]}{dot}{suffix[:10]}" if stem else name[:60]


def _queue(
    connection: Connection, contact: Contact, draft: Answer, route: Route, actor: str, now: datetime, book: Rulebook
) -> tuple[Delivery, datetime | None]:
    before = staff_answers.of_contact(connection, contact.id)
    outlet = route.outlet
    new = NewDelivery(
        key=f"{contact.id}:answer:{len(before) + 1}",
        contact_id=contact.id,
        purpose=Purpose.ANSWER,
        channel=outlet,
        recipient=route.recipient,
        # Fixed for every attempt, so that a repeat is recognised; random, so that nobody can name it unseen.
        message_id=f"<answer.{contact.reference.lower()}.{secrets.token_hex(6)}@{book.outgoing.domain(outlet)}>",
        created_at=now,
        next_attempt_at=now + UNDO,
        details=_details(connection, contact, draft, route, book) | {"by": actor},
    )
    outbox.queue(connection, [new])
    pair = staff_answers.under_way(connection, contact.id)
    if pair is None or pair[0].message_id != new.message_id:
        raise refusals.collision(contact.reference)  # somebody else answered at this moment, under the same key
    staff_answers.add_files(connection, pair[0].id, draft.files)
    return pair


def _details(connection: Connection, contact: Contact, draft: Answer, route: Route, book: Rulebook) -> dict[str, Any]:
    """What the message is written from when it leaves."""
    details: dict[str, Any] = {"kind": draft.kind, "words": draft.words, "route": route.name, "name": draft.name}
    if route.outlet in book.outgoing.texts:
        place = {"conversation": contact.conversation or "", "in_reply_to": _newest_post(connection, contact)}
        return details | place | {"public": route.name == PUBLIC}
    details["subject"] = draft.subject
    if route.name not in ("mail", POST):
        return details
    organisation = parseaddr(book.outgoing.senders.get(route.outlet, ""))[0]
    details["subject"] = answers.subject_of(draft.subject, contact.subject, contact.reference)
    details["signature"] = answers.signature(draft.name, contact.team or "", organisation)
    if route.name == POST:
        return details
    parent, ancestors = _thread(connection, contact, book)
    reply_to = book.reply_address(contact.channel, contact.reference)
    return details | {"reply_to": reply_to, "in_reply_to": parent, "references": list(ancestors)}


def _of_person(connection: Connection, contact: Contact) -> list[StoredMessage]:
    """What the person wrote, the newest first."""
    arrived = contacts.messages_of(connection, contact.id)
    return [message for message in reversed(arrived) if message.written_by == "sender"]


def _newest_post(connection: Connection, contact: Contact) -> str:
    """The platform's name of what the person said last; what they changed later has a name with a space."""
    names = (message.external_id for message in _of_person(connection, contact))
    return next((name for name in names if " " not in name), contact.external_id)


def _thread(connection: Connection, contact: Contact, book: Rulebook) -> tuple[str, tuple[str, ...]]:
    """In-Reply-To and References: the person's newest mail, else our acknowledgement, which they have had."""
    raws = contacts.raw_by_message(connection, contact.id)
    for message in _of_person(connection, contact):
        mail = mime.read(raws.get(message.id, b""), channel=contact.channel, received_at=message.received_at).mail
        if mail is not None and mail.message_id:
            return acknowledgements.threading(mail)
    receipt = outbox.acknowledgements_of(connection, [contact.id]).get(contact.id)
    if receipt is None or receipt.state not in OUT or receipt.channel in book.outgoing.words:
        return "", ()
    return receipt.message_id, (*receipt.details.get("references", ()), receipt.message_id)


def _draft_of(details: Mapping[str, Any], uploads: tuple[File, ...] = ()) -> Answer:
    """What was draft, from what is stored of it."""
    kind, words, subject, name, route = (details.get(key, "") for key in ("kind", "words", "subject", "name", "route"))
    return Answer(kind, words, subject, route, name, uploads)


def _view(delivery: Delivery, next_attempt_at: datetime | None) -> UnderWay:
    is_fresh = delivery.state is Leaving.CREATED and delivery.attempts == 0
    is_refused = delivery.state is Leaving.TEMPORARY_FAILURE and delivery.hand_overs == 0
    return UnderWay(
        number=delivery.id,
        answer=_draft_of(delivery.details),
        route=delivery.details.get("route", ""),
        actor=delivery.details.get("by", ""),
        next_attempt_at=next_attempt_at,
        is_by_hand=delivery.channel in answers.BY_HAND,
        can_be_taken_back=is_fresh or is_refused,
    )


def _note(
    connection: Connection, contact: Contact, kind: EventKind, details: Mapping[str, Any], actor: str, now: datetime
) -> None:
    values = {key: value for key, value in details.items() if value}
    contacts.note(connection, [Event(contact.id, now, kind, actor, values)])
