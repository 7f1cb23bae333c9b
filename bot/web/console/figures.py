"""The figures room of teams: the last weeks, what will be late, where the time goes, what causes contacts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.core.events import EventKind
from bot.core.measures import CUTS
from bot.core.roles import Permission
from bot.core.selections import NOTHING
from bot.flows.changes import classify
from bot.flows.changes.refusals import Refused
from bot.flows.figures import forecast, report, room
from bot.flows.figures.forecast import TeamForecast
from bot.flows.figures.room import Room, Sight
from bot.flows.titles import Titles
from bot.render.words import instant_in_words
from bot.web.console import figure_filters, figure_tables
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, render
from bot.web.console.figure_filters import Filters
from bot.web.console.figure_tables import Links, Table
from bot.web.site import Site
from bot.wire import spreadsheets

_HERE = f"{ROOT}/figures"


@dataclass(frozen=True, slots=True)
class _Figures:
    """Everything that the room shows; without a `sight` nothing was recorded yet."""

    sight: Sight | None
    room: Room | None
    forecasts: list[TeamForecast]


class FigurePages:
    """The room, and each of its tables as a file."""

    def __init__(self, site: Site, door: Doorkeeper) -> None:
        self._site, self._door = site, door

    def routes(self) -> list[web.RouteDef]:
        """Looking."""
        page = self._door.page
        return [
            web.get(_HERE, page(Permission.READ, self._show)),
            web.get(f"{_HERE}.csv", page(Permission.READ, self._csv)),
        ]

    async def _show(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        filters, titles = self._filters(request), Titles(self._site.book)
        figures = await self._figures(guest, filters)
        zone = self._site.book.clocks.default_calendar.zone
        context = {
            "filters": filters,
            "topic": {cut: filters.topic.values.get(cut, "") for cut in CUTS},
            "choices": self._choices(guest, titles),
            "tables": {table.name: table for table in self._tables(figures, filters, titles)},
            "stage_bars": figure_tables.stage_bars(figures.room.stages) if figures.room else [],
            "known_at": instant_in_words(figures.sight.known_at, zone) if figures.sight else "",
            "cut_off": figures.sight.cut_off if figures.sight else 0,
            "most_days": figure_filters.MOST_DAYS,
            "most_answers": room.MOST_ANSWERS,
        }
        return render(request, guest, "figures", context)

    async def _csv(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        filters, titles = self._filters(request), Titles(self._site.book)
        figures = await self._figures(guest, filters)
        tables = {table.name: table for table in self._tables(figures, filters, titles)}
        table = tables.get(request.query.get("table", "weeks"))
        if table is None:
            raise web.HTTPNotFound
        await self._door.note(guest, EventKind.LIST_SAVED, {"figures": table.name})
        rows = ([row.name, *(cell.text for cell in row.cells)] for row in table.rows)
        return csv_file(f"figures-{table.name}.csv", spreadsheets.table(table.headings, rows))

    def _filters(self, request: web.Request) -> Filters:
        return figure_filters.read(request.query, self._site.book.clocks.today(self._site.now()))

    async def _figures(self, guest: Guest, filters: Filters) -> _Figures:
        """Read everything in one state of the store."""
        now, book, scope = self._site.now(), self._site.book, guest.visitor.scope
        calendar, days = book.clocks.default_calendar, (filters.first_day, filters.last_day)
        sight = await sight_of(self._site, guest, filters)
        team = filters.topic.values.get("team", "")

        def read(connection: Any) -> _Figures:
            forecasts = forecast.by_team(connection, scope, now, calendar)
            chosen_teams = [row for row in forecasts if team in ("", row.team or NOTHING)]
            look = room.look(connection, sight, book.clocks.today(now), days) if sight else None
            return _Figures(sight, look, chosen_teams)

        return await self._site.read(read)

    def _tables(self, figures: _Figures, filters: Filters, titles: Titles) -> list[Table]:
        values = {**filters.topic.values, **({"at": str(figures.sight.cut_off)} if figures.sight else {})}
        links, look = Links(values), figures.room
        tables = [
            figure_tables.teams(figures.forecasts, titles, links),
            figure_tables.days(figures.forecasts, links),
        ]
        if look is None:
            return tables
        return [
            figure_tables.weeks(look, links),
            *tables,
            figure_tables.stages(look.stages),
            figure_tables.services(look.services, look.period.period, titles, links),
        ]

    def _choices(self, guest: Guest, titles: Titles) -> Mapping[str, Mapping[str, str]]:
        """What each filter can be, each with its title."""
        book, scope = self._site.book, guest.visitor.scope
        teams = {team: titles.team(team) for team in book.outgoing.teams if scope.sees(team)}
        return {
            "team": {**teams, **({NOTHING: "No team"} if scope.sees(None) else {})},
            "service": {name: titles.service(name) for name in classify.choices("service", book)},
            "channel": {name: titles.channel(name) for name in book.ways},
            "area": {name: titles.area(name) for name in classify.choices("area", book)},
            "kind": {name: titles.kind(name) for name in classify.choices("kind", book)},
            "standard": {standard.id: standard.title or standard.id for standard in book.clocks.promises.standards},
        }


async def sight_of(site: Site, guest: Guest, filters: Filters) -> Sight | None:
    """What somebody sees at the cut-off of an address; None where nothing was recorded by then."""
    try:
        # Before what is counted: an event up to it may have been committed a moment ago.
        cut_off = await site.read(lambda c: report.cut_off(c, filters.at))
    except Refused:
        return None
    return await site.read(lambda c: room.sight(c, guest.visitor.scope, filters.topic, cut_off, site.book))


def csv_file(name: str, content: bytes) -> web.Response:
    """A table as a file to be saved."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=content, content_type="text/csv", charset="utf-8", headers=headers)
