"""The page that asks if our answer helped. Looking changes nothing, as mail scanners follow links; posting acts."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from sqlalchemy import Connection

from bot.core.contacts import Contact, State
from bot.core.feedback import MOST_CHARACTERS, OPINION_WORDS, SATISFACTION_WORDS, Feedback
from bot.core.page_sentences import PageSentence, sentence
from bot.flows import promise_words
from bot.flows.changes.refusals import Refused
from bot.flows.residents import door, opinion
from bot.flows.residents.opinion import Saying
from bot.store import feedback
from bot.web.forms import fields_of
from bot.web.public.languages import LANGUAGE, render
from bot.web.public.track_gate import ADDRESS, Gate
from bot.web.site import STATUS_OF, Site
from bot.wire import typed

_FAULTS = {
    "answer": sentence("Choose yes, partly or no"),
    "satisfaction": sentence("Choose one of the answers, or none"),
    "words": sentence("Use %(most)s characters or fewer", most=f"{MOST_CHARACTERS:,}"),
}
_FIELDS = ("answer", "satisfaction", "words")


class OpinionPage:
    """The question about one contact, what was said before, and what follows from it."""

    def __init__(self, site: Site, gate: Gate) -> None:
        self._site, self._gate = site, gate

    def routes(self) -> list[web.RouteDef]:
        """Looking, and saying."""
        path, page = f"{ADDRESS}/feedback", self._gate.page
        return [web.get(path, page(self._show)), web.post(path, page(self._say))]

    async def _show(self, request: web.Request) -> web.Response:
        return await self._page(request)

    async def _page(
        self, request: web.Request, fields: Mapping[str, str] | None = None, refusal: Refused | None = None
    ) -> web.Response:
        contact, earlier = await self._gate.read(request, lambda c, contact: (contact, feedback.of(c, contact.id)))
        may_say = opinion.may_say(contact, earlier, self._site.book)
        context = self._context(contact) | {
            "may_say": may_say,
            "earlier": earlier if earlier and earlier.answer else None,
            "fields": fields or _fields_of(earlier if may_say else None),
            "faults": _faults_of(refusal),
        }
        status = STATUS_OF[refusal.kind] if refusal else 200
        return render(request, "pages/opinion.html", context, status=status)

    def _context(self, contact: Contact) -> dict[str, Any]:
        return {
            "path": door.path_of(contact, self._site.book),
            "reference": contact.reference,
            "is_owed": contact.state == State.OPEN,
            "is_quiet": self._site.book.tracking.is_quiet(contact),
            "opinions": OPINION_WORDS,
            "steps": SATISFACTION_WORDS,
        }

    async def _say(self, request: web.Request) -> web.Response:
        posted = await fields_of(request)
        fields = {name: posted.get(name, "") for name in _FIELDS}
        saying = Saying(fields["answer"], fields["satisfaction"], typed.paragraphs(fields["words"]))
        book, now = self._site.book, self._site.now()

        def say(c: Connection, contact: Contact) -> Contact:
            form = self._site.front_form
            return opinion.say(c, contact, saying, form.name if form else contact.channel, now, book)

        try:
            contact = await self._gate.write(request, say)
        except Refused as refusal:
            return await self._page(request, fields, refusal)
        is_open = contact.state == State.OPEN
        respond_by = promise_words.respond_by(contact, book.clocks, request[LANGUAGE]) if is_open else ""
        context = self._context(contact) | {"answer": saying.answer, "respond_by": respond_by}
        return render(request, "pages/opinion_sent.html", context)


def _fields_of(earlier: Feedback | None) -> dict[str, str]:
    """What was said before, to be changed."""
    return {name: getattr(earlier, name) if earlier else "" for name in _FIELDS}


def _faults_of(refusal: Refused | None) -> dict[str, PageSentence]:
    return {refusal.field: _FAULTS[refusal.field]} if refusal and refusal.field else {}
