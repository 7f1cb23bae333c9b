"""The page "you said, we did", and the same as JSON and CSV: what the organisation made of what people said."""

from typing import Any

from aiohttp import web

from bot.core.languages import direction, html_tag
from bot.flows.titles import Titles
from bot.render.words import date_in_words
from bot.store import improvements
from bot.web.public.languages import LANGUAGE, render
from bot.web.site import Site
from bot.wire import spreadsheets

_CACHE = {"Cache-Control": "public, max-age=300"}
_COLUMNS = ("day", "service", "language", "you_said", "we_did")


class YouSaid:
    """Shows what is published, the newest first; each entry in the language in which it was written."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[web.RouteDef]:
        """For people."""
        return [web.get("/you-said", self._page)]

    def data_routes(self) -> list[web.RouteDef]:
        """For programs."""
        return [web.get("/you-said.json", self._json), web.get("/you-said.csv", self._csv)]

    async def _page(self, request: web.Request) -> web.Response:
        entries, titles = await self._site.read(improvements.published), Titles(self._site.book)
        language = request[LANGUAGE]
        rows = [
            {
                "entry": entry,
                "day": date_in_words(entry.day, language),
                "service": titles.service(entry.service),
                "lang": html_tag(entry.language),
                "direction": direction(entry.language),
            }
            for entry in entries
        ]
        return render(request, "pages/you_said.html", {"rows": rows})

    async def _rows(self) -> list[dict[str, str]]:
        return [
            dict(zip(_COLUMNS, (e.day.isoformat(), e.service, e.language, e.problem, e.remedy), strict=True))
            for e in await self._site.read(improvements.published)
        ]

    async def _json(self, _request: web.Request) -> web.Response:
        body: dict[str, Any] = {"improvements": await self._rows()}
        return web.json_response(body, headers=_CACHE)

    async def _csv(self, _request: web.Request) -> web.Response:
        body = spreadsheets.table(_COLUMNS, (row.values() for row in await self._rows()))
        headers = _CACHE | {"Content-Disposition": 'attachment; filename="you-said.csv"'}
        return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=headers)
