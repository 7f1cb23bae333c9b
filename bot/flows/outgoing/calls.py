"""Calls about what cannot wait, in a flood: the first few of a minute alone, what comes more in one that counts.

Nothing is dropped: each contact keeps its own clock, its own page and its own next call.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot.core import alerting
from bot.core.deliveries import Purpose, Settlement, State
from bot.flows.outgoing.bundle import joint
from bot.flows.outgoing.claimed import Claimed
from bot.flows.rulebook import OutgoingRules
from bot.store import direct, outbox


def join(
    connection: Connection, due: Sequence[Claimed], now: datetime, rules: OutgoingRules
) -> tuple[list[Claimed], list[Settlement]]:
    """Return what of this leaves now, calls joined where they are many; and when those calls leave that wait."""
    urgent = [claim for claim in due if claim.delivery.purpose is Purpose.URGENT]
    if not urgent:
        return list(due), []
    direct.alone(connection, direct.CALLING)  # of several processes one after another counts what a person has had
    to_leave = [claim for claim in due if claim.delivery.purpose is not Purpose.URGENT]
    waiting: list[Settlement] = []
    for calls_of_person in _by_person(urgent):
        singles, companions, joint_at = _shared_out(connection, calls_of_person, now, rules)
        to_leave += singles
        if joint_at > now:
            waiting += [Settlement(claim.delivery.id, State.CREATED, joint_at) for claim in companions]
        elif companions:
            to_leave.append(joint(connection, companions))
    return to_leave, waiting


def _shared_out(
    connection: Connection, due: Sequence[Claimed], now: datetime, rules: OutgoingRules
) -> tuple[Sequence[Claimed], Sequence[Claimed], datetime]:
    """Return the calls to one person that leave alone, the others, and when those leave together."""
    numbers = {claim.delivery.id for claim in due}
    recipient, since = due[0].delivery.recipient, now - alerting.A_MINUTE
    of_late = outbox.message_times(connection, Purpose.URGENT, recipient, now, since, numbers)
    queued_at = [claim.delivery.created_at for claim in due]
    has_waited = any(claim.delivery.attempts > 1 for claim in due)
    most = rules.restraint.calls_a_minute
    count, joint_at = alerting.share_out(queued_at, of_late, now, most, has_waited=has_waited)
    return due[:count], due[count:], joint_at


def _by_person(due: Iterable[Claimed]) -> list[list[Claimed]]:
    """Return those to one person together, the oldest first."""
    by_recipient: dict[str, list[Claimed]] = {}
    for claim in sorted(due, key=lambda claim: claim.delivery.id):
        by_recipient.setdefault(claim.delivery.recipient, []).append(claim)
    return list(by_recipient.values())
