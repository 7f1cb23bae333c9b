"""The door to every page below `/track/REFERENCE/KEY`: the key opens it, and whoever guesses is slowed down.

A handler is wrapped in `Gate.page`, and asks for its contact with `read` or `write`.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler
from sqlalchemy import Connection

from bot.channel import Temporary
from bot.core.contacts import Contact
from bot.core.page_sentences import PageSentence, sentence
from bot.flows.residents import door
from bot.web.client import client_network, is_unnamed_proxy
from bot.web.public.languages import render
from bot.web.site import Site, loop_time
from bot.web.throttling import Throttle

T = TypeVar("T")
Work = Callable[[Connection, Contact], T]
ADDRESS = "/track/{reference}/{key}"
# Wrong keys from one network, and from one network for one reference. Nobody can keep a person from their page who
# does not share their network, and a library in which many old links are opened is not shut out.
_OF_NETWORK, _FOR_REFERENCE, _SECONDS = 100, 10, 600
HEADERS = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
_NO_PAGE = {
    "heading": sentence("This page cannot be opened"),
    "advice": sentence("The link may be old, or a part of it is missing. You can ask for a new link, or call us."),
}
TOO_MANY = {
    "heading": sentence("Please wait"),
    "advice": sentence("There were too many tries. Try again later, or call us."),
}


class _NoPage(Exception):
    """Nothing stands behind the address, whatever the reason is."""


class _TooMany(Exception):
    """Somebody guesses."""


class Gate:
    """Opens the pages of contacts; one for all of them, as it counts every guess."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._networks, self._references = Throttle(_OF_NETWORK, _SECONDS), Throttle(_FOR_REFERENCE, _SECONDS)

    def page(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Wrap the handler of a page: it is for one reader, and for no search engine."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                response = await handler(request)
            except _NoPage:
                response = _error(request, _NO_PAGE, 404)
            except _TooMany:
                response = _error(request, TOO_MANY, 429)
                response.headers["Retry-After"] = str(_SECONDS)
            except Temporary as error:
                raise web.HTTPServiceUnavailable from error
            response.headers.update(HEADERS)
            return response

        return guarded

    async def read(self, request: web.Request, work: Work[T]) -> T:
        """Read of the contact behind the address."""
        with_contact = self._opening(request, work)
        return self._outcome_of(request, await self._site.read(with_contact))

    async def write(self, request: web.Request, work: Work[T]) -> T:
        """Do something to the contact behind the address; raises what `work` raises."""
        with_contact = self._opening(request, work)
        return self._outcome_of(request, await self._site.write(with_contact))

    def _opening(self, request: web.Request, work: Work[T]) -> Callable[[Connection], tuple[T] | None]:
        """The work on the contact; it returns None where there is none. Raises _TooMany before the store is asked."""
        if not all(bucket.ask(key, loop_time(), count=0).is_allowed for bucket, key in self._buckets(request)):
            raise _TooMany
        reference, key, now = request.match_info["reference"], request.match_info["key"], self._site.now()

        def open_and_work(connection: Connection) -> tuple[T] | None:
            contact = door.contact_behind(connection, reference, key, now, self._site.book)
            return None if contact is None else (work(connection, contact),)

        return open_and_work

    def _outcome_of(self, request: web.Request, outcome: tuple[T] | None) -> T:
        if outcome is not None:
            return outcome[0]
        for bucket, key in self._buckets(request):
            bucket.ask(key, loop_time())
        raise _NoPage

    def _buckets(self, request: web.Request) -> tuple[tuple[Throttle, str], ...]:
        """The buckets that a guess is counted in; none where all the world comes from one address."""
        if is_unnamed_proxy(request):
            return ()
        network, reference = client_network(request), request.match_info["reference"][:40].upper()
        return (self._networks, network), (self._references, f"{network} {reference}")


def _error(request: web.Request, words: dict[str, PageSentence], status: int) -> web.Response:
    return render(request, "pages/track_closed.html", words, status=status)
