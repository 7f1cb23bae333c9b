"""A report is kept as it was drawn up, looked at, approved by somebody with a name, and withdrawn with a reason.

Drawing up reads for long and writes nothing; what is here writes at once.
"""

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Connection

from bot.core import publication_json
from bot.core.events import Event, EventKind
from bot.core.publications import Publication
from bot.core.reports import NEXT, Act, Report, State, is_whole_months, months_in_words
from bot.flows import board
from bot.flows.changes.refusals import Kind, Refused, short_text
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Visitor
from bot.store import contacts
from bot.store import reports as stored

MOST_CHARACTERS = 500
_VERBS = {Act.APPROVE: "approved", Act.WITHDRAW: "withdrawn"}


def refuse_visitor(visitor: Visitor) -> None:
    """Raise Refused for whoever does not see the contacts of every team: a report is about all of them."""
    if visitor.scope.teams is not None:
        raise Refused("a report is about the contacts of every team, and you see those of some alone")


def refuse_period(first_day: date | None, last_day: date | None, today: date) -> tuple[date, date]:
    """Return the days of a report. Raises Refused unless they are whole calendar months that have begun."""
    if first_day is None:
        raise Refused("enter the first day, such as 1/7/2026", "first_day")
    if last_day is None:
        raise Refused("enter the last day, such as 30/9/2026", "last_day")
    if not is_whole_months(first_day, last_day):
        raise Refused("a report is of whole calendar months, twelve at most", "last_day")
    if first_day > today:
        raise Refused("these months have not begun", "first_day")
    return first_day, last_day


def keep(
    connection: Connection, publication: Publication, reason: str, visitor: Visitor, now: datetime, book: Rulebook
) -> int:
    """Keep what was drawn up as a draft, in the place of an earlier draft of these months; return its number.

    Raises Refused where it is to stand for one that was approved, and nobody says why.
    """
    refuse_visitor(visitor)
    first_day, last_day = (date.fromisoformat(day) for day in (publication.first_day, publication.last_day))
    refuse_period(first_day, last_day, book.clocks.today(now))
    earlier = stored.of_period(connection, first_day, last_day)
    revision = sum(report.approved_at is not None for report in earlier)
    reason = short_text(reason, "reason", MOST_CHARACTERS)
    if revision and not reason:
        raise Refused("it was approved before: say why it is drawn up anew", "reason")
    draft = _draft(publication, revision, reason, visitor, now)
    before = next((report for report in earlier if report.state == State.DRAFT), None)
    if before is None:
        number = stored.add(connection, draft)
    else:
        number = before.id
        stored.change(connection, replace(draft, id=number))
    _note(connection, EventKind.REPORT_DRAWN_UP, replace(draft, id=number), visitor, now)
    return number


def _draft(publication: Publication, revision: int, reason: str, visitor: Visitor, now: datetime) -> Report:
    content = publication_json.write(publication)
    return Report(
        first_day=date.fromisoformat(publication.first_day),
        last_day=date.fromisoformat(publication.last_day),
        revision=revision,
        cut_off=publication.cut_off,
        content=content,
        digest=publication_json.digest(content),
        drawn_up_by=visitor.actor,
        drawn_up_at=now,
        reason=reason,
    )


def approve(
    connection: Connection, number: int, digest: str, visitor: Visitor, now: datetime, book: Rulebook
) -> Report:
    """Let everybody read it, and withdraw the one of these months that they read until now; return it.

    `digest` is of what the visitor has looked at. Raises Refused.
    """
    board.change(connection, now)
    report = _report(connection, number, visitor)
    state = _next(report, Act.APPROVE)
    if digest != report.digest:
        raise Refused("it was drawn up anew since you looked at it: look at it again")
    _refuse_unfinished(report, book)
    for earlier in stored.of_period(connection, report.first_day, report.last_day):
        if earlier.state == State.APPROVED:
            _withdraw(connection, earlier, f"Revision {report.revision}: {report.reason}", visitor, now)
    report = replace(report, state=state, approved_by=visitor.actor, approved_at=now)
    stored.change(connection, report)
    _note(connection, EventKind.REPORT_APPROVED, report, visitor, now)
    return report


def withdraw(connection: Connection, number: int, reason: str, visitor: Visitor, now: datetime) -> Report:
    """Take it back: nobody but staff reads it any more; return it. Raises Refused."""
    board.change(connection, now)
    report = _report(connection, number, visitor)
    reason = short_text(reason, "reason", MOST_CHARACTERS)
    if not reason:
        raise Refused("say why it is withdrawn", "reason")
    return _withdraw(connection, report, reason, visitor, now)


def _withdraw(connection: Connection, report: Report, reason: str, visitor: Visitor, now: datetime) -> Report:
    report = replace(report, state=_next(report, Act.WITHDRAW), reason=reason)
    stored.change(connection, report)
    _note(connection, EventKind.REPORT_WITHDRAWN, report, visitor, now)
    return report


def _report(connection: Connection, number: int, visitor: Visitor) -> Report:
    refuse_visitor(visitor)
    report = stored.find(connection, number, is_locked=True)
    if report is None:
        raise Refused("there is no such report", kind=Kind.UNKNOWN)
    return report


def _next(report: Report, act: Act) -> State:
    state = NEXT.get((State(report.state), act))
    if state is None:
        raise Refused(f"it is {report.state}, so it cannot be {_VERBS[act]}")
    return state


def _refuse_unfinished(report: Report, book: Rulebook) -> None:
    """Raise Refused for what was counted before the last day was over: later numbers would be others."""
    known_at = datetime.fromisoformat(publication_json.read(report.content).known_at)
    if book.clocks.today(known_at) <= report.last_day:
        months = months_in_words(report.first_day, report.last_day)
        raise Refused(f"it was drawn up before {months} was over: draw it up anew when that is over")


def _note(connection: Connection, kind: EventKind, report: Report, visitor: Visitor, now: datetime) -> None:
    period = {"from": report.first_day.isoformat(), "to": report.last_day.isoformat()}
    details = {"number": report.id, **period, "revision": report.revision}
    contacts.note(connection, [Event(None, now, kind, visitor.actor, details)])
