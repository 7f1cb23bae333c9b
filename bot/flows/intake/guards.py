"""What follows where receipts are kept back: staff hear of all of them at once, and the breaker stops what waits."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.core.acknowledgements import DAY
from bot.core.rules import GUARDS
from bot.flows.intake.consequences import ReceiptsKeptBack, ReceiptsStopped
from bot.flows.outgoing import alert
from bot.flows.outgoing.release import BREAKER, KEPT_BACK
from bot.flows.rulebook import Rulebook
from bot.store import cursors, holds, known, outbox

# For so long the alert waits, so that it counts what comes at once; what comes later that day needs no other.
GATHER = timedelta(minutes=1)


def follow(connection: Connection, change: ReceiptsStopped | ReceiptsKeptBack, now: datetime, book: Rulebook) -> None:
    """Do what follows from one of these two changes."""
    if isinstance(change, ReceiptsStopped):
        _stop(connection, now, book)
    else:
        _tell(connection, change.team, now, book)


def _tell(connection: Connection, team: str | None, now: datetime, book: Rulebook) -> None:
    """Tell the team, in one alert, how many receipts wait for staff and how to let them leave.

    It is told again for what comes after a day, or after staff have let receipts leave.
    """
    began_at = _began_at(connection, team, now)
    if now - began_at > GATHER:
        return
    held_count = holds.count(connection)
    undecided_count = sum(known.by_rule(connection, GUARDS, began_at).values())
    rows = alert.notices(team, f"kept-back:{began_at.isoformat()}", now, book, **_words(held_count, undecided_count))
    holds.renew(connection, [replace(row, next_attempt_at=began_at + GATHER) for row in rows])


def _began_at(connection: Connection, team: str | None, now: datetime) -> datetime:
    """Return since when receipts of this team are kept back; no team hears of the alert of another."""
    name = f"{KEPT_BACK}{team or ''}"
    value = cursors.read(connection, name)
    if value is not None and now - (began_at := datetime.fromisoformat(value)) < DAY:
        return began_at
    cursors.put(connection, name, now.isoformat(), now)
    return now


def _words(held_count: int, undecided_count: int) -> dict[str, str]:
    receipts = "it" if held_count == 1 else "them"
    holding = f"{_receipts(held_count)} held until you let {receipts} leave." if held_count else ""
    asking = f"{_contacts(undecided_count)} no receipt until you decide." if undecided_count else ""
    return {
        "subject": f"Receipts wait for you: {held_count + undecided_count}",
        "happened": "More was written at once than receipts are sent by themselves, or it looks as if a program wrote "
        f"it. {holding} {asking} Every contact is logged and has its dates.".replace("  ", " "),
        "action": "Look whether people wrote. Close as spam what nobody wrote; its receipt then never leaves. "
        "Let the others leave with the button on the page Backlog, or one alone with Acknowledge now on its own page.",
        "page": "backlog",
    }


def _receipts(count: int) -> str:
    return "1 receipt is" if count == 1 else f"{count} receipts are"


def _contacts(count: int) -> str:
    return "1 contact gets" if count == 1 else f"{count} contacts get"


def _stop(connection: Connection, now: datetime, book: Rulebook) -> None:
    """The breaker: no receipt leaves until somebody has looked."""
    holds.hold(connection)
    cursors.put(connection, BREAKER, now.isoformat(), now)
    notices = alert.notices(
        None,
        f"breaker:{now.isoformat()}",
        now,
        book,
        subject="Receipts are stopped: too many in a minute",
        happened=f"More than {book.intake.limits.a_minute} receipts would have left within a minute. "
        "They are all kept, and none leaves. Every contact is logged and has its dates.",
        action="Look in the queue who wrote. If it is people, let the receipts leave on the page Backlog.",
        page="backlog",
    )
    outbox.queue(connection, notices)
