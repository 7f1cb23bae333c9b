"""The page on which a person sees where their message is, and adds to it. Looking changes nothing; posting acts once.

Mail scanners and previews follow links: no GET and no HEAD writes anything.
"""

import re
import secrets

from aiohttp import web
from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.core.messages import Inbound
from bot.core.page_sentences import sentence
from bot.flows.changes.refusals import Refused
from bot.flows.residents import actions, status, track_words
from bot.flows.residents.actions import Addition
from bot.flows.residents.track_words import TrackWords
from bot.web.forms import number_of
from bot.web.public import uploads
from bot.web.public.languages import LANGUAGE, ROOT, render
from bot.web.public.track_gate import ADDRESS, Gate
from bot.web.public.uploads import Examiner, Submission
from bot.web.site import STATUS_OF, Site
from bot.wire import typed
from bot.wire.uploads import ACCEPTED

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")  # secrets.token_urlsafe(16)
FILES = "files"
_QUIET = "track_quiet"
_ADDED = sentence("We have added what you wrote to your message.")
_ADDED_WITHOUT = sentence(
    "There was something harmful in these files, such as a virus. We have your message and the other files."
)
_NEW_MESSAGE = sentence("We have what you wrote. It is a new message now, with a reference of its own:")
_WITHDRAWN = sentence("You no longer need this, so we have stopped. If you change your mind, write to us again.")
_NEW_LINK = sentence("The old links do not work any more. We have sent you a new one.")
_NO_LINK = sentence("The old links do not work any more. We cannot send you a new one from here. Please call us.")


class Track:
    """The page of one contact, and what can be done on it."""

    def __init__(self, site: Site, gate: Gate) -> None:
        self._site, self._gate = site, gate
        self._examiner = Examiner.of(site.settings.form)

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
            "limits": self._examiner.limits,
            "file_megabytes": self._examiner.limits.file_megabytes,
            "accepted": ACCEPTED,
            "is_preview": False,
        }
        name = _QUIET if view.is_quiet else "track"
        return render(request, f"pages/{name}.html", context, status=STATUS_OF[fault.kind] if fault else 200)

    def _words(self, connection: Connection, contact: Contact, request: web.Request) -> TrackWords:
        now_stands = status.status_of(connection, contact, self._site.book)
        return track_words.of(now_stands, self._site.book, request[LANGUAGE])

    def _in_their_language(self, request: web.Request, view: TrackWords) -> str:
        """The address of the page in the language of its person; "" where they are there, or came from another page.

        A browser that does not say where its reader comes from is left alone: they could never choose another language.
        """
        is_chosen = request[ROOT] or request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
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
        await self._gate.read(request, lambda *_: None)  # before anything is read of whoever has no key
        form = await uploads.read(request, self._examiner.limits)
        with self._examiner.room_for(form):
            return await self._examine_and_add(request, form)

    async def _examine_and_add(self, request: web.Request, form: Submission) -> web.Response:
        words, token = typed.paragraphs(form.fields.get(actions.WORDS, "")), form.fields.get("token", "")
        try:
            actions.refuse(words)
            findings = await self._examiner.examine(form)
            if findings.refusals:
                raise Refused(findings.refusals[0].words, FILES)
            addition = actions.Addition(
                words,
                token if _TOKEN.fullmatch(token) else "",
                findings.files,
                findings.is_scanned,
                findings.danger_words,
            )
            message = await self._gate.write(request, lambda c, contact: self._prepare(c, contact, addition))
        except Refused as refusal:
            return await self._page(request, fault=refusal, words=words)
        filing = await self._site.log_message(message)
        notice = _ADDED_WITHOUT if findings.dangers else _ADDED
        if filing.reference in (None, message.of):
            return await self._page(request, notice)
        return await self._page(request, _NEW_MESSAGE, new_reference=filing.reference or "")

    def _prepare(self, connection: Connection, contact: Contact, addition: Addition) -> Inbound:
        """The message, by the channel of the form where there is one, as that has places for files."""
        form, book = self._site.front_form, self._site.book
        actions.open_if_withdrawn(connection, contact, self._site.now(), book)
        return actions.message_of(contact, form.name if form else contact.channel, addition, book)

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
