"""Messages that could not be logged, in the console: the list, one as it came, and what to do with it."""

from typing import Any

from aiohttp import web

from bot.core.roles import May
from bot.flows import receive
from bot.render.formats import instant_in_words
from bot.store import shunt
from bot.web.doorkeeper import ROOT, Doorkeeper, Guest, refusal, render
from bot.web.office import Office
from bot.wire import mime

_RAW_SHOWN = 20_000


class ShuntedPages:
    """The list, and one of them."""

    def __init__(self, office: Office, door: Doorkeeper) -> None:
        self._office, self._door = office, door

    def routes(self) -> list[web.RouteDef]:
        """Looking, and for who leads what to do."""
        page = self._door.page
        return [
            web.get(f"{ROOT}/shunted", page(May.LEAD, self._shunted)),
            web.get(f"{ROOT}/shunted/{{number}}", page(May.LEAD, self._one_shunted)),
            web.post(f"{ROOT}/shunted/{{number}}", page(May.LEAD, self._decide_shunted)),
        ]

    def _when(self, at: Any) -> str:
        return instant_in_words(at, self._office.book.default_calendar.zone) if at else ""

    async def _shunted(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        rows = [row for row in await self._office.read(shunt.listed) if self._sees(guest, row)]
        return render(request, guest, "shunted", {"rows": rows, "one": None, "when": self._when})

    def _sees(self, guest: Guest, row: dict[str, Any]) -> bool:
        way = self._office.book.ways.get(row["channel"])
        return guest.visitor.scope.sees(way.team if way else None)

    async def _found(self, request: web.Request, guest: Guest) -> dict[str, Any] | None:
        text = request.match_info["number"]
        number = int(text) if text.isdecimal() and len(text) < 18 else 0
        row = await self._office.read(lambda c: shunt.find(c, number))
        return row if row and self._sees(guest, row) else None

    async def _one_shunted(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        row = await self._found(request, guest)
        if row is None:
            return _gone(request, guest)
        shown = row["raw"][:_RAW_SHOWN].decode("utf-8", "replace").replace("\0", "")
        context = {"rows": [], "one": row, "raw": shown, "when": self._when, "is_mail": self._is_mail(row)}
        return render(request, guest, "shunted", context)

    def _is_mail(self, row: dict[str, Any]) -> bool:
        way = self._office.book.ways.get(row["channel"])
        return way is not None and way.medium == "email"

    async def _decide_shunted(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        row, posted = await self._found(request, guest), await request.post()
        if row is None:
            return _gone(request, guest)
        number, now, book = row["id"], self._office.now(), self._office.book
        if posted.get("action") == "drop":
            await self._office.write(lambda c: shunt.drop(c, number))
            await self._door.note(guest, "shunted message dropped", {"number": number, "channel": row["channel"]})
            raise web.HTTPSeeOther(f"{ROOT}/shunted")
        if posted.get("action") != "replay" or not self._is_mail(row):
            raise web.HTTPBadRequest
        message = mime.read(row["raw"], channel=row["channel"], received_at=row["at"])
        filed = await self._office.write(lambda c: receive.replay(c, number, message, now, book))
        if filed.outcome == "shunted" or filed.reference is None:
            advice = "It is kept as it was. Read it, answer it by hand, and tell whoever looks after Ackbot."
            return refusal(request, 409, "It still cannot be logged", advice, guest)
        await self._door.note(guest, "shunted message replayed", {"number": number, "reference": filed.reference})
        raise web.HTTPSeeOther(f"{ROOT}/contacts/{filed.reference}")


def _gone(request: web.Request, guest: Guest) -> web.Response:
    return refusal(request, 404, "There is no such message", "Somebody may have dealt with it.", guest)
