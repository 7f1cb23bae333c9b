"""What becomes of a file that a platform keeps: it is kept with its message here, too, or staff read why not."""

from datetime import datetime

from sqlalchemy import Connection

from bot.core import remote_files as rules
from bot.core.contacts import State as Standing
from bot.core.events import Event, EventKind
from bot.core.files import File
from bot.core.remote_files import State
from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook
from bot.store import contacts, merging, outbox, remote_files, scans
from bot.store.remote_files import Waiting
from bot.wire.bundles import with_file


def keep(connection: Connection, waiting: Waiting, file: File, now: datetime, *, is_scanned: bool = True) -> None:
    """Keep the file with its message, unless that is forgotten, or its writer has taken it back meanwhile.

    `is_scanned`: nobody opens the files of the message before the scanner has looked into all of them.
    """
    raw = remote_files.raw_of(connection, waiting)
    if raw is None:
        remote_files.drop_forgotten(connection)
        return
    size = len(file.content)
    if remote_files.size_of_contact(connection, waiting.contact_id) + size > rules.MOST_BYTES_OF_CONTACT:
        refuse(connection, waiting, rules.TOO_MUCH, now)
        return
    files = remote_files.of_messages(connection, [waiting.message_id])[waiting.message_id]
    name = rules.free_name(file.name, [entry.name for entry in files if entry.state is State.KEPT])
    remote_files.put_raw(connection, waiting.message_id, with_file(raw, File(name, file.content)))
    remote_files.settle(connection, waiting, name, size)
    if not is_scanned:
        scans.await_scanner(connection, [waiting.message_id], now)


def refuse(connection: Connection, waiting: Waiting, reason: str, now: datetime) -> None:
    """Do not keep the file; the platform still has it, and the page of the contact says why."""
    if remote_files.give_up(connection, waiting, State.REFUSED, reason):
        _note(connection, waiting, reason, now)


def lose(connection: Connection, waiting: Waiting, reason: str, now: datetime, book: Rulebook) -> None:
    """Give the file up: it is not asked for again, and the team of an open contact hears of what its person sent."""
    if not remote_files.give_up(connection, waiting, State.LOST, reason):
        return
    _note(connection, waiting, reason, now)
    contact = contacts.with_id(connection, [waiting.contact_id])[waiting.contact_id]
    contact = merging.survivors(connection, [contact]).get(contact.id, contact)
    if contact.state != Standing.OPEN or not waiting.is_by_person:
        return
    words = {
        "subject": f"A file of {contact.reference} could not be fetched",
        "happened": f"The person sent a file on the channel {waiting.channel}, and it is not here: {reason}. "
        "There may be others like it on this channel.",
        "action": "Look at it on the platform, or ask the person to send it again.",
        "page": f"contacts/{contact.reference}",
    }
    # One a day and channel: what keeps one file from us often keeps all of them.
    key = f"file-lost:{waiting.channel}:{book.clocks.today(now).isoformat()}"
    outbox.queue(connection, alert.notices(contact.team, key, now, book, **words))


def put_off(connection: Connection, waiting: Waiting, reason: str, now: datetime, book: Rulebook) -> None:
    """Ask for the file again later, or give it up where that was tried for long enough."""
    at = rules.again_at(waiting.attempts, waiting.since, now)
    if at is None:
        lose(connection, waiting, reason, now, book)
    else:
        remote_files.put_off(connection, waiting, reason, at)


def _note(connection: Connection, waiting: Waiting, reason: str, now: datetime) -> None:
    details = {"not_kept": waiting.file.kind, "reason": reason}
    contacts.note(connection, [Event(waiting.contact_id, now, EventKind.FILE_NOT_KEPT, details=details)])
