"""Who must be told now that a promise is at risk; every open contact gets its next look."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bot import log
from bot.core import escalations
from bot.core.contacts import Contact
from bot.core.escalations import Decision, Step
from bot.core.events import Event, EventKind
from bot.core.histories import Happened
from bot.flows.outgoing import alert, tell
from bot.flows.outgoing.after_restore import RESTORED
from bot.flows.outgoing.release import BREAKER
from bot.flows.rulebook import Rulebook
from bot.store import clocks, contacts, cursors, outbox

logger = log.get("escalate")


def escalate(connection: Connection, now: datetime, most: int, book: Rulebook) -> int:
    """Look at up to `most` open contacts whose time has come; returns how many were looked at."""
    due = clocks.due(connection, now, most)
    changed = [contact.id for contact in due if contact.clock_changed]
    histories = contacts.clock_events(connection, changed) if changed else {}
    # While receipts are held back a person has been called: one alert for each would be a storm.
    stopped = book.limits.a_minute and cursors.read(connection, BREAKER) is not None if due else False
    stopped = stopped or (book.restored_at is not None and cursors.read(connection, RESTORED) is not None)
    decided = [(contact, _look(contact, histories.get(contact.id, []), now, book)) for contact in due]
    for contact, decision in decided:
        told = tuple(s for s in decision.alerts if not (stopped and s is escalations.RECEIPT_LATE))
        _apply(connection, contact, replace(decision, alerts=told), now, book)
    return len(due)


def _look(contact: Contact, happened: list[Happened], now: datetime, book: Rulebook) -> Decision:
    try:
        # While a clock is paused nothing falls due: it has no date.
        stand = book.clocks(contact, happened) if contact.respond_by else None
        ladder = book.rungs(contact, stand) if stand else ()
        singles = book.single_rungs(contact, stand)
        return escalations.look(contact, now, ladder, book.receipt_rungs(contact), singles, book.timing)
    except Exception:
        # One contact whose facts cannot be read must not keep the others from being looked at; nor be forgotten.
        logger.exception("contact.not_looked_at", reference=contact.reference)
        again = now + book.timing.look_again_after_fault
        return Decision((), contact.respond_step, contact.acknowledge_step, again)


def _left_to_the_list(contact: Contact, step: Step, book: Rulebook) -> bool:
    """Whether the daily list alone tells of this step."""
    return step.digest and not (step.own_by_law and book.standard_of(contact).basis == "law")


def _tell_person(connection: Connection, contact: Contact, now: datetime, book: Rulebook) -> None:
    given = outbox.acknowledgements_of(connection, [contact.id]).get(contact.id)
    if given is not None:
        outbox.queue(connection, [tell.progress(contact, given, now, book)])


def _called(contact: Contact, now: datetime) -> Event:
    details = {"urgent": contact.urgent, "time": contact.urgent_step + 1}
    return Event(contact.id, now, EventKind.CALLED_AGAIN, details=details)


def _is_quiet(contact: Contact, step: Step, now: datetime, book: Rulebook) -> bool:
    """Whether staff have asked not to be alerted yet; nearly all of the time used is told all the same."""
    early = step.clock == "respond" and (step.share if step.share is not None else 1.0) < book.timing.never_quiet_from
    return early and contact.quiet_until is not None and now < contact.quiet_until


def _apply(connection: Connection, contact: Contact, decision: Decision, now: datetime, book: Rulebook) -> None:
    if not clocks.looked(connection, contact, decision):
        return  # another process looked first, or the contact was answered meanwhile
    if escalations.PROGRESS in decision.alerts:
        _tell_person(connection, contact, now, book)
    alerts = [step for step in decision.alerts if step is not escalations.PROGRESS]
    for step in alerts:
        if not _left_to_the_list(contact, step, book) and not _is_quiet(contact, step, now, book):
            outbox.queue(connection, alert.step_alerts(contact, step, now, book))
    if decision.urgent:
        outbox.queue(connection, alert.urgent_alerts(contact, contact.urgent_step, now, book))
    contacts.note(
        connection,
        [Event(contact.id, now, EventKind.ESCALATED, details={"step": step.name}) for step in alerts]
        + ([_called(contact, now)] if decision.urgent else []),
    )
