"""Outlets that cost money by the message: what is over their number of a day goes another way, and staff hear of it.

An urgent call passes until ten times the number, for somebody may be in danger; and nothing is left out that no other
address can take.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot.core.deliveries import TO_STAFF, NewDelivery, Purpose, Settlement, State
from bot.core.events import Event, EventKind
from bot.flows.outgoing import alert
from bot.flows.outgoing.claimed import Claimed
from bot.flows.rulebook import OutgoingRules, Rulebook, Team
from bot.store import contacts, cursors, direct, outbox

CALLS_TIMES = 10


def restrain(connection: Connection, due: Sequence[Claimed], now: datetime, book: Rulebook) -> list[Claimed]:
    """Return what of this leaves by the outlet; what is over its number is queued for others instead."""
    outlet = due[0].delivery.channel if due else ""
    most = book.outgoing.most_a_day.get(outlet, 0)
    if not most:
        return list(due)
    count, to_leave = _count_of_today(connection, outlet, now, book), list[Claimed]()
    for claim in due:
        is_call = claim.delivery.purpose is Purpose.URGENT
        is_over = claim.delivery.purpose in TO_STAFF and count >= most * (CALLS_TIMES if is_call else 1)
        if is_over and (team := _who_else(claim, now, book)):
            _send_another_way(connection, claim, team, now, book.outgoing)
        else:
            to_leave.append(claim)
            count += 1
    return to_leave


def count(connection: Connection, outlet: str, messages: int, now: datetime, book: Rulebook) -> list[NewDelivery]:
    """Count what has left by the outlet; returns what the operators must know, once a day."""
    most = book.outgoing.most_a_day.get(outlet, 0)
    if not (most and messages):
        return []
    direct.alone(connection, direct.COUNTING)
    before = _count_of_today(connection, outlet, now, book)
    cursors.put(connection, _name(outlet), f"{book.clocks.today(now)} {before + messages}", now)
    notices: list[NewDelivery] = []
    for number, sequel in ((most, _OVER), (most * CALLS_TIMES, _CALLS_OVER)):
        if before < number <= before + messages:
            happened = f"{number} messages have left by {outlet} today, and each costs money. {sequel}"
            key = f"cost:{outlet}:{number}:{book.clocks.today(now)}"
            words = {"subject": f"{outlet} has sent {number} messages today", "happened": happened, "action": _ACTION}
            notices += alert.notices(None, key, now, book, **words, page="queue?which=urgent")
    return notices


_OVER = "Until tomorrow alerts go to the other addresses of the team. Urgent calls still leave by it."
_CALLS_OVER = "Until tomorrow urgent calls go to the other addresses of the team, too, where it has any."
_ACTION = "See what comes in. If it is right, raise most_a_day of that channel in ackbot.toml."


def _count_of_today(connection: Connection, outlet: str, now: datetime, book: Rulebook) -> int:
    day, _, number = (cursors.read(connection, _name(outlet)) or "").partition(" ")
    return int(number) if day == book.clocks.today(now).isoformat() else 0


def _name(outlet: str) -> str:
    return f"sent:{outlet}"


def _who_else(claim: Claimed, now: datetime, book: Rulebook) -> tuple[Team, tuple[str, ...]] | None:
    """The lowest level of the team that has addresses without such a number, and these; else of the operators.

    Whoever is away has a deputy here, too.
    """
    for name in (claim.contact.team if claim.contact else None, book.outgoing.operators):
        team = book.outgoing.team(name)
        for level in team.levels if team else ():
            if team and (addresses := tuple(_free(alert.present(level, team, now, book), team, book.outgoing))):
                return team, addresses
    return None


def _free(people: Iterable[str], team: Team, rules: OutgoingRules) -> Iterator[str]:
    return (address for address in people if not rules.most_a_day.get(alert.outlet_of(address, team)))


def _send_another_way(
    connection: Connection, claim: Claimed, to: tuple[Team, tuple[str, ...]], now: datetime, rules: OutgoingRules
) -> None:
    team, addresses = to
    parts = (claim, *claim.joined)
    deliveries = [part.delivery for part in parts]
    outbox.settle(connection, [Settlement(delivery.id, State.CANCELLED) for delivery in deliveries])
    outbox.queue(
        connection, [alert.instead_of(d, address, team, now, rules) for d in deliveries for address in addresses]
    )
    details = {"purpose": claim.delivery.purpose, "outlet": claim.delivery.channel}
    events = (
        Event(d.contact_id, now, EventKind.SENT_ANOTHER_WAY, details=details | {"step": d.step}) for d in deliveries
    )
    contacts.note(connection, [event for event in events if event.contact_id is not None])
