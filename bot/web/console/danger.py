"""The banner of danger: what was found or who said so, what to tell the person, who was called, and who has it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.contacts import Contact, State
from bot.core.deliveries import Purpose
from bot.core.events import OURSELVES, EventKind
from bot.flows.desk.contact_view import ContactView
from bot.flows.outgoing import call_words
from bot.flows.rulebook import Rulebook
from bot.web.console.opening import Opening

# Where no rule says more.
IN_ANY_DANGER = "If you or somebody else is in danger, call 999 now."


@dataclass(frozen=True, slots=True)
class Danger:
    """What the banner says: `by` is who of staff had people called, "" where a rule did; `advice` is for the person.

    `calls` are those who were called, each with the instant at which it left, or None.
    """

    title: str
    by: str
    words: str
    advice: str
    calls: tuple[tuple[str, datetime | None], ...]
    next_call: datetime | None
    taken_by: str


def context(opening: Opening) -> Mapping[str, Any]:
    """The banner of an open contact that cannot wait; None for any other."""
    contact = opening.view.contact
    is_urgent = contact.state == State.OPEN and contact.urgent
    return {"danger": danger_of(opening.view, contact, opening.book) if is_urgent else None}


def danger_of(view: ContactView, contact: Contact, book: Rulebook) -> Danger:
    """What the banner says of a contact."""
    rule = book.intake.urgency(contact)
    calls = [message for message in view.sent if message.delivery.purpose == Purpose.URGENT]
    return Danger(
        title=call_words.title_of(contact, book),
        by=_by(view),
        words=contact.urgent_words,
        advice=rule.advice if rule else IN_ANY_DANGER,
        calls=tuple((message.delivery.recipient, message.fate.sent_at) for message in calls),
        next_call=contact.urgent_at,
        taken_by=contact.taken_by.removeprefix("staff:"),
    )


def _by(view: ContactView) -> str:
    """Who of staff had people called; "" where the newest alarm is a rule's."""
    alarms = [event for event in view.events if event.kind == EventKind.URGENT]
    return alarms[-1].actor.removeprefix("staff:") if alarms and alarms[-1].actor != OURSELVES else ""
