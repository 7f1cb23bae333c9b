"""The page on which a person says in which language, and in which format, we should write to them."""

from aiohttp import web
from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.core.events import SENDER
from bot.core.languages import LANGUAGES
from bot.core.needs import Need, of_column
from bot.core.page_sentences import sentence
from bot.flows.changes import needs
from bot.flows.residents import status, track_words
from bot.flows.residents.track_words import TrackWords
from bot.web.forms import pairs_of
from bot.web.public.languages import LANGUAGE, render
from bot.web.public.track_gate import ADDRESS, Gate
from bot.web.site import Site

_SAID = sentence("We have made a note of it. We will do this each time that we write to you.")


class TrackNeeds:
    """Shows what is noted for the person of a contact, and keeps what they choose."""

    def __init__(self, site: Site, gate: Gate) -> None:
        self._site, self._gate = site, gate

    def routes(self) -> list[web.RouteDef]:
        """Looking, and choosing."""
        path, page = f"{ADDRESS}/needs", self._gate.page
        return [web.get(path, page(self._show)), web.post(path, page(self._keep))]

    async def _show(self, request: web.Request) -> web.Response:
        def read(c: Connection, contact: Contact) -> tuple[TrackWords, Contact]:
            now_stands = status.status_of(c, contact, self._site.book)
            return track_words.of(now_stands, self._site.book, request[LANGUAGE]), contact

        view, contact = await self._gate.read(request, read)
        if view.is_quiet:
            return render(request, "pages/track_quiet.html", {"notice_words": "", "faults": {}})
        codes = self._site.settings.organisation.languages
        context = {
            "page": view,
            "languages": [LANGUAGES[code] for code in codes] if len(codes) > 1 else [],
            "wish": contact.wished_language,
            "all_needs": tuple(Need),
            "needs": of_column(contact.need_codes),
        }
        return render(request, "pages/track_needs.html", context)

    async def _keep(self, request: web.Request) -> web.Response:
        pairs, now = await pairs_of(request), self._site.now()
        ticks = of_column(" ".join(value for name, value in pairs if name == "needs"))
        language = dict(reversed(pairs)).get("language", "")
        codes = self._site.settings.organisation.languages

        def keep(c: Connection, contact: Contact) -> bool:
            is_quiet = self._site.book.tracking.is_quiet(contact)
            if not is_quiet:
                wish = language if language in codes else ""
                needs.wish(c, contact, wish, ticks, SENDER, now)
            return is_quiet

        if await self._gate.write(request, keep):
            return render(request, "pages/track_quiet.html", {"notice_words": "", "faults": {}})
        context = {"heading": sentence("Do you need anything from us?"), "advice": _SAID}
        return render(request, "pages/track_said.html", context | {"path": request.path.removesuffix("/needs")})
