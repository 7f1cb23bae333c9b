"""Who must be told now that a promise is at risk; every open contact gets its next look."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bot import log
from bot.core import escalations
from bot.core.contacts import Contact
from bot.core.deliveries import NewDelivery, Purpose
from bot.core.escalations import Decision
from bot.core.events import Event, EventKind
from bot.core.histories import Happened
from bot.flows import board
from bot.flows.outgoing import alert, causes, tell
from bot.flows.rulebook import ClockRules, Rulebook
from bot.store import clocks, contacts, outbox

logger = log.get("escalate")


def escalate(connection: Connection, now: datetime, most: int, book: Rulebook) -> int:
    """Look at up to `most` open contacts whose time has come; returns how many were looked at."""
    due = clocks.due(connection, now, most)
    if not due:
        return 0
    board.refresh(connection, now, book)
    changed_ids = [contact.id for contact in due if contact.clock_changed]
    histories = contacts.clock_events(connection, changed_ids) if changed_ids else {}
    decisions = [(contact, _look(contact, histories.get(contact.id, []), now, book)) for contact in due]
    late = [contact for contact, decision in decisions if escalations.RECEIPT_LATE in decision.alerts]
    in_hand = causes.in_hand(connection, late)
    for contact, decision in decisions:
        untold = escalations.RECEIPT_LATE if contact.id in in_hand else None
        steps = tuple(step for step in decision.alerts if step is not untold)
        _apply(connection, contact, replace(decision, alerts=steps), now, book)
    return len(due)


def _look(contact: Contact, history: list[Happened], now: datetime, book: Rulebook) -> Decision:
    try:
        # While a clock is paused nothing falls due: it has no date.
        stand = book.clocks.of(contact, history) if contact.respond_by else None
        ladder = book.clocks.rungs(contact, stand) if stand else ()
        singles = book.clocks.single_rungs(contact, stand, book.window(contact))
        return escalations.look(contact, now, ladder, book.clocks.receipt_rungs(contact), singles, book.clocks.timing)
    except Exception:
        # One contact whose facts cannot be read must not keep the others from being looked at; nor be forgotten.
        logger.exception("contact.not_looked_at", reference=contact.reference)
        again = now + book.clocks.timing.look_again_after_fault
        return Decision((), contact.respond_step, contact.acknowledge_step, again)


def _apply(connection: Connection, contact: Contact, decision: Decision, now: datetime, book: Rulebook) -> None:
    if not clocks.record_look(connection, contact, decision):
        return  # another process looked first, or the contact was answered meanwhile
    steps = [step for step in decision.alerts if step is not escalations.PROGRESS]
    if _lacks_a_reminder(connection, contact, now, book.clocks):
        steps.append(escalations.WAITED_LONG)
    messages = [
        message
        for step in steps
        for message in causes.unheard(connection, contact, step, alert.step_alerts(contact, step, now, book), now)
    ]
    events = [Event(contact.id, now, EventKind.ESCALATED, details={"step": step.name}) for step in steps]
    events += _missed_window(contact, decision, now)
    if escalations.PROGRESS in decision.alerts:
        messages += _progress(connection, contact, now, book)
    if decision.urgent:
        messages += alert.urgent_alerts(contact, contact.urgent_step, now, book)
        events.append(_call_event(contact, now))
    outbox.queue(connection, messages)
    contacts.note(connection, events)


def _lacks_a_reminder(connection: Connection, contact: Contact, now: datetime, rules: ClockRules) -> bool:
    """Whether this look at a long pause was planned by a `long_pause` that is shorter now, and staff know nothing."""
    if contact.paused_at is None or contact.next_look_at is None:
        return False
    due = contact.paused_at + rules.timing.long_pause
    if now < due or contact.next_look_at <= due:
        return False
    name, since = escalations.WAITED_LONG.name, contact.paused_at
    reminders = (
        e for e in contacts.events_of(connection, contact.id) if e.kind == EventKind.ESCALATED and e.at >= since
    )
    return all(event.details["step"] != name for event in reminders)


def _progress(connection: Connection, contact: Contact, now: datetime, book: Rulebook) -> list[NewDelivery]:
    """What tells the person that we are still at it; it goes where the acknowledgement went."""
    receipt = outbox.acknowledgements_of(connection, [contact.id]).get(contact.id)
    leaves_at = alert.leaves_at(Purpose.PROGRESS, None, receipt.channel, contact, now, book) if receipt else None
    if receipt is None or leaves_at is None:
        return []
    return [replace(tell.progress(contact, receipt, now, book), next_attempt_at=leaves_at)]


def _missed_window(contact: Contact, decision: Decision, now: datetime) -> list[Event]:
    """The event of a window that is over without an answer: once for each, and not while we wait for the person."""
    until = contact.platform_reply_by
    if until is None or not decision.window_closed or contact.window_closed or contact.paused_at is not None:
        return []
    return [Event(contact.id, now, EventKind.WINDOW_MISSED, details={"until": until.isoformat()})]


def _call_event(contact: Contact, now: datetime) -> Event:
    details = {"urgent": contact.urgent, "time": contact.urgent_step + 1}
    return Event(contact.id, now, EventKind.CALLED_AGAIN, details=details)
