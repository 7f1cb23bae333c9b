"""The page of our standards, and the same as JSON: made from the files that the dates are computed by."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from aiohttp import web

from bot.flows import promise
from bot.web.public.languages import render
from bot.web.site import Site

# A link from somebody's browser to it need not be newer than this.
_CACHE = {"Cache-Control": "public, max-age=300"}


class Standards:
    """Shows what is in force, then what follows: the keys of a standard's file, and `in_force`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[web.RouteDef]:
        """For people and for machines."""
        return [web.get("/standards", self._page), web.get("/standards.json", self._json)]

    async def _page(self, request: web.Request) -> web.Response:
        rows = [_in_words(row) for row in self._rows()]
        context = {
            "in_force": [row for row in rows if row["in_force"]],
            "ahead": [row for row in rows if not row["in_force"]],
        }
        return render(request, "pages/standards.html", context)

    async def _json(self, _request: web.Request) -> web.Response:
        return web.json_response({"standards": self._rows()}, headers=_CACHE)

    def _rows(self) -> list[dict[str, Any]]:
        book = self._site.book
        return promise.publication(book.clocks.promises, book.clocks.today(self._site.now()))


def _in_words(row: Mapping[str, Any]) -> dict[str, Any]:
    days = {key: _day(row[key]) for key in ("valid_from", "valid_to", "review_by")}
    audience = [name for key in ("services", "kinds", "areas", "channels") for name in row[key]]
    audience += [row["visibility"]] if row["visibility"] else []
    return {**row, **days, "whom": ", ".join(name.replace("_", " ").replace("-", " ") for name in audience)}


def _day(text: str) -> str:
    if not text:
        return ""
    day = date.fromisoformat(text)
    return f"{day.day} {day:%B %Y}"
