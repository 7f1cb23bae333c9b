"""Everything of one person on a page of its own, and its newest lines on the page of a contact."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.core.contacts import State
from bot.core.roles import Permission
from bot.flows.desk import person
from bot.flows.titles import Titles
from bot.render.words import instant_in_words
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, render
from bot.web.console.message import page_number, reference_in_path, unknown
from bot.web.console.opening import Opening
from bot.web.site import Site

NEWEST = 5


class PersonPages:
    """The page of a person, under the reference of any of their contacts: nothing of them stands in an address."""

    def __init__(self, site: Site, door: Doorkeeper) -> None:
        self._site, self._door = site, door

    def routes(self) -> list[web.RouteDef]:
        """Looking only."""
        return [web.get(f"{ROOT}/contacts/{{reference}}/person", self._door.page(Permission.READ, self._show))]

    async def _show(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        book, scope, page = self._site.book, guest.visitor.scope, page_number(request)
        reference, now = reference_in_path(request, book.prefix), self._site.now()
        view = await self._site.read(lambda c: person.show(c, reference, scope, now, book, page=page))
        if view is None:
            return await unknown(self._door, request, guest)
        zone = book.clocks.default_calendar.zone
        context = {
            "person": view,
            "titles": Titles(book),
            "may_act": guest.may(Permission.ACT),
            "when": lambda at: instant_in_words(at, zone) if at else "",
        }
        return render(request, guest, "person", context)


def context(opening: Opening) -> Mapping[str, Any]:
    """The newest other contacts of the person of this contact, and those that could be merged with it."""
    view = opening.view
    if view.page > 1:
        return {"person": None, "newest_rows": (), "same_person": ()}
    scope = opening.guest.visitor.scope
    whose = person.show(opening.connection, view.contact.reference, scope, opening.now, opening.book)
    rows = [row for row in whose.rows if row.contact.id != view.contact.id] if whose else []
    waiting = [row.contact for row in rows if row.contact.state == State.OPEN]
    return {"person": whose, "newest_rows": rows[:NEWEST], "same_person": waiting}
