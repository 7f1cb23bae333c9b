"""What staff are asked of a contact for the figures, where it stands, and the action by which they say it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core import judgements
from bot.core.contacts import Contact
from bot.core.events import StoredEvent
from bot.core.roles import Permission
from bot.flows.changes import judge
from bot.flows.changes.judge import Judgement
from bot.flows.desk.orders import Action, Desk

# The field of every form by which a late answer is recorded.
CAUSE = "cause"


@dataclass(frozen=True, slots=True)
class Questions:
    """What applies to a contact: `asked_early`, its person wrote before the date while staff had not."""

    is_late: bool
    is_complaint: bool
    asked_early: bool


def questions(contact: Contact, events: Sequence[StoredEvent], now: datetime) -> Questions:
    """What staff are asked of a contact with these events."""
    due = contact.first_respond_by or contact.respond_by
    return Questions(
        is_late=judge.is_late(contact, events, now),
        is_complaint=judgements.is_complaint(contact.kind),
        asked_early=judgements.asked_early(events, due),
    )


def name_cause(desk: Desk) -> None:
    """Keep the cause that was chosen beside an answer or a closing. Raises Refused, and then nothing is done at all."""
    if code := desk.field(CAUSE):
        judge.judge(desk.connection, desk.contact.reference, Judgement(cause=code), desk.actor, desk.now)


def _judge(desk: Desk) -> str:
    codes = {name: desk.field(name) for name in judge.FIELDS if name in desk.order.fields}
    is_new = judge.judge(desk.connection, desk.contact.reference, Judgement(**codes), desk.actor, desk.now)
    return "It is noted for the figures." if is_new else "Nothing is different: it was noted so before."


JUDGING: dict[str, Action] = {"judge": Action(Permission.ACT, _judge)}
