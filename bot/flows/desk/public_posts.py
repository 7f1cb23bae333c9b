"""What was said in public and owes no receipt: staff look at each, and are told of those that nobody has looked at."""

from datetime import datetime

from sqlalchemy import Connection

from bot.core.deliveries import NewDelivery
from bot.core.events import Event, EventKind
from bot.flows.changes.refusals import Kind, Refused
from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Visitor
from bot.store import contacts, public_posts, queue


def look(connection: Connection, reference: str, visitor: Visitor, now: datetime) -> None:
    """Note that somebody has looked, and that nothing is to be done. Raises Refused."""
    contact = queue.visible(connection, reference, visitor.scope)
    if contact is None:
        raise Refused(f"there is no contact {reference}", kind=Kind.UNKNOWN)
    if not public_posts.look(connection, contact.id, now):
        raise Refused(f"{reference} does not wait for a look: somebody has looked already")
    contacts.note(connection, [Event(contact.id, now, EventKind.LOOKED_AT, visitor.actor)])


def notices(connection: Connection, now: datetime, book: Rulebook) -> list[NewDelivery]:
    """Tell each team, once a day, how many its time to look is over for."""
    rows: list[NewDelivery] = []
    for team, count in public_posts.late_by_team(connection, now).items():
        what = "1 thing that was" if count == 1 else f"{count} things that were"
        rows += alert.notices(
            team,
            f"public:{team or ''}:{book.clocks.today(now)}",
            now,
            book,
            subject=f"{what} said in public {'waits' if count == 1 else 'wait'} for a look",
            happened=f"Nobody has looked at {what} said in public on an account of ours by the end of the next working "
            "day. Nobody had a receipt for it.",
            action="Look at it in the console, under Said in public: answer it, make it a contact, or note that "
            "nothing is to be done.",
            page="public",
        )
    return rows
