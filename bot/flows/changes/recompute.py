"""A bank holiday is proclaimed, a standard is corrected: the dates of open contacts follow, and say what they were.

Facts are stored and dates derived from them. What a person was told is not taken back in silence: a later date is
told to them, an earlier one is just met, and the old one stays in the history.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from bot.core import clocks, histories
from bot.core.deliveries import NewDelivery
from bot.core.events import Event, EventKind
from bot.core.histories import Happened
from bot.core.standards import Standard
from bot.flows.changes import rule_versions
from bot.flows.outgoing import alert, tell
from bot.flows.rulebook import ClockRules, Rulebook
from bot.render.words import due_in_words
from bot.store import clocks as stored_clocks
from bot.store import contacts, direct, outbox
from bot.store.clocks import Dates

Values = dict[str, Any]
AT_ONCE = 5_000
CALENDAR_REASON = "The days that count as working days have changed."
STANDARD_REASON = "There was a mistake in the time that we told you."


@dataclass(frozen=True, slots=True)
class Change:
    """One contact whose dates move; None where there is no date."""

    contact_id: int
    reference: str
    acknowledge: tuple[datetime | None, datetime | None]
    respond: tuple[datetime | None, datetime | None]
    why: str

    @property
    def later(self) -> bool:
        """Whether the answer comes later than it was."""
        before, after = self.respond
        return before is not None and after is not None and after > before

    @property
    def earlier(self) -> bool:
        """Whether anything falls due earlier than it did, or anew: the ladder must be looked at."""
        pairs = (self.acknowledge, self.respond)
        return any(after is not None and (before is None or after < before) for before, after in pairs)


@dataclass(slots=True)
class Page:
    """What one batch of open contacts came to; `last_id` is None after the last one."""

    looked_at: int = 0
    last_id: int | None = None
    changes: list[Change] = field(default_factory=list)
    people_told: int = 0


def recompute(
    connection: Connection, after_id: int, names: Sequence[str], now: datetime, book: Rulebook, *, dry_run: bool
) -> Page:
    """Compute the dates of the next open contacts anew; `names` are the rules that changed."""
    if not dry_run:
        direct.alone(connection, direct.RECOMPUTING)
    rows = stored_clocks.dates(connection, after_id, AT_ONCE)
    page = Page(len(rows), rows[-1].id if len(rows) == AT_ONCE else None)
    page.changes += _changes(connection, rows, {name for name in names if name.startswith("standard ")}, book)
    if page.changes and not dry_run:
        page.people_told = _apply(connection, {row.id: row for row in rows}, page.changes, now, book)
    return page


def _changes(
    connection: Connection, rows: Sequence[Dates], standards_changed: set[str], book: Rulebook
) -> Iterator[Change]:
    altered = [row.id for row in rows if row.clock_changed]
    histories_of = contacts.clock_events(connection, altered) if altered else {}
    for row in rows:
        if (change := _change(row, histories_of.get(row.id, ()), standards_changed, book)) is not None:
            yield change


def _change(row: Dates, history: Sequence[Happened], standards_changed: set[str], book: Rulebook) -> Change | None:
    standard = book.clocks.promises.versions.get((row.standard, row.standard_version)) or book.clocks.past.get(
        (row.standard, row.standard_version)
    )
    if standard is None:
        return None  # nothing is known but the words that it keeps; they have not changed
    acknowledge, respond = _computed(row, standard, history, book.clocks)
    if row.acknowledged_at is not None:
        acknowledge = row.acknowledge_by  # that clock has stopped; what was kept or broken stays so
    if acknowledge == row.acknowledge_by and respond == row.respond_by:
        return None
    why = STANDARD_REASON if rule_versions.name_of(standard) in standards_changed else CALENDAR_REASON
    return Change(row.id, row.reference, (row.acknowledge_by, acknowledge), (row.respond_by, respond), why)


def _computed(
    row: Dates, standard: Standard, history: Sequence[Happened], clock_rules: ClockRules
) -> tuple[datetime | None, datetime | None]:
    calendar = clock_rules.calendars[standard.calendar_key]
    if not history and standard.respond_from == "receipt":
        receipt = standard.receipt
        promises = (standard.acknowledge, standard.respond)
        acknowledge, respond = (clocks.due(p, row.received_at, calendar, receipt) if p else None for p in promises)
        return acknowledge, respond
    stand = histories.clocks_of(standard, row.received_at, history, calendar, row.receipt_sent_at)
    return (
        stand.acknowledge.due if stand.acknowledge else None,
        stand.respond.due if stand.respond else None,
    )


def _apply(
    connection: Connection, rows: Mapping[int, Dates], changes: Sequence[Change], now: datetime, book: Rulebook
) -> int:
    updates = [_update_of(change, rows[change.contact_id], now, book.clocks) for change in changes]
    stored_clocks.move(connection, updates, [change.contact_id for change in changes if change.earlier], now)
    contacts.note(connection, [_event(change, now) for change in changes])
    letters = _letters(connection, rows, changes, now, book)
    outbox.queue(connection, letters)
    return len(letters)


def _letters(
    connection: Connection, rows: Mapping[int, Dates], changes: Sequence[Change], now: datetime, book: Rulebook
) -> list[NewDelivery]:
    """To each person who was told an earlier date than the new one, when the office is open: new rules wake nobody."""
    later = [move for change in changes if (move := _later_than_told(change, rows[change.contact_id], book.clocks))]
    receipts = outbox.acknowledgements_of(connection, [move.contact_id for move in later])
    moves = [move for move in later if move.contact_id in receipts]
    hours = book.outgoing.restraint.letters
    leaves_at = hours.next_opening(now) if hours else now
    letters = (tell.new_date(move, receipts[move.contact_id], now, book.outgoing) for move in moves)
    return [
        replace(letter, next_attempt_at=leaves_at, details={**letter.details, alert.UNPROMPTED: True})
        for letter in letters
    ]


def _later_than_told(change: Change, row: Dates, clock_rules: ClockRules) -> tell.Later | None:
    """The move that the person hears of; None where the answer comes by the date that they were told."""
    after = change.respond[1]
    if row.told_respond_by is None or after is None or after <= row.told_respond_by:
        return None
    standard = clock_rules.promises.versions.get((row.standard, row.standard_version))
    promise = standard.respond if standard else None
    before = due_in_words(row.told_respond_by, promise, clock_rules.default_calendar.zone)
    return tell.Later(change.contact_id, change.reference, before, row.told_respond_by, after, change.why)


def _update_of(change: Change, row: Dates, now: datetime, clock_rules: ClockRules) -> Values:
    standard = clock_rules.promises.versions.get((row.standard, row.standard_version))
    words = standard.respond if standard else None
    step = row.respond_step
    if step and standard and words and not row.clock_changed:
        calendar = clock_rules.calendars[standard.calendar_key]
        stand = histories.clocks_of(standard, row.received_at, (), calendar)
        step = min(step, sum(at <= now for at, _ in stand.rungs(clock_rules.ladders.of(standard.id), calendar)))
    return {
        "chosen": change.contact_id,
        "to_acknowledge_by": change.acknowledge[1],
        "to_respond_by": change.respond[1],
        "to_respond_step": step,
        "to_promise": str(words) if words else row.promise,
    }


def _event(change: Change, now: datetime) -> Event:
    details = _details(*change.acknowledge, *change.respond, change.why)
    return Event(change.contact_id, now, EventKind.RECOMPUTED, details=details)


@lru_cache(10_000)
def _details(
    acknowledge_before: datetime | None,
    acknowledge: datetime | None,
    respond_before: datetime | None,
    respond: datetime | None,
    why: str,
) -> Mapping[str, str]:
    """The details of the event, made once for the many contacts that move from and to the same days."""
    dates = {
        "acknowledge_by_before": acknowledge_before,
        "acknowledge_by": acknowledge,
        "respond_by_before": respond_before,
        "respond_by": respond,
    }
    return {key: at.isoformat() for key, at in dates.items() if at is not None} | {"reason": why}
