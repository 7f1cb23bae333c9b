"""What a person does on the page of their contact: they add something, no longer need it, or want another link."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.core import closings
from bot.core.contacts import Contact, State
from bot.core.events import SENDER, EventKind
from bot.core.files import File
from bot.core.messages import Inbound, Party
from bot.core.page_sentences import sentence
from bot.flows.changes import close
from bot.flows.changes.close import Closing
from bot.flows.changes.refusals import Refused
from bot.flows.changes.void_links import make_void
from bot.flows.outgoing import alert
from bot.flows.residents import links
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox, staff_answers
from bot.wire import bundles

MOST_CHARACTERS = 10_000
WORDS = "message"
_WROTE_AGAIN = "the person wrote again"


@dataclass(frozen=True, slots=True)
class Addition:
    """What was typed and chosen on the page; `token` is that of the page, which, posted twice, is one message.

    `files` were examined; `is_scanned` is false where no scanner could be asked. `not_kept` says which were dangerous.
    """

    words: str
    token: str = ""
    files: tuple[File, ...] = ()
    is_scanned: bool = True
    not_kept: str = ""


def refuse(words: str) -> None:
    """Raise Refused for words that cannot be added."""
    if not any(character.isprintable() and not character.isspace() for character in words):
        raise Refused(sentence("Write what you want to add."), WORDS)
    if len(words) > MOST_CHARACTERS:
        raise Refused(sentence("Use 10,000 characters or fewer."), WORDS)


def message_of(contact: Contact, channel: str, addition: Addition, book: Rulebook) -> Inbound:
    """What the person adds, as a message by this channel that goes on with their contact."""
    parts = [f"{contact.reference} {addition.words}".encode(), *(file.content for file in addition.files)]
    digest = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
    address = contact.sender_address or ""
    return Inbound(
        channel=channel,
        external_id=f"page:{addition.token}.{digest[:16]}",
        digest=digest,
        sender=Party(address, contact.sender_name) if address else None,
        text=addition.words,
        of=contact.reference,
        unproven=True,
        is_scanned=addition.is_scanned,
        fields={"files_not_kept": addition.not_kept} if addition.not_kept else {},
        raw=bundles.bundle(addition.words, addition.files, digest) if addition.files else b"",
        told_by="us" if _is_by_mail(contact, book) else "at once",  # the page says so
    )


def _is_by_mail(contact: Contact, book: Rulebook) -> bool:
    way = book.ways.get(contact.channel)
    return "@" in (contact.sender_address or "") and way is not None and way.outlet not in book.outgoing.texts


def open_if_withdrawn(connection: Connection, contact: Contact, now: datetime, book: Rulebook) -> None:
    """Open a contact again that its person no longer needed, as they write all the same. Raises Refused."""
    if contact.state == State.CLOSED and contact.responded_at is None and is_withdrawn(connection, contact):
        close.reopen(connection, contact.reference, SENDER, now, book, _WROTE_AGAIN)


def is_withdrawn(connection: Connection, contact: Contact) -> bool:
    """Whether a closed contact was closed because its person no longer needed it."""
    endings = [event for event in contacts.events_of(connection, contact.id) if event.kind == EventKind.CLOSED]
    return bool(endings) and endings[-1].details.get("outcome") == closings.Outcome.WITHDRAWN


def withdraw(connection: Connection, contact: Contact, now: datetime, book: Rulebook) -> None:
    """Close it, as its person no longer needs it, and tell the team; once is enough. Raises Refused."""
    if contact.state == State.CLOSED and is_withdrawn(connection, contact):
        return
    if book.tracking.is_quiet(contact):
        raise Refused(sentence("Please call us about this."))
    if contact.state != State.OPEN:
        raise Refused(sentence("We have finished this already."))
    if staff_answers.under_way(connection, contact.id):
        raise Refused(sentence("Our answer is on its way to you already."))
    close.close(connection, contact.reference, SENDER, now, book, Closing(closings.Outcome.WITHDRAWN))
    key = f"withdrawn:{contact.id}:{now.isoformat()}"
    outbox.queue(connection, alert.notices_about(contact, key, now, book, **_NOTICE))


_NOTICE = {
    "subject": "The person no longer needs an answer",
    "happened": "On the page of their message they said that they no longer need it. It is closed.",
    "action": "You need do nothing. Open it again if it must be dealt with all the same; it opens if they write again.",
}


def renew_link(connection: Connection, contact: Contact, now: datetime, book: Rulebook) -> bool:
    """Let no link open the page any more, and send a new one; whether one could be sent."""
    make_void(connection, contact, SENDER, now)
    delivery = links.link_to(contact, now, book)
    outbox.queue(connection, [delivery] if delivery else [])
    return delivery is not None
