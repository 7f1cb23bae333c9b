"""The board of a process: what teams have set in the console, read anew when it has changed.

A process looks when another tells it, and every few seconds (`loops.refreshing`), and wherever somebody is about to be
called or told, in the transaction that queues it. Each costs one look at a revision; the rest is read only where that
is another.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.core.board import Notices
from bot.flows.rulebook import Rulebook
from bot.store import cursors, duties, improvements, reports, wakeups, wordings
from bot.store.wordings import Sort

_REVISION = "set in the console"


def change(connection: Connection, now: datetime) -> None:
    """Let every process read the board anew: something on it is changed in this transaction.

    To be called before anything is read on which the change depends: of two who change it at the same moment the second
    waits here for the first.
    """
    # Not a count: two that change it at the same moment would count to the same.
    cursors.put(connection, _REVISION, secrets.token_hex(8), now)
    wakeups.notify(connection)


def refresh(connection: Connection, now: datetime, book: Rulebook) -> None:
    """Bring the board up to date."""
    revision = cursors.read(connection, _REVISION) or ""
    if revision != book.outgoing.board.notices.revision:
        book.outgoing.board.notices = read(connection, now, book)


def read(connection: Connection, now: datetime, book: Rulebook) -> Notices:
    """What hangs on the board now."""
    today = book.clocks.today(now)
    templates, services = (
        [wording for wording in wordings.newest(connection, sort) if not wording.withdrawn]
        for sort in (Sort.TEMPLATE, Sort.SERVICE)
    )
    return Notices(
        revision=cursors.read(connection, _REVISION) or "",
        absences=tuple(absence.away for absence in duties.absences_from(connection, today)),
        # A night that began yesterday is not over.
        shifts=tuple(duty.shift for duty in duties.duties_from(connection, today - timedelta(days=1))),
        templates={(wording.name, wording.language): (wording.subject, wording.words) for wording in templates},
        services={wording.name: (wording.words, wording.subject) for wording in services},
        has_improvements=improvements.newest_day(connection) is not None,
        has_reports=reports.has_approved(connection),
    )
