"""The erasure of a person from everything that the store has of them (UK GDPR, article 17)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.core.contacts import Contact, State
from bot.core.events import Event, EventKind
from bot.flows.people.identities import key_of
from bot.store import contacts, needs, outbox, retention, shunt, tokens, views
from bot.wire.mail import mime

# What no command of ours reaches; whoever erases somebody has to think of it.
BEYOND_REACH = (
    "back-ups and copies of the store, until they are deleted in their turn",
    "the mailboxes themselves, their folders of sent mail and of deleted mail",
    "the logs and queues of mail servers, proxies and outgoing services",
    "what was sent: the person's own mailbox, and the mailboxes, phones and chat rooms of staff who were alerted",
    "programs that follow events or call the API, and files that staff have saved (CSV, mail, exports)",
    "the platforms on which the person wrote",
    "the list of addresses that get no automatic mail: one whose mail came back stays on it for 30 days",
)


@dataclass(frozen=True, slots=True)
class Erasure:
    """References whose words are gone, and those that are kept, each with the reason.

    `views` and `shunted` count saved lists that named the person, and messages of theirs that could not be logged.
    """

    erased: tuple[str, ...]
    exceptions: tuple[tuple[str, str], ...]
    views: int = 0
    shunted: int = 0


def erase(connection: Connection, address: str, actor: str, now: datetime, names_key: bytes) -> Erasure:
    """Take the words and the person out of every contact of this address that is finished and under no legal hold.

    Where somebody else began the contact, only out of what this address wrote. Dates, decisions and history stay; names
    of messages become what `names_key` makes of them.
    """
    address = key_of(connection, address)
    of_person = retention.of_person(connection, address)
    names = {contact.sender_name for contact in of_person if contact.sender_key == address}
    exceptions = tuple((contact.reference, reason) for contact in of_person if (reason := _why_kept(contact)))
    erased = [contact for contact in of_person if not _why_kept(contact)]
    for contact in erased:
        if contact.sender_key == address:
            outbox.cancel_waiting(connection, contact.id)
            retention.strip(connection, [contact.id], names_key)
        else:
            retention.strip_written_by(connection, contact.id, address, names_key)
    contacts.note(connection, [Event(contact.id, now, EventKind.ERASED, actor) for contact in erased])
    if not exceptions:
        needs.drop(connection, [address])
    references = [contact.reference for contact in erased]
    tokens.drop_answers_with(connection, [address, *references])
    shunted, about = _drop_shunted(connection, address)
    return Erasure(
        erased=tuple(references),
        exceptions=(*exceptions, *about),
        views=views.drop_naming(connection, [address], names),
        shunted=shunted,
    )


def _why_kept(contact: Contact) -> str:
    if contact.legal_hold:
        return f"it is under a legal hold: {contact.legal_hold}"
    return "it is not answered yet" if contact.state == State.OPEN else ""


def _drop_shunted(connection: Connection, address: str) -> tuple[int, list[tuple[str, str]]]:
    """Delete what this address wrote and the code could not log; return how many, and what else names the address."""
    numbers = shunt.naming(connection, address.removeprefix("tel:"))
    written = [number for number in numbers if _wrote(connection, number, address)]
    for number in written:
        shunt.drop(connection, number)
    reason = "it names the address, and somebody must read it: ackbot shunted raw, then replay or drop"
    return len(written), [(f"shunted message {number}", reason) for number in numbers if number not in written]


def _wrote(connection: Connection, number: int, address: str) -> bool:
    message = shunt.find(connection, number)
    sender = mime.read(message.raw, channel=message.channel, received_at=message.at).sender if message else None
    return sender is not None and sender.address.lower() == address
