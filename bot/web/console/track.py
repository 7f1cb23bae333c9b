"""What the person of a contact sees on its page, for staff to look at: nothing can be done there."""

from aiohttp import web
from sqlalchemy import Connection

from bot.core.roles import Permission
from bot.flows.residents import door, status, track_words
from bot.flows.residents.track_words import TrackWords
from bot.store import queue
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, refusal, render
from bot.web.console.message import reference_in_path, unknown
from bot.web.site import Site


class TrackPages:
    """The page of a contact as its person sees it, in English."""

    def __init__(self, site: Site, door_of_staff: Doorkeeper) -> None:
        self._site, self._door = site, door_of_staff

    def routes(self) -> list[web.RouteDef]:
        """It only shows."""
        path = f"{ROOT}/contacts/{{reference}}/page"
        return [web.get(path, self._door.page(Permission.READ, self._show))]

    async def _show(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        reference, scope = reference_in_path(request, self._site.book.prefix), guest.visitor.scope
        now, book = self._site.now(), self._site.book

        def read(c: Connection) -> tuple[str, TrackWords] | None:
            contact = queue.visible(c, reference, scope)
            if contact is None:
                return None
            return door.why_no_page(c, contact, now, book), track_words.of(status.status_of(c, contact, book), book)

        pair = await self._site.read(read)
        if pair is None:
            return await unknown(self._door, request, guest)
        why_not, page = pair
        if why_not:
            return refusal(request, 200, "The person has no page", f"Because {why_not}.", guest)
        return render(request, guest, "track", {"reference": reference, "page": page, "is_preview": True})
