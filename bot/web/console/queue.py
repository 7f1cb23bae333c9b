"""The queue of the console: what falls due next, filtered by the address, as a page or as CSV."""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote

from aiohttp import web

from bot.core import threads
from bot.core.events import EventKind
from bot.core.roles import Permission
from bot.flows.changes import classify
from bot.flows.desk import rows
from bot.flows.titles import Titles
from bot.store import calls, clocks, public_posts, queue, settled, shunt, views
from bot.web.console import filters, flash, reply
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, render
from bot.web.console.filters import Filters
from bot.web.console.lists import List, address_in, page_in
from bot.web.console.wishes import LANGUAGE_CHOICES
from bot.web.forms import fields_of, number_of
from bot.web.site import Site
from bot.wire import spreadsheets

AT_ONCE = 50
MOST_IN_CSV = 10_000
_LISTS = (("Everything open", ""), *((filters.KINDS[kind].capitalize(), f"which={kind}") for kind in filters.QUICK))
NOTHING_TYPED = dict.fromkeys(("action", "team", "owner", "outcome", "reason", "note"), "")
_LONGEST_QUERY = 2_000
_CSV = (
    *("reference", "state", "channel", "team", "owner", "service", "area", "subject", "sender_name", "sender_address"),
    *("received_at", "acknowledge_by", "acknowledged_at", "respond_by", "responded_at"),
    *("platform_reply_by", "due_at", "outcome", "reason"),
)


class QueuePages:
    """The list, its CSV, and saved views."""

    def __init__(self, site: Site, door: Doorkeeper) -> None:
        self._site, self._door = site, door

    def routes(self) -> list[web.RouteDef]:
        """Looking, and saving a view."""
        page = self._door.page
        return [
            web.get(f"{ROOT}/queue", page(Permission.READ, self._show)),
            web.get(f"{ROOT}/queue.csv", page(Permission.READ, self._csv)),
            web.post(f"{ROOT}/views", page(Permission.READ, self._save_view)),
        ]

    async def _show(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        if request.query.get("which") == "shunted":
            raise web.HTTPSeeOther(f"{ROOT}/shunted")
        criteria = filters.read(request.query)
        if references_in_words := threads.references_in(criteria["words"], self._site.book.prefix):
            raise web.HTTPSeeOther(f"{ROOT}/contacts/{references_in_words[0]}")
        session, secret = guest.visitor.session, self._site.book.secret
        message = flash.words_in(request.query.get("told", ""), session, secret, self._site.now())
        now, book = self._site.now(), self._site.book
        notice = await self._site.read(lambda c: reply.notice(c, request.query, guest.visitor, now, book))
        return await self.page(request, guest, criteria, {"told": message, "answered": notice})

    async def page(self, request: web.Request, guest: Guest, criteria: Filters, more: dict[str, Any]) -> web.Response:
        """The list, with `more` of what its template shows."""
        now, number = self._site.now(), page_in(request.query)
        context = await self._read(guest, criteria, now, skip=(number - 1) * AT_ONCE)
        result, titles = context["found"], Titles(self._site.book)
        context |= {
            "asked": criteria,
            "shown": criteria.in_words(titles),
            "kinds": filters.KINDS,
            "no_team": queue.NO_TEAM,
            "number": number,
            "list_query": List(criteria, number).query,
            "may_take": guest.may(Permission.ACT),
            "counted": _count_words(number, len(result.contacts), more=result.more),
            "choices": self._choices(guest, titles, context["owners"]),
            "lists": [*_LISTS[:1], ("Mine", f"owner={quote(guest.visitor.address)}"), *_LISTS[1:]],
            "told": "",
            "answered": None,
            "refused": [],
            "chosen": frozenset(),
            "all_chosen": False,
            "unnamed": False,
            "typed": NOTHING_TYPED,
            "address_in": address_in,
            "may_lead": guest.may(Permission.LEAD),
            **more,
        }
        return render(request, guest, "queue", context, 409 if context["refused"] else 200)

    async def _read(self, guest: Guest, criteria: Filters, now: datetime, *, skip: int) -> dict[str, Any]:
        scope, owner, sees = guest.visitor.scope, guest.visitor.address, self._site.sees_channel
        filter_query = criteria.as_criteria(self._site.book.clocks.default_calendar.zone)
        # Before the page: what is committed between the two counts as done since.
        last_event = await self._site.read(settled.up_to)

        def read(c: Any) -> dict[str, Any]:
            result = queue.page(c, filter_query, scope, now, most=AT_ONCE, skip=skip)
            return {
                "found": result,
                "rows": rows.of(c, result.contacts, owner, now, self._site.book),
                "calling": calls.count_calling(c, scope),
                "seen": last_event,
                "views": views.of(c, owner),
                "owners": sorted({address for team, address in clocks.owners(c) if scope.sees(team)}),
                "in_public": public_posts.count(c, scope),
                "shunted": sum(count for name, count in shunt.by_channel(c).items() if sees(scope, name)),
            }

        return await self._site.read(read)

    def _choices(self, guest: Guest, titles: Titles, owners: list[str]) -> dict[str, Any]:
        """What each filter can be, each with its title."""
        book, scope = self._site.book, guest.visitor.scope
        return {
            "team": {team: titles.team(team) for team in book.outgoing.teams if scope.sees(team)},
            "owner": {address: address for address in owners},
            "service": {name: titles.service(name) for name in classify.choices("service", book)},
            "area": {name: titles.area(name) for name in classify.choices("area", book)},
            "channel": {name: titles.channel(name) for name in book.ways},
            "state": list(filters.STATES),
            "language": LANGUAGE_CHOICES,
        }

    async def _csv(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        zone = self._site.book.clocks.default_calendar.zone
        filter_query, now, scope = filters.read(request.query).as_criteria(zone), self._site.now(), guest.visitor.scope
        result = await self._site.read(lambda c: queue.page(c, filter_query, scope, now, most=MOST_IN_CSV))
        await self._door.note(guest, EventKind.LIST_SAVED, {"contacts": len(result.contacts)})
        cells = ([_cell(getattr(contact, name), zone) for name in _CSV] for contact in result.contacts)
        headers = {"Content-Disposition": 'attachment; filename="contacts.csv"'}
        body = spreadsheets.table(_CSV, cells)
        return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=headers)

    async def _save_view(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        values, owner = await fields_of(request), guest.visitor.address
        if drop := values.get("drop", ""):
            number = number_of(drop) or 0
            if await self._site.write(lambda c: views.drop(c, owner, number)):
                await self._door.note(guest, EventKind.VIEW_DROPPED, {"number": number})
            raise web.HTTPSeeOther(f"{ROOT}/queue")
        criteria = filters.read(dict(parse_qsl(values.get("query", "")[:_LONGEST_QUERY])))
        name = values.get("name", "").strip()[:60]
        if not name:
            fault = "The view was not kept: give it a name."
            return await self.page(request, guest, criteria, {"refused": [fault], "unnamed": True})
        await self._site.write(lambda c: views.save(c, owner, name, criteria.query))
        await self._door.note(guest, EventKind.VIEW_SAVED, {"name": name})
        secret, now = self._site.book.secret, self._site.now()
        message = flash.token("The view is kept. It stands above the list.", guest.visitor.session, secret, now)
        raise web.HTTPSeeOther(f"{ROOT}/queue?{criteria.query}&told={message}")


def _count_words(number: int, count: int, *, more: bool) -> str:
    """How many there are; without counting them where there are many."""
    first = (number - 1) * AT_ONCE + 1
    if not count or (number == 1 and not more):
        return _contacts(count) if count else ""
    last = first + count - 1
    return f"{first} to {last} of {'more than ' if more else ''}{last} contacts"


def _contacts(count: int) -> str:
    return f"{count} contact{'' if count == 1 else 's'}"


def _cell(value: Any, zone: Any) -> str:
    if value is None:
        return ""
    return value.astimezone(zone).isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)
