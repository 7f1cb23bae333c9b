"""The queue of the console: what falls due next, filtered by the address, as a page or as CSV; many at once."""

import csv
import io
from dataclasses import asdict, fields
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.core import references
from bot.core.contacts import Contact, State
from bot.core.roles import May, Scope
from bot.flows import office
from bot.flows.office import Objection, Order
from bot.render.formats import due_in_words
from bot.store import clocks, queue, shunt, views
from bot.store.queue import WHICH, Wanted
from bot.web import telling
from bot.web.api import known_services
from bot.web.doorkeeper import ROOT, Doorkeeper, Guest, fields_of, render
from bot.web.office import Office

AT_ONCE = 50
MOST_IN_CSV = 10_000
_MOST_AT_ONCE = 200
_LONGEST = 200
_STATES = (*State, "any")
_FILTERS = tuple(one.name for one in fields(Wanted))
# A cell that begins so is run by spreadsheet programs (OWASP: CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_CSV = (
    *("reference", "state", "channel", "team", "owner", "service", "area", "subject", "sender_name", "sender_address"),
    *("received_at", "acknowledge_by", "acknowledged_at", "respond_by", "responded_at", "due_at", "outcome", "reason"),
)


class QueuePages:
    """The list, its CSV, what is done to many, and saved views."""

    def __init__(self, office: Office, door: Doorkeeper) -> None:
        self._office, self._door = office, door

    def routes(self) -> list[web.RouteDef]:
        """Looking, saving a view, and acting on many."""
        page = self._door.page
        return [
            web.get(f"{ROOT}/queue", page(May.READ, self._show)),
            web.get(f"{ROOT}/queue.csv", page(May.READ, self._csv)),
            web.post(f"{ROOT}/queue", page(May.LEAD, self._act_on_many)),
            web.post(f"{ROOT}/views", page(May.READ, self._save_view)),
        ]

    async def _show(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        wanted, number = wanted_of(request), _number(request)
        if named := references.find(wanted.words, self._office.book.prefix):
            raise web.HTTPSeeOther(f"{ROOT}/contacts/{named[0]}")
        session, secret = guest.visitor.session, self._office.book.secret
        told = telling.said(request.query.get("told", ""), session, secret, self._office.now())
        return await self._page(request, guest, wanted, number, {"told": told})

    async def _page(
        self, request: web.Request, guest: Guest, wanted: Wanted, number: int, more: dict[str, Any] | None = None
    ) -> web.Response:
        now, scope, owner = self._office.now(), guest.visitor.scope, guest.visitor.address

        def read(c: Any) -> dict[str, Any]:
            return {
                "found": queue.page(c, wanted, scope, now, most=AT_ONCE, skip=(number - 1) * AT_ONCE),
                "views": views.of(c, owner),
                "owners": sorted({address for team, address in clocks.owners(c) if scope.sees(team)}),
                "shunted": self._shunted(shunt.by_channel(c), scope),
            }

        context = await self._office.read(read)
        query = {name: value for name, value in asdict(wanted).items() if value and (name, value) != ("state", "open")}
        context |= {
            "wanted": wanted,
            "rows": [self._row(one, now) for one in context["found"].contacts],
            "number": number,
            "query": urlencode(query),
            "choices": self._choices(guest, context["owners"]),
            "told": "",
            "refused": [],
            "may_lead": guest.may(May.LEAD),
            **(more or {}),
        }
        return render(request, guest, "queue", context, 409 if context["refused"] else 200)

    def _shunted(self, found: dict[str, int], scope: Scope) -> int:
        return sum(count for channel, count in found.items() if self._office.sees_channel(scope, channel))

    def _row(self, contact: Contact, now: Any) -> dict[str, Any]:
        book = self._office.book
        day_of, due = book.default_calendar.day_of, contact.due_at if contact.state == State.OPEN else None
        promised = book.standard_of(contact).respond if contact.standard and contact.acknowledged_at else None
        tags = [("urgent", "Urgent")] if contact.urgent_at is not None else []
        tags += [("late", "Late")] if due is not None and due < now else []
        tags += [("today", "Today")] if due is not None and due >= now and day_of(due) == day_of(now) else []
        tags += [("paused", "Paused")] if contact.paused_at is not None else []
        tags += [("muted", contact.state.capitalize())] if contact.state != State.OPEN else []
        return {
            "contact": contact,
            "due": due_in_words(due, promised, book.default_calendar.zone),
            "owed": "acknowledgement" if contact.acknowledged_at is None else "answer",
            "tags": tags,
        }

    def _choices(self, guest: Guest, owners: list[str]) -> dict[str, list[str]]:
        book = self._office.book
        areas = sorted({area for standard in book.promises.standards for area in standard.areas})
        return {
            "team": [team for team in book.teams if guest.visitor.scope.sees(team)],
            "owner": owners,
            "service": known_services(self._office),
            "area": areas,
            "channel": list(book.ways),
            "state": list(_STATES),
            "which": list(WHICH),
        }

    async def _csv(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        wanted, now, scope = wanted_of(request), self._office.now(), guest.visitor.scope
        found = await self._office.read(lambda c: queue.page(c, wanted, scope, now, most=MOST_IN_CSV))
        await self._door.note(guest, "list saved as CSV", {"contacts": len(found.contacts)})
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(_CSV)
        zone = self._office.book.default_calendar.zone
        writer.writerows([_cell(getattr(one, name), zone) for name in _CSV] for one in found.contacts)
        headers = {"Content-Disposition": 'attachment; filename="contacts.csv"'}
        # The mark at the start lets spreadsheet programs see that it is UTF-8.
        body = text.getvalue().encode("utf-8-sig")
        return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=headers)

    async def _act_on_many(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        posted = await request.post()
        values = await fields_of(request)
        chosen = [str(one) for one in posted.getall("reference", [])][:_MOST_AT_ONCE]
        action, now, book = values.get("action", ""), self._office.now(), self._office.book
        wanted, number = wanted_of(request), _number(request)
        if action not in ("assign", "close") or not chosen:
            reason = "Choose one contact or more, and what is to be done with them."
            return await self._page(request, guest, wanted, number, {"refused": [reason]})

        def act(c: Any) -> tuple[int, list[str]]:
            refused = []
            for reference in chosen:
                try:
                    office.act(c, Order(action, reference, values), guest.visitor, now, book)
                except Objection as objection:
                    refused.append(f"{reference}: {objection.reason}.")
            return len(chosen) - len(refused), refused

        done, refused = await self._office.write(act)
        word = "handed over" if action == "assign" else "closed"
        told = f"{done} of {len(chosen)} contacts are {word}."
        return await self._page(request, guest, wanted, number, {"told": told, "refused": refused})

    async def _save_view(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        values, owner = await fields_of(request), guest.visitor.address
        if drop := values.get("drop", ""):
            await self._office.write(lambda c: views.drop(c, owner, int(drop) if drop.isdecimal() else 0))
            raise web.HTTPSeeOther(f"{ROOT}/queue")
        name, query = values.get("name", "").strip()[:60], values.get("query", "")[:1000]
        if name and query.isascii() and query.isprintable():
            await self._office.write(lambda c: views.save(c, owner, name, query))
        raise web.HTTPSeeOther(f"{ROOT}/queue?{query}" if query.isascii() and query.isprintable() else f"{ROOT}/queue")


def wanted_of(request: web.Request) -> Wanted:
    """What the address asks for; what makes no sense is left out."""
    asked = {name: request.query.get(name, "").strip()[:_LONGEST].replace("\0", "") for name in _FILTERS}
    asked["state"] = asked["state"] if asked["state"] in _STATES else "open"
    asked["which"] = asked["which"] if asked["which"] in WHICH else ""
    asked = {name: value.encode("utf-8", "replace").decode() for name, value in asked.items()}
    return Wanted(**asked)


def _number(request: web.Request) -> int:
    text = request.query.get("page", "1")
    return min(max(int(text), 1), 10_000) if text.isascii() and text.isdecimal() and len(text) < 7 else 1


def _cell(value: Any, zone: Any) -> str:
    if value is None:
        return ""
    text = value.astimezone(zone).isoformat(timespec="seconds") if hasattr(value, "astimezone") else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
