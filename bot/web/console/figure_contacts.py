"""The contacts behind a number of the figures room, as a list and as a file: as many as the number says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.core.contacts import Contact
from bot.core.events import EventKind
from bot.core.forecasts import Forecast
from bot.core.roles import Permission
from bot.core.selections import COUNTS, NOTHING, Selection
from bot.core.spells import SECOND, Ending, Spell, instant
from bot.flows.changes.refusals import Refused
from bot.flows.figures import forecast, room
from bot.flows.titles import Titles
from bot.render import report_view
from bot.store import contacts
from bot.web.console import figure_filters, lists
from bot.web.console.doorkeeper import Doorkeeper, Guest, refusal, render
from bot.web.console.figure_filters import Filters
from bot.web.console.figure_tables import CONTACTS
from bot.web.console.figures import csv_file, sight_of
from bot.web.forms import as_text
from bot.web.site import STATUS_OF, Site
from bot.wire import spreadsheets

_MOST_ROWS = 50
_MOST_IN_CSV = 10_000
_HEADINGS = ("contact", "began", "promised_by", "ended", "outcome", "in_time", "team", "service")
_ENDINGS = {
    Ending.OPEN: "open",
    Ending.ANSWERED: "answered",
    Ending.FINISHED: "closed, with the reason",
    Ending.TOLD: "told by phone or by letter",
    Ending.WITHDRAWN: "no longer needed",
    Ending.DUPLICATE: "goes on with another contact",
    Ending.SPAM: "spam",
    Ending.TEST: "a test",
    Ending.MERGED: "part of another contact",
    Ending.LOGGED: "only logged",
}
_EXPECTED = {
    "already": "Late already",
    "due": "Falls due in the next ten working days",
    "late": "Late at the usual rate of answers",
    "nothing": "Late in ten working days if nothing happens",
    "undated": "Open without a date",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One contact, or one of its times of waiting; `reference` is "" where it is with a team that is not seen."""

    reference: str
    begins_at: datetime
    due_at: datetime | None
    ends_at: datetime | None
    outcome: str
    in_time: str
    team: str
    service: str


@dataclass(frozen=True, slots=True)
class _List:
    """A title, how many there are, and the lines of a page."""

    title: str
    count: int
    lines: tuple[Line, ...]


class FigureContacts:
    """The list and its file."""

    def __init__(self, site: Site, door: Doorkeeper) -> None:
        self._site, self._door = site, door

    def routes(self) -> list[web.RouteDef]:
        """Looking."""
        page = self._door.page
        return [
            web.get(CONTACTS, page(Permission.READ, self._show)),
            web.get(f"{CONTACTS}.csv", page(Permission.READ, self._csv)),
        ]

    async def _show(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        number = lists.page_in(request.query)
        filters = self._filters(request)
        try:
            rows = await self._list(request, guest, filters, (number - 1) * _MOST_ROWS, _MOST_ROWS)
        except Refused as objection:
            return refusal(request, STATUS_OF[objection.kind], "There is no such list", objection.sentence, guest)
        query = urlencode({name: as_text(value) for name, value in request.query.items() if name != "page"})
        zone = self._site.book.clocks.default_calendar.zone
        context = {
            "list": rows,
            "number": number,
            "pages": max(1, -(-rows.count // _MOST_ROWS)),
            "query": query,
            "filters": filters,
            "titles": Titles(self._site.book),
            "day": lambda at: f"{at.astimezone(zone):%d/%m/%Y}" if at else "",
        }
        return render(request, guest, "figure_contacts", context)

    async def _csv(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        filters = self._filters(request)
        try:
            rows = await self._list(request, guest, filters, 0, _MOST_IN_CSV)
        except Refused as objection:
            return refusal(request, STATUS_OF[objection.kind], "There is no such list", objection.sentence, guest)
        await self._door.note(guest, EventKind.LIST_SAVED, {"contacts": len(rows.lines)})
        zone = self._site.book.clocks.default_calendar.zone

        def local(at: datetime | None) -> str:
            return at.astimezone(zone).isoformat(timespec="seconds") if at else ""

        cells = (
            (
                line.reference,
                *map(local, (line.begins_at, line.due_at, line.ends_at)),
                *(line.outcome, line.in_time, line.team, line.service),
            )
            for line in rows.lines
        )
        return csv_file("figure-contacts.csv", spreadsheets.table(_HEADINGS, cells))

    def _filters(self, request: web.Request) -> Filters:
        today = self._site.book.clocks.today(self._site.now())
        return figure_filters.read(request.query, today, figure_filters.MOST_DAYS_OF_LIST)

    async def _list(self, request: web.Request, guest: Guest, filters: Filters, skip: int, most: int) -> _List:
        """Raises Refused for a number that there is not, and for a cut-off before everything."""
        if which := request.query.get("forecast", ""):
            return await self._expected(guest, filters, which, request.query.get("day", ""), slice(skip, skip + most))
        return await self._counted(request, guest, filters, slice(skip, skip + most))

    async def _counted(self, request: web.Request, guest: Guest, filters: Filters, part: slice) -> _List:
        """The spells behind a number of the past."""
        name, reason = request.query.get("figure", ""), request.query.get("reason")
        column = COUNTS.get(name)
        if column is None:
            raise Refused("there is no such number", "figure")
        sight = await sight_of(self._site, guest, filters)
        if sight is None:
            return _List(column.title, 0, ())
        days = filters.first_day, filters.last_day

        def read(connection: Any) -> _List:
            spells = room.behind(connection, sight, days, Selection(column, reason))
            rows = contacts.with_id(connection, {spell.contact_id for spell in spells[part]})
            lines = (_line(spell, rows.get(spell.contact_id), guest, name) for spell in spells[part])
            about = f": {report_view.reason_in_words(name, reason)}" if reason and spells else ""
            return _List(f"{column.title}{about}", len(spells), tuple(lines))

        return await self._site.read(read)

    async def _expected(self, guest: Guest, filters: Filters, which: str, day: str, part: slice) -> _List:
        """The open contacts behind a number of the forecast."""
        if which not in _EXPECTED:
            raise Refused("there is no such number", "forecast")
        now, calendar, scope = self._site.now(), self._site.book.clocks.default_calendar, guest.visitor.scope
        team = filters.topic.values.get("team", "")

        def read(connection: Any) -> _List:
            forecasts = forecast.by_team(connection, scope, now, calendar)
            ids = [
                contact_id
                for row in forecasts
                if team in ("", row.team or NOTHING)
                for contact_id in (row.undated if which == "undated" else _ids(row.forecast, which, day))
            ]
            rows = contacts.with_id(connection, ids[part])
            lines = (_open_line(rows[contact_id], now) for contact_id in ids[part] if contact_id in rows)
            return _List(_EXPECTED[which], len(ids), tuple(lines))

        return await self._site.read(read)


def _ids(outlook: Forecast, which: str, day: str) -> Sequence[int]:
    """The contacts of one number of a forecast; of one day, if a day is named."""
    if which in ("already", "nothing"):
        return outlook.already if which == "already" else (*outlook.already, *outlook.due)
    days = [row for row in outlook.days if day in ("", row.day.isoformat())]
    return [contact_id for row in days for contact_id in (row.due if which == "due" else row.late or ())]


def _line(spell: Spell, contact: Contact | None, guest: Guest, figure: str) -> Line:
    """A spell as it stood; of an acknowledgement, its date and when it was given."""
    due_at, ends_at = spell.respond_by, spell.ends_at
    kept_at = spell.responded_at
    if figure.startswith("ack_"):
        due_at, ends_at = spell.acknowledge_by, spell.acknowledged_at
        kept_at = ends_at
    is_visible = contact is not None and guest.visitor.scope.sees(contact.team)
    return Line(
        contact.reference if contact is not None and is_visible else "",
        instant(spell.begins_at),
        None if due_at is None else instant(due_at),
        None if ends_at is None else instant(ends_at),
        _ENDINGS[Ending(spell.ending)] if spell.paused_at is None or spell.ending else "open, its clock stands",
        _in_time(due_at, kept_at),
        spell.team,
        spell.service,
    )


def _in_time(due_at: int | None, kept_at: int | None) -> str:
    if due_at is None or kept_at is None:
        return ""
    return "yes" if kept_at < due_at + SECOND else "no"


def _open_line(contact: Contact, now: datetime) -> Line:
    due_at = contact.respond_by
    outcome = "open, its clock stands" if contact.paused_at else "open"
    in_time = "no" if due_at is not None and due_at < now else ""
    times = (contact.received_at, due_at, None)
    return Line(contact.reference, *times, outcome, in_time, contact.team or "", contact.service or "")
