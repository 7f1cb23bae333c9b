"""Alerts to one person that are due at once: of one matter the latest, joined where they are many, or left to the list.

Too many messages are read by nobody: `core.alerting` has the rule, and `[restraint]` in escalation.toml its numbers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bot.core import alerting
from bot.core.alerting import AN_HOUR, Bundle
from bot.core.deliveries import Delivery, Purpose, Settlement, State
from bot.core.escalations import NAMED, Ladders
from bot.flows.outgoing.claimed import Claimed
from bot.flows.rulebook import OutgoingRules
from bot.store import outbox

MOST_IN_A_MESSAGE = 2_000


def gather(
    connection: Connection, deliveries: Sequence[Delivery], now: datetime, until: datetime, rules: OutgoingRules
) -> list[Delivery]:
    """The other alerts, or calls, that are due to those who have many of them: they are to be one message."""
    join_above = {Purpose.ALERT: rules.restraint.join_above, Purpose.URGENT: rules.restraint.calls_a_minute}
    alerts: dict[tuple[Purpose, str], list[Delivery]] = {}
    for delivery in deliveries:
        if delivery.purpose in join_above:
            alerts.setdefault((delivery.purpose, delivery.recipient), []).append(delivery)
    firsts = [group[0] for (purpose, _), group in alerts.items() if len(group) > join_above[purpose] > 0]
    batches = (outbox.claim_like(connection, first, now, until, MOST_IN_A_MESSAGE) for first in firsts)
    return [delivery for batch in batches for delivery in batch]


def latest(due: Sequence[Claimed], ladders: Ladders) -> tuple[list[Claimed], list[Settlement]]:
    """What of this leaves, and the end of each alert that a later one of its contact, clock and reader has overtaken.

    What was nearly due when the office closed, and is late when it opens, is told once.
    """
    overtaken: dict[int, Settlement] = {}
    latest_of: dict[tuple[str, int | None, str], int] = {}
    for claim in sorted(filter(_may_be_joined, due), key=lambda claim: claim.delivery.id):
        delivery, standard = claim.delivery, claim.contact.standard if claim.contact else None
        step = ladders.step(delivery.step, standard)
        matter = (delivery.recipient, delivery.contact_id, step.clock if step else delivery.step)
        if (number := latest_of.get(matter)) is not None:
            overtaken[number] = Settlement(number, State.CANCELLED)
        latest_of[matter] = delivery.id
    return [claim for claim in due if claim.delivery.id not in overtaken], list(overtaken.values())


def restrain(
    connection: Connection, due: Sequence[Claimed], now: datetime, rules: OutgoingRules
) -> tuple[list[Claimed], list[Claimed]]:
    """What of this leaves now, alerts joined where they are many; and which alerts are left to the daily list.

    No list says that a note names somebody, so each of those leaves by itself.
    """
    to_leave = [claim for claim in due if not _may_be_joined(claim)]
    for_the_list: list[Claimed] = []
    for alerts in _by_person(due):
        messages = _messages_of_late(connection, alerts, now) if rules.restraint.an_hour else 0
        match alerting.bundle(len(alerts), messages, rules.restraint):
            case Bundle.LEFT_TO_THE_LIST:
                for_the_list += alerts
            case Bundle.JOINED:
                to_leave.append(joint(connection, alerts))
            case Bundle.APART:
                to_leave += alerts
    return to_leave, for_the_list


def _by_person(due: Iterable[Claimed]) -> list[list[Claimed]]:
    """The alerts, those to one person together."""
    alerts: dict[str, list[Claimed]] = {}
    for claim in due:
        if _may_be_joined(claim):
            alerts.setdefault(claim.delivery.recipient, []).append(claim)
    return list(alerts.values())


def _may_be_joined(claim: Claimed) -> bool:
    return claim.delivery.purpose is Purpose.ALERT and claim.delivery.step != NAMED.name


def _messages_of_late(connection: Connection, alerts: Sequence[Claimed], now: datetime) -> int:
    """How many messages besides these their person has had within the hour, or is about to have."""
    numbers = {claim.delivery.id for claim in alerts}
    recipient = alerts[0].delivery.recipient
    return len(outbox.message_times(connection, Purpose.ALERT, recipient, now, now - AN_HOUR, numbers))


def joint(connection: Connection, alerts: Sequence[Claimed]) -> Claimed:
    """These as one message: that of the first."""
    first, *companions = alerts
    if not companions:
        return first
    outbox.join(connection, first.delivery.id, [claim.delivery.id for claim in companions])
    return replace(first, joined=tuple(companions))
