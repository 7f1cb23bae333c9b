"""The page that sends somebody a fresh link to the page of their message: the answer is the same whatever there is."""

from collections.abc import Mapping

from aiohttp import web

from bot.channel import Temporary
from bot.core import threads
from bot.core.page_sentences import PageSentence, sentence
from bot.flows.residents import links
from bot.flows.residents.links import Wish
from bot.web.client import client_network, is_unnamed_proxy
from bot.web.forms import fields_of
from bot.web.public.languages import render
from bot.web.public.track_gate import HEADERS, TOO_MANY
from bot.web.site import Site
from bot.wire import typed

_EXAMPLE = 12_345
_FIELDS = ("reference", "address")
_HOUR = "3600"


class TrackLookup:
    """Takes a reference and an address, and sends a link to the address on file where it is that one."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[web.RouteDef]:
        """The form and where it is posted to."""
        return [web.get("/track", self._show), web.post("/track", self._send)]

    async def _show(self, request: web.Request) -> web.Response:
        return self._form(request, dict.fromkeys(_FIELDS, ""), {})

    async def _send(self, request: web.Request) -> web.Response:
        fields = await fields_of(request)
        values = {name: typed.line(fields.get(name, ""), keep_invisible=False) for name in _FIELDS}
        prefix = self._site.book.prefix
        wish = Wish.of(values["reference"], values["address"], _network(request), prefix)
        if faults := _faults(wish, values["address"]):
            return self._form(request, values, faults, 422)
        now, wall, book = self._site.now(), self._site.wall(), self._site.book
        try:
            is_allowed = await self._site.write(lambda c: links.send(c, wish, now, wall, book))
        except Temporary as error:
            raise web.HTTPServiceUnavailable from error
        if not is_allowed:
            response = _page(request, "pages/track_closed.html", TOO_MANY, 429)
            response.headers["Retry-After"] = _HOUR
            return response
        return _page(request, "pages/track_sought.html", {}, 200)

    def _form(
        self, request: web.Request, values: dict[str, str], faults: dict[str, PageSentence], status: int = 200
    ) -> web.Response:
        example = threads.reference_of(_EXAMPLE, self._site.book.prefix)
        context = {"typed": values, "faults": faults, "example": example}
        return _page(request, "pages/track_lookup.html", context, status)


def _network(request: web.Request) -> str:
    """What stands for whoever asks; "" where all the world comes from one address."""
    return "" if is_unnamed_proxy(request) else client_network(request)


def _faults(wish: Wish, address: str) -> dict[str, PageSentence]:
    """What is wrong with what was typed, by itself: it says nothing of what there is."""
    faults = {}
    if not wish.reference:
        faults["reference"] = sentence("Check the reference. A character may be missing, or be another one.")
    wrong = typed.email_fault(address) if "@" in address else typed.phone_fault(address)
    if wrong or not wish.address:
        faults["address"] = sentence("Enter one email address or one phone number.")
    return faults


def _page(request: web.Request, template: str, context: Mapping[str, object], status: int) -> web.Response:
    response = render(request, template, context, status=status)
    response.headers.update(HEADERS)
    return response
