"""What a link in an alert shows, and what can be done by it."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.core import links
from bot.core.clocks import ELAPSED
from bot.core.contacts import Contact, State
from bot.core.deliveries import Delivery, Purpose
from bot.core.durations import Duration
from bot.core.histories import Happened
from bot.core.links import Link
from bot.flows.changes import assign, take_all
from bot.flows.changes.assignees import Holder
from bot.flows.changes.refusals import Refused
from bot.flows.outgoing import call_words
from bot.flows.rulebook import ClockRules, Rulebook
from bot.render.words import instant_in_words
from bot.store import calls, contacts, outbox

# A number of a delivery, as databases have them.
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Shown:
    """One contact as its link shows it: no word of the person. Dates are in words; `quiet` is (instant, words).

    `calls` are the references of all urgent contacts of which the person was called by deliveries up to `up_to`.
    """

    reference: str
    open: bool
    urgent: str
    promise: str
    team: str
    owner: str
    taken_by: str
    teams: tuple[str, ...]
    quiet: tuple[tuple[str, str], ...]
    calls: tuple[str, ...] = ()
    up_to: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody chose: `take`, `quiet` until an instant, or `assign` to a team or a person.

    Or `take-all` of which they were called, by deliveries `up_to` that number.
    """

    action: str
    until: str = ""
    team: str = ""
    owner: str = ""
    up_to: str = ""


_WORDS = {
    "take": "It is yours. Nobody else is called about it.",
    "quiet": "You will have no alert before then, unless nearly all of the time is used.",
    "assign": "It is handed over, and they are told.",
}


class Ended(Exception):
    """The link is one of ours and too old."""


def show(connection: Connection, token: str, now: datetime, book: Rulebook) -> Shown | None:
    """What stands behind a link; None where it is not one of ours. Raises Ended."""
    behind = _behind(connection, token, now, book)
    if behind is None:
        return None
    contact, delivery = behind
    is_call = delivery is not None and delivery.purpose is Purpose.URGENT
    waiting, up_to = calls.of_recipient(connection, delivery.recipient) if delivery and is_call else ([], 0)
    history = contacts.clock_events(connection, [contact.id]).get(contact.id, [])
    return Shown(
        reference=contact.reference,
        open=contact.state == State.OPEN,
        urgent=call_words.title_of(contact, book) if contact.urgent_at is not None else "",
        promise=book.clocks.respond_by(contact),
        team=contact.team or "",
        owner=contact.owner,
        taken_by=contact.taken_by.removeprefix("staff:"),
        teams=tuple(book.outgoing.teams),
        quiet=tuple(_quiet(now, _latest(contact, history, book.clocks), book)),
        calls=tuple(contact.reference for contact in waiting),
        up_to=up_to,
    )


def act(connection: Connection, token: str, choice: Choice, now: datetime, book: Rulebook) -> str | None:
    """Do what was chosen, as the person to whom the alert went, and say so; None where the link is not ours.

    Raises Ended, Refused.
    """
    behind = _behind(connection, token, now, book)
    if behind is None:
        return None
    contact, delivery = behind
    actor = f"staff:{delivery.recipient if delivery else 'by a link'}"
    match choice.action:
        case "take-all":
            return _take_all(connection, delivery, choice, actor, now)
        case "take":
            assign.take(connection, contact.reference, actor, now)
        case "quiet":
            assign.be_quiet(connection, contact.reference, _until(connection, contact, choice, now, book), actor, now)
        case "assign":
            holder = Holder.of(choice.team, choice.owner)
            assign.assign(connection, contact.reference, holder, actor, now, book)
        case _:
            raise Refused("nothing was chosen")
    return _WORDS[choice.action]


def _take_all(connection: Connection, delivery: Delivery | None, choice: Choice, actor: str, now: datetime) -> str:
    """Take what this person was called about, as far as the page showed it: what came since then goes on calling."""
    if delivery is None or delivery.purpose is not Purpose.URGENT or not _NUMBER.fullmatch(choice.up_to):
        raise Refused("nothing was chosen")
    waiting, _ = calls.of_recipient(connection, delivery.recipient, int(choice.up_to))
    return take_all.take_all(connection, waiting, actor, now).words


def _until(connection: Connection, contact: Contact, choice: Choice, now: datetime, book: Rulebook) -> datetime:
    """The instant that was chosen. Raises Refused for one that is not offered: a link may less than who signs in."""
    try:
        until = datetime.fromisoformat(choice.until)
    except ValueError:
        raise Refused("choose one of the times", "until") from None
    until = until if until.tzinfo else until.replace(tzinfo=book.clocks.default_calendar.zone)
    assign.check_quiet(until, now)
    history = contacts.clock_events(connection, [contact.id]).get(contact.id, [])
    choices = {instant for instant, _ in _quiet(now, _latest(contact, history, book.clocks), book)}
    if contact.state == State.OPEN and choice.until not in choices:
        raise Refused("that time cannot be chosen any more; look again", "until")
    return until


def _behind(
    connection: Connection, token: str, now: datetime, book: Rulebook
) -> tuple[Contact, Delivery | None] | None:
    link: Link | None = links.read(token, book.secret)
    if link is None:
        return None
    if now > link.ends_at:
        raise Ended
    contact = contacts.with_id(connection, [link.contact]).get(link.contact)
    delivery = outbox.with_id(connection, link.delivery)
    if contact is None:
        return None
    return contact, delivery


def _latest(contact: Contact, history: list[Happened], rules: ClockRules) -> datetime | None:
    """Quiet lasts until nearly all of the time to answer is used, and no longer."""
    clocks = rules.of(contact, history)
    if clocks.respond is None or clocks.respond.due is None:
        return None
    calendar = rules.calendars[rules.standard_of(contact).calendar_key]
    return clocks.share_of(rules.timing.never_quiet_from, calendar)


def _quiet(now: datetime, latest: datetime | None, book: Rulebook) -> list[tuple[str, str]]:
    ends = (_end_of_quiet(choice, now, book.clocks) for choice in book.clocks.timing.quiet_choices)
    zone = book.clocks.default_calendar.zone
    return [
        (at.isoformat(timespec="minutes"), instant_in_words(at, zone)) for at in ends if latest is None or at < latest
    ]


def _end_of_quiet(choice: Duration, now: datetime, rules: ClockRules) -> datetime:
    """Hours and minutes run from now; working days end in the morning of the last one."""
    if choice.unit in ELAPSED:
        return now + choice.count * ELAPSED[choice.unit]
    calendar = rules.default_calendar
    day = calendar.working_day_after(calendar.day_of(now), choice.count)
    return datetime.combine(day, rules.timing.quiet_morning, tzinfo=calendar.zone)
