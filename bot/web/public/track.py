"""The page on which a person sees where their message is, and adds to it. Looking changes nothing; posting acts once.

Mail scanners and previews follow links: no GET and no HEAD writes anything.
"""

import re
import secrets
from typing import Any

from aiohttp import web
from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.core.page_sentences import sentence
from bot.flows.changes.refusals import Refused
from bot.flows.residents import actions, status, track_words
from bot.flows.residents.track_words import TrackWords
from bot.web.forms import fields_of, number_of
from bot.web.public.languages import LANGUAGE, ROOT, render
from bot.web.public.track_gate import ADDRESS, Gate
from bot.web.site import STATUS_OF, Site
from bot.wire import typed

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")  # secrets.token_urlsafe(16)
_QUIET = "track_quiet"
_ADDED = sentence("We have added what you wrote to your message.")
_NEW_MESSAGE = sentence("We have what you wrote. It is a new message now, with a reference of its own:")
_WITHDRAWN = sentence("You no longer need this, so we have stopped. If you change your mind, write to us again.")
_NEW_LINK = sentence("The old links do not work any more. We have sent you a new one.")
_NO_LINK = sentence("The old links do not work any more. We cannot send you a new one from here. Please call us.")


class Track:
    """The page of one contact, and what can be done on it."""

    def __init__(self, site: Site, gate: Gate) -> None:
        self._site, self._gate = site, gate

    def routes(self) -> list[web.RouteDef]:
        """Looking, reading what we sent, and acting."""
        shows = {"": self._show, "/sent/{number}": self._show_words}
        asks = {"/withdraw": self._ask_to_withdraw, "/new-link": self._ask_for_new_link}
        acts = {"/message": self._add, "/withdraw": self._withdraw, "/new-link": self._renew_link}
        page = self._gate.page
        return [
            *(web.get(f"{ADDRESS}{path}", page(handler)) for path, handler in (shows | asks).items()),
            *(web.post(f"{ADDRESS}{path}", page(handler)) for path, handler in acts.items()),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        return await self._page(request)

    async def _page(
        self,
        request: web.Request,
        notice: str = "",
        *,
        new_reference: str = "",
        fault: Refused | None = None,
        words: str = "",
    ) -> web.Response:
        view = await self._gate.read(request, lambda c, contact: self._words(c, contact, request))
        if address := self._in_their_language(request, view):
            raise web.HTTPSeeOther(address)
        faults = {fault.field or "page": fault.reason} if fault else {}
        context = {
            "page": view,
            "notice_words": notice,
            "new_reference": new_reference,
            "faults": faults,
            "typed": words,
            "token": secrets.token_urlsafe(16),
            "is_preview": False,
        }
        name = _QUIET if view.is_quiet else "track"
        return render(request, f"pages/{name}.html", context, status=STATUS_OF[fault.kind] if fault else 200)

    def _words(self, connection: Connection, contact: Contact, request: web.Request) -> TrackWords:
        now_stands = status.status_of(connection, contact, self._site.book)
        return track_words.of(now_stands, self._site.book, request[LANGUAGE])

    def _in_their_language(self, request: web.Request, view: TrackWords) -> str:
        """The address of the page in the language of its person; "" where they are there, or came from another page."""
        is_chosen = request[ROOT] or request.headers.get("Sec-Fetch-Site") == "same-origin"
        if request.method not in ("GET", "HEAD") or is_chosen or view.first_language == request[LANGUAGE]:
            return ""
        codes = self._site.settings.organisation.languages
        return f"/{view.first_language}{view.path}" if view.first_language in codes[1:] else ""

    async def _show_words(self, request: web.Request) -> web.Response:
        number = number_of(request.match_info["number"])

        def read(c: Connection, contact: Contact) -> tuple[TrackWords, status.Words | None]:
            is_quiet = self._site.book.tracking.is_quiet(contact)
            words = None if is_quiet or number is None else status.words_of(c, contact, number)
            return self._words(c, contact, request), words

        view, words = await self._gate.read(request, read)
        if words is None:
            raise web.HTTPNotFound
        departure = next(row for row in view.departures if row.number == number)
        return render(request, "pages/track_sent.html", {"page": view, "departure": departure, "words": words})

    async def _add(self, request: web.Request) -> web.Response:
        fields = await fields_of(request)
        words = typed.paragraphs(fields.get(actions.WORDS, ""))
        token = fields.get("token", "")
        token = token if _TOKEN.fullmatch(token) else ""
        book, now = self._site.book, self._site.now()

        def prepare(c: Connection, contact: Contact) -> Any:
            form = self._site.front_form
            message = actions.message_of(contact, form.name if form else contact.channel, words, token, book)
            actions.open_if_withdrawn(c, contact, now, book)
            return message

        try:
            message = await self._gate.write(request, prepare)
        except Refused as refusal:
            return await self._page(request, fault=refusal, words=words)
        filing = await self._site.log_message(message)
        if filing.reference in (None, message.of):
            return await self._page(request, _ADDED)
        return await self._page(request, _NEW_MESSAGE, new_reference=filing.reference or "")

    async def _ask_to_withdraw(self, request: web.Request) -> web.Response:
        return await self._ask(request, "track_withdraw")

    async def _ask_for_new_link(self, request: web.Request) -> web.Response:
        return await self._ask(request, "track_new_link")

    async def _ask(self, request: web.Request, name: str) -> web.Response:
        """Ask once more, on a page of its own: a link that somebody follows does nothing."""
        view = await self._gate.read(request, lambda c, contact: self._words(c, contact, request))
        context = {"page": view, "notice_words": "", "faults": {}}
        return render(request, f"pages/{_QUIET if view.is_quiet else name}.html", context)

    async def _withdraw(self, request: web.Request) -> web.Response:
        book, now = self._site.book, self._site.now()
        try:
            await self._gate.write(request, lambda c, contact: actions.withdraw(c, contact, now, book))
        except Refused as refusal:
            return await self._page(request, fault=refusal)
        return await self._page(request, _WITHDRAWN)

    async def _renew_link(self, request: web.Request) -> web.Response:
        book, now = self._site.book, self._site.now()
        is_sent = await self._gate.write(request, lambda c, contact: actions.renew_link(c, contact, now, book))
        context = {"heading": sentence("Your link"), "advice": _NEW_LINK if is_sent else _NO_LINK}
        return render(request, "pages/track_closed.html", context)
