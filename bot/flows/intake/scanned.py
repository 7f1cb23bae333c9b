"""Files that were taken while no scanner could be asked: what it finds later is taken away, and staff read of it."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from bot.core.events import Event, EventKind
from bot.core.remote_files import danger
from bot.store import contacts, remote_files, scans
from bot.store.scans import Waiting
from bot.wire.bundles import bundle, files_of, words_of


def settle(connection: Connection, waiting: Waiting, dangers: Mapping[str, str], now: datetime) -> None:
    """Let the files be opened but those that are a danger, which are not kept: name -> what was found.

    Where one more file has been fetched from a platform meanwhile, all of them wait for the next look.
    """
    for name, finding in dangers.items():
        remote_files.refuse(connection, waiting.message_id, name, danger(finding))
    if not scans.is_current(connection, waiting):
        return
    raw = waiting.raw
    if dangers:
        words = words_of(raw)
        files = [file for file in files_of(raw) if file.name not in dangers]
        raw = bundle(words, files, hashlib.sha256(words.encode()).hexdigest())
    scans.settle(connection, waiting.message_id, raw)
    details = {"not_kept": "; ".join(f"{name} ({finding})" for name, finding in dangers.items())} if dangers else {}
    contacts.note(connection, [Event(waiting.contact_id, now, EventKind.FILES_SCANNED, details=details)])
