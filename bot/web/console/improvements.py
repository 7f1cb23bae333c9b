"""The entries of "you said, we did": written, looked at as everybody will read them, published, withdrawn."""

from collections.abc import Mapping
from typing import Any, ClassVar

from aiohttp import web
from sqlalchemy import Connection

from bot.core.improvements import MOST_CHARACTERS, Stage
from bot.core.languages import LANGUAGES, direction, html_tag
from bot.core.roles import Permission
from bot.flows.changes.refusals import Refused
from bot.flows.desk import improvements
from bot.flows.desk.improvements import Entry
from bot.flows.titles import Titles
from bot.render.words import date_in_words
from bot.store import improvements as stored
from bot.web.console import days
from bot.web.console.board_page import BoardPage
from bot.web.console.doorkeeper import ROOT, Guest, render
from bot.web.forms import number_of
from bot.web.site import STATUS_OF

_FIELDS = ("problem", "remedy", "service", "language", "day", "references")


class ImprovementPages(BoardPage):
    """Leads alone speak for the organisation."""

    address = f"{ROOT}/improvements"
    permission = Permission.LEAD
    sentences: ClassVar = {
        "write": "It is kept as a draft. Look at it, then publish it.",
        "publish": "Everybody can read it now.",
        "withdraw": "It is not on the public page any more.",
    }

    async def _opening_fields(self, request: web.Request) -> Mapping[str, str]:
        number = number_of(request.query.get("change", "")) or 0
        return await self._site.read(lambda c: _fields_of(c, number))

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
