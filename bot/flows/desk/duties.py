"""Absences and nights of duty, as staff enter them; they hold at once, over those of the files."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from bot.channel import CHANNEL
from bot.core import duties as rota
from bot.core.calendars import Calendar
from bot.core.deputies import Away, Deputies
from bot.core.duties import Shift
from bot.core.events import Event, EventKind
from bot.core.roles import Role
from bot.flows import board
from bot.flows.changes import assignees
from bot.flows.changes.refusals import Kind, Refused
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Visitor
from bot.render.words import date_in_words
from bot.store import contacts, duties, staff
from bot.store.duties import Absence
from bot.wire import typed

# An absence or a shift is no longer than that, and begins no later.
MOST_DAYS = 366
NIGHTS_SHOWN = 14


@dataclass(frozen=True, slots=True)
class Nights:
    """The next nights of a team, each with who has it, in words; "" is a gap."""

    team: str
    nights: tuple[tuple[date, str], ...]

    @property
    def is_open_tonight(self) -> bool:
        """Whether the team has a rota, and nobody the night that is next."""
        return any(person for _, person in self.nights) and not self.nights[0][1]


def may_enter_for(connection: Connection, visitor: Visitor, person: str, book: Rulebook) -> bool:
    """Whether somebody enters this person's absences: their own, or as a lead those of their teams."""
    if visitor.address == typed.account(person):
        return True
    if visitor.account is None or visitor.account.role not in (Role.LEAD, Role.ADMINISTRATOR):
        return False
    account = staff.find(connection, person)
    teams = set(account.teams if account else ()) | set(_teams_naming(person, book))
    return visitor.scope.teams is None or bool(teams & visitor.scope.teams)


def enter_absence(connection: Connection, away: Away, visitor: Visitor, now: datetime, book: Rulebook) -> None:
    """Let somebody be away from `first` to `last`; a deputy, else the lead of the team, is told instead.

    Raises Refused.
    """
    board.change(connection, now)
    person, deputy = (typed.account(name) or name.strip() for name in (away.person, away.deputy))
    away = Away(person, away.first, away.last, deputy)
    if reason := _why_not_away(connection, person, visitor, book):
        raise Refused(reason, "person")
    today = book.clocks.today(now)
    _refuse_days(away.first, away.last, today)
    entries = tuple(absence.away for absence in duties.absences_from(connection, today))
    known_absences = book.outgoing.deputies.beside(entries)
    if clash := known_absences.within(person, away.first, away.last):
        raise Refused(f"there is an absence of {person} already, {_days(clash.first, clash.last)}", "first")
    if reason := _why_no_deputy(connection, away, known_absences, book):
        raise Refused(reason, "deputy")
    duties.add_absence(connection, away, visitor.actor, now)
    details = {"account": person, "first": f"{away.first}", "last": f"{away.last}", "deputy": deputy}
    _note(connection, EventKind.ABSENCE_ENTERED, details, visitor, now)


def end_absence(connection: Connection, number: int, visitor: Visitor, now: datetime, book: Rulebook) -> None:
    """Let an absence count no more from now on. Raises Refused."""
    board.change(connection, now)
    absences = {absence.id: absence for absence in duties.absences_from(connection, book.clocks.today(now))}
    away = absences[number].away if number in absences else None
    if away is None or not may_enter_for(connection, visitor, away.person, book):
        raise Refused("there is no such absence any more", kind=Kind.UNKNOWN)
    if not duties.end_absence(connection, number, now):
        raise Refused("it was ended at this moment by somebody else")
    details = {"account": away.person, "first": f"{away.first}", "last": f"{away.last}", "deputy": away.deputy}
    _note(connection, EventKind.ABSENCE_ENDED, details, visitor, now)


def enter_duty(connection: Connection, shift: Shift, visitor: Visitor, now: datetime, book: Rulebook) -> None:
    """Let somebody be called outside office hours for a team. Raises Refused."""
    board.change(connection, now)
    person = typed.account(shift.person) if "@" in shift.person else shift.person.strip()
    shift = Shift(shift.team, shift.first, shift.last, person)
    _refuse_team(shift.team, visitor, book)
    _refuse_days(shift.first, shift.last, night_from(now, book.clocks.default_calendar))
    if reason := _why_not_callable(connection, person, book):
        raise Refused(reason, "person")
    if clash := rota.overlap((duty.shift for duty in duties.duties_from(connection, shift.first)), shift):
        raise Refused(
            f"some of these nights are with {clash.person} already, {_days(clash.first, clash.last)}", "first"
        )
    duties.add_duty(connection, shift, visitor.actor, now)
    _note(connection, EventKind.DUTY_ENTERED, _of_shift(shift), visitor, now)


def drop_duty(connection: Connection, number: int, visitor: Visitor, now: datetime, book: Rulebook) -> None:
    """Take a shift out of the rota. Raises Refused."""
    board.change(connection, now)
    first = night_from(now, book.clocks.default_calendar)
    shifts = {duty.id: duty.shift for duty in duties.duties_from(connection, first)}
    if number not in shifts:
        raise Refused("there is no such night any more", kind=Kind.UNKNOWN)
    _refuse_team(shifts[number].team, visitor, book)
    if not duties.drop_duty(connection, number):
        raise Refused("it was taken out at this moment by somebody else")
    _note(connection, EventKind.DUTY_DROPPED, _of_shift(shifts[number]), visitor, now)


def absences_seen(connection: Connection, visitor: Visitor, now: datetime, book: Rulebook) -> list[Absence]:
    """The absences, now and to come, that this visitor may end."""
    absences = duties.absences_from(connection, book.clocks.today(now))
    return [absence for absence in absences if may_enter_for(connection, visitor, absence.away.person, book)]


def away_today(connection: Connection, people: Iterable[str], now: datetime, book: Rulebook) -> dict[str, Away]:
    """Who of these is away today, and who stands in."""
    today = book.clocks.today(now)
    entries = tuple(absence.away for absence in duties.absences_from(connection, today))
    deputies = book.outgoing.deputies.beside(entries)
    return {person: away for person in people if (away := deputies.of(person, today))}


def nights(connection: Connection, visitor: Visitor, now: datetime, book: Rulebook) -> list[Nights]:
    """The next nights of each team that this visitor sees."""
    first = night_from(now, book.clocks.default_calendar)
    shifts = [duty.shift for duty in duties.duties_from(connection, first)]
    teams = (team for team in book.outgoing.teams if visitor.scope.sees(team))
    return [Nights(team, tuple(rota.nights(shifts, team, first, NIGHTS_SHOWN))) for team in teams]


def night_from(now: datetime, calendar: Calendar) -> date:
    """The night that it is, or during office hours the one that comes."""
    return rota.night_of(now, calendar) or calendar.day_of(now)


def teams_without_tonight(connection: Connection, now: datetime, book: Rulebook) -> list[str]:
    """The teams whose rota leaves the next night to nobody."""
    first = night_from(now, book.clocks.default_calendar)
    shifts = [duty.shift for duty in duties.duties_from(connection, first - timedelta(days=NIGHTS_SHOWN))]
    teams = dict.fromkeys(shift.team for shift in shifts)
    return [team for team in teams if team in book.outgoing.teams and not rota.person_on(shifts, team, first)]


def _refuse_days(first: date, last: date, today: date) -> None:
    if last < first:
        raise Refused("the last day is before the first", "last")
    if first < today:
        raise Refused("the first day is over; begin today", "first")
    if last - first >= timedelta(days=MOST_DAYS) or first - today > timedelta(days=MOST_DAYS):
        raise Refused(f"enter days within {MOST_DAYS} days from today, and no more than so many at once", "last")


def _refuse_team(team: str, visitor: Visitor, book: Rulebook) -> None:
    is_lead = visitor.account is not None and visitor.account.role in (Role.LEAD, Role.ADMINISTRATOR)
    if team not in book.outgoing.teams or not visitor.scope.sees(team) or not is_lead:
        raise Refused("choose a team of yours", "team")


def _why_not_away(connection: Connection, person: str, visitor: Visitor, book: Rulebook) -> str:
    if not person:
        return "choose who is away"
    if reason := assignees.why_unknown(connection, person, book):
        return reason
    return "" if may_enter_for(connection, visitor, person, book) else f"you lead no team of {person}"


def _why_no_deputy(connection: Connection, away: Away, known_absences: Deputies, book: Rulebook) -> str:
    """A deputy is one of us, another person, and there on each of the days, so that no two stand in for each other."""
    if not away.deputy:
        return ""
    if away.deputy == away.person:
        return "nobody stands in for themselves; choose somebody else, or nobody"
    if clash := known_absences.within(away.deputy, away.first, away.last):
        return f"choose somebody else: {away.deputy} is away, too, {_days(clash.first, clash.last)}"
    return assignees.why_unknown(connection, away.deputy, book)


def _why_not_callable(connection: Connection, person: str, book: Rulebook) -> str:
    """Somebody of staff, or an outlet that forms messages to staff, such as a telephone that is passed on."""
    if not person:
        return "choose who is called"
    if _names_outlet(person):
        return "" if person in callable_outlets(book) else f"there is no outlet {person.removeprefix(CHANNEL)[:40]}"
    return assignees.why_unknown(connection, person, book)


def callable_outlets(book: Rulebook) -> list[str]:
    """The outlets that can be called in place of a person: those of teams, and those that write to nobody else."""
    teams = book.outgoing.teams.values()
    targets = {target for team in teams for level in team.levels for target in level}
    of_ways = {outlet for way in book.ways.values() for outlet in (way.outlet, way.texts_outlet)}
    for_staff = book.outgoing.words - of_ways - {team.outlet for team in teams}
    return sorted({*filter(_names_outlet, targets), *(f"{CHANNEL}{name}" for name in for_staff)})


def _names_outlet(target: str) -> bool:
    return target.startswith(CHANNEL) and "@" not in target


def _teams_naming(person: str, book: Rulebook) -> Iterator[str]:
    for name, team in book.outgoing.teams.items():
        if any(person.lower() == address.lower() for level in team.levels for address in level):
            yield name


def _days(first: date, last: date) -> str:
    return f"from {date_in_words(first)} to {date_in_words(last)}"


def _of_shift(shift: Shift) -> dict[str, str]:
    return {"team": shift.team, "first": f"{shift.first}", "last": f"{shift.last}", "person": shift.person}


def _note(connection: Connection, kind: EventKind, details: dict[str, str], visitor: Visitor, now: datetime) -> None:
    contacts.note(connection, [Event(None, now, kind, visitor.actor, details)])
