"""Alerts to one person that are due at once: joined into one message, or left to the daily list where it is too much.

domain.md 6.2 has the rules against fatigue; `core.escalations.Restraint` the numbers.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.core.deliveries import Delivery, Purpose
from bot.flows.outgoing.claimed import Claimed
from bot.flows.rulebook import Rulebook
from bot.store import outbox

AN_HOUR = timedelta(hours=1)
MOST_IN_A_MESSAGE = 2_000


def gather(
    connection: Connection, taken: Sequence[Delivery], now: datetime, until: datetime, book: Rulebook
) -> list[Delivery]:
    """The rest of the alerts that are due to those who have many of them: they are to be one message."""
    alerts: dict[str, list[Delivery]] = {}
    for one in taken:
        if one.purpose == Purpose.ALERT:
            alerts.setdefault(one.recipient, []).append(one)
    many = [some[0] for some in alerts.values() if len(some) > book.restraint.join_above > 0]
    return [more for first in many for more in outbox.claim_alerts(connection, first, now, until, MOST_IN_A_MESSAGE)]


def restrain(
    connection: Connection, wanted: Sequence[Claimed], now: datetime, book: Rulebook
) -> tuple[list[Claimed], list[Claimed]]:
    """What of this leaves now, alerts joined where they are many; and which alerts are left to the daily list."""
    leaving = [one for one in wanted if one.delivery.purpose != Purpose.ALERT]
    left: list[Claimed] = []
    alerts: dict[str, list[Claimed]] = {}
    for one in wanted:
        if one.delivery.purpose == Purpose.ALERT:
            alerts.setdefault(one.delivery.recipient, []).append(one)
    for recipient, some in alerts.items():
        room = _room(connection, recipient, some, now, book)
        if room == 0:
            left += some
        elif len(some) > min(book.restraint.join_above or len(some), room):
            leaving.append(_joined(connection, some))
        else:
            leaving += some
    return leaving, left


def _room(connection: Connection, recipient: str, some: Sequence[Claimed], now: datetime, book: Rulebook) -> int:
    """How many more messages this person may have now."""
    most = book.restraint.an_hour
    if not most:
        return len(some)
    of_late = outbox.alerted(connection, recipient, now - AN_HOUR, {one.delivery.id for one in some})
    return max(most - of_late, 0)


def _joined(connection: Connection, some: Sequence[Claimed]) -> Claimed:
    first, *others = some
    outbox.join(connection, first.delivery.id, [one.delivery.id for one in others])
    return replace(first, joined=tuple(others))
