"""The page behind the link in an alert. Looking changes nothing, for mail scanners follow links; only posting acts."""

from typing import Any

from aiohttp import web

from bot.channel import Temporary
from bot.flows.changes.refusals import Refused
from bot.flows.desk import linked
from bot.flows.desk.linked import Choice, Ended
from bot.web.forms import fields_of
from bot.web.public.languages import render
from bot.web.site import STATUS_OF, Site

_FIELDS = ("action", "until", "team", "owner", "up_to")


class Alerts:
    """Shows what stands behind a link, and does what was chosen there."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[web.RouteDef]:
        """One page for each link."""
        return [web.get("/alerts/{token}", self._show), web.post("/alerts/{token}", self._take)]

    async def _show(self, request: web.Request) -> web.Response:
        return await self._page(request, {"told": "", "fault": ""})

    async def _take(self, request: web.Request) -> web.Response:
        fields = await fields_of(request)
        choice = Choice(**{name: fields.get(name, "").strip() for name in _FIELDS})
        try:
            token, now = request.match_info["token"], self._site.now()
            words = await self._site.write(lambda c: linked.act(c, token, choice, now, self._site.book))
        except Ended:
            return _ended_page(request)
        except Refused as refusal:
            return await self._page(request, {"told": "", "fault": refusal.sentence}, STATUS_OF[refusal.kind])
        except Temporary:
            return await self._page(request, {"told": "", "fault": "This cannot be stored just now; try again."}, 503)
        if words is None:
            raise web.HTTPNotFound
        return await self._page(request, {"told": words, "fault": ""})

    async def _page(self, request: web.Request, more: dict[str, Any], status: int = 200) -> web.Response:
        try:
            token, now = request.match_info["token"], self._site.now()
            view = await self._site.read(lambda c: linked.show(c, token, now, self._site.book))
        except Ended:
            return _ended_page(request)
        except Temporary as error:
            raise web.HTTPServiceUnavailable from error
        if view is None:
            raise web.HTTPNotFound
        context = {"contact": view, **more}
        response = render(request, "pages/alert.html", context, status=status)
        response.headers["X-Robots-Tag"] = "noindex"
        return response


def _ended_page(request: web.Request) -> web.Response:
    context = {
        "heading": "This link has ended",
        "advice": "Links in alerts work for a limited time. Use the link in a newer alert, or the console.",
    }
    return render(request, "pages/error.html", context, status=410)
