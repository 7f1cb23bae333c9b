"""The erasure of a person from everything that the store has of them (UK GDPR, article 17)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.core.contacts import Contact, State
from bot.core.events import Event, EventKind
from bot.flows.people import shunted
from bot.flows.people.identities import key_of
from bot.store import contacts, merging, needs, outbox, retention, shunt, staff_answers, tokens, views

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
# In one statement, which takes a bounded number of values.
STRIP_AT_ONCE = 200
_NAMED = "it names the address, and somebody must read it: ackbot shunted raw, then replay or drop"


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
    of messages become what `names_key` makes of them. Raises Refused.
    """
    address = key_of(connection, address)
    of_person = retention.of_person(connection, address, is_locked=True)
    names = {contact.sender_name for contact in of_person if contact.sender_key == address}
    reasons = _reasons(connection, of_person)
    exceptions = tuple((contact.reference, reason) for contact, reason in reasons if reason)
    erased = [contact for contact, reason in reasons if not reason]
    _strip(connection, erased, address, names_key)
    contacts.note(connection, [Event(contact.id, now, EventKind.ERASED, actor) for contact in erased])
    if not exceptions:
        needs.drop(connection, [address])
    references = [contact.reference for contact in erased]
    retention.strip_notices_naming(connection, address)
    tokens.drop_answers_with(connection, [address, *references])
    dropped_count, naming = _drop_shunted(connection, address)
    return Erasure(
        erased=tuple(references),
        exceptions=exceptions + naming,
        views=views.drop_naming(connection, [address], names),
        shunted=dropped_count,
    )


def _strip(connection: Connection, erased: Sequence[Contact], address: str, names_key: bytes) -> None:
    own = [contact.id for contact in erased if contact.sender_key == address]
    for contact_id in own:
        outbox.cancel_waiting(connection, contact_id)
        staff_answers.cancel(connection, contact_id)
    # Together, as whoever wrote a thousand times would hold up everything else that is written.
    for first in range(0, len(own), STRIP_AT_ONCE):
        retention.strip(connection, own[first : first + STRIP_AT_ONCE], names_key)
    for contact in erased:
        if contact.sender_key != address:
            retention.strip_written_by(connection, contact.id, address, names_key)


def _drop_shunted(connection: Connection, address: str) -> tuple[int, tuple[tuple[str, str], ...]]:
    """Delete what this address wrote and nobody could log; return how many, and why others that name it are kept."""
    own, naming = shunted.of_person(connection, address)
    for message in own:
        shunt.drop(connection, message.id)
    return len(own), tuple((f"shunted message {number}", _NAMED) for number in naming)


def _reasons(connection: Connection, of_person: Sequence[Contact]) -> list[tuple[Contact, str]]:
    """Each contact with why its words stay; "" where they go."""
    survivors = merging.survivors(connection, of_person)
    return [(contact, _why_kept(contact, survivors.get(contact.id))) for contact in of_person]


def _why_kept(contact: Contact, survivor: Contact | None) -> str:
    """Why its words stay; `survivor` is the contact in which it goes on."""
    if contact.legal_hold:
        return f"it is under a legal hold: {contact.legal_hold}"
    if contact.state == State.OPEN:
        return "it is not answered yet"
    reason = _why_kept(survivor, None) if survivor else ""
    return f"it goes on in {survivor.reference}: {reason}" if survivor and reason else ""
