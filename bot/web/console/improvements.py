"""The entries of "you said, we did": written, looked at as everybody will read them, published, withdrawn."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from sqlalchemy import Connection

from bot.core.improvements import MOST_CHARACTERS, Stage
from bot.core.languages import LANGUAGES, direction, html_tag
from bot.core.roles import Permission
from bot.flows import board
from bot.flows.changes.refusals import Refused
from bot.flows.desk import improvements
from bot.flows.desk.improvements import Entry
from bot.flows.titles import Titles
from bot.render.words import date_in_words
from bot.store import improvements as stored
from bot.web.console import days, flash
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, render
from bot.web.forms import fields_of, number_of
from bot.web.site import STATUS_OF, Site

_HERE = f"{ROOT}/improvements"
_DONE = {
    "write": "It is kept as a draft. Look at it, then publish it.",
    "publish": "Everybody can read it now.",
    "withdraw": "It is not on the public page any more.",
}
_FIELDS = ("problem", "remedy", "service", "language", "day", "references")


class ImprovementPages:
    """One page; what is posted names the action."""

    def __init__(self, site: Site, door: Doorkeeper) -> None:
        self._site, self._door = site, door

    def routes(self) -> list[web.RouteDef]:
        """Leads alone speak for the organisation."""
        page = self._door.page
        return [web.get(_HERE, page(Permission.LEAD, self._show)), web.post(_HERE, page(Permission.LEAD, self._act))]

    async def _show(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        secret, now = self._site.book.secret, self._site.now()
        message = flash.words_in(request.query.get("done", ""), guest.visitor.session, secret, now)
        number = number_of(request.query.get("change", "")) or 0
        fields = await self._site.read(lambda c: _fields_of(c, number))
        return await self._page(request, guest, fields, message=message)

    async def _page(
        self,
        request: web.Request,
        guest: Guest,
        fields: Mapping[str, str],
        *,
        message: str = "",
        refusal: Refused | None = None,
    ) -> web.StreamResponse:
        entries, book = await self._site.read(stored.list_all), self._site.book
        titles = Titles(book)
        context = {
            "entries": entries,
            "told": message,
            "fault": refusal.sentence if refusal else "",
            "faults": {refusal.field: refusal.sentence} if refusal else {},
            "fields": {name: fields.get(name, "") for name in (*_FIELDS, "number")},
            "services": {name: titles.service(name) for name in book.intake.router.services},
            "languages": {code: LANGUAGES[code].name for code in self._site.settings.organisation.languages},
            "language_of": lambda code: (html_tag(code), direction(code)),
            "today": book.clocks.today(self._site.now()),
            "day_in_words": date_in_words,
            "titles": titles,
            "most": MOST_CHARACTERS,
            "states": {Stage.DRAFT: "Draft", Stage.PUBLISHED: "Published", Stage.WITHDRAWN: "Withdrawn"},
        }
        return render(request, guest, "improvements", context, STATUS_OF[refusal.kind] if refusal else 200)

    async def _act(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        fields = await fields_of(request)
        try:
            await self._site.write(lambda c: self._change(c, fields, guest))
        except Refused as refusal:
            return await self._page(request, guest, fields, refusal=refusal)
        now, book = self._site.now(), self._site.book
        # In this process at once; the others look within seconds.
        await self._site.read(lambda c: board.refresh(c, now, book))
        token = flash.token(_DONE[fields["action"]], guest.visitor.session, book.secret, now)
        raise web.HTTPSeeOther(f"{_HERE}?done={token}")

    def _change(self, connection: Connection, fields: Mapping[str, str], guest: Guest) -> None:
        now, book, number = self._site.now(), self._site.book, number_of(fields.get("number", "")) or 0
        match fields.get("action", ""):
            case "write":
                entry = Entry(
                    **{name: fields.get(name, "") for name in _FIELDS if name != "day"},
                    day=days.read(fields.get("day", "")),
                )
                improvements.write(connection, entry, number, guest.visitor, now, book)
            case "publish":
                improvements.publish(connection, number, guest.visitor, now, book)
            case "withdraw":
                improvements.withdraw(connection, number, guest.visitor, now)
            case _:
                raise web.HTTPBadRequest


def _fields_of(connection: Connection, number: int) -> dict[str, Any]:
    """A draft as it is put into the form; nothing where there is none to change."""
    entry = stored.find(connection, number) if number else None
    if entry is None or entry.state == Stage.PUBLISHED:
        return {}
    fields = {name: str(getattr(entry, name)) for name in _FIELDS if name != "references"}
    return fields | {"number": str(number), "references": ", ".join(improvements.references_of(connection, entry))}
