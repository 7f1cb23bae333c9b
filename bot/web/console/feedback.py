"""What people say of our answers: the list for leads with its figures, what one person said, and who has read it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.core import feedback
from bot.core.feedback import LEAST_ANSWERS, OPINION_WORDS, SATISFACTION_WORDS
from bot.core.roles import Permission
from bot.flows.changes.refusals import Refused
from bot.flows.desk import readings
from bot.flows.titles import Titles
from bot.render.words import instant_in_words
from bot.store import feedback as stored
from bot.store.feedback import Criteria
from bot.web.console import lists
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, refusal, render
from bot.web.console.message import reference_in_path
from bot.web.console.opening import Opening
from bot.web.forms import as_text, fields_of
from bot.web.site import STATUS_OF, Site

_HERE = f"{ROOT}/feedback"
_MOST_ROWS = 50
_FILTERS = ("team", "service", "answer", "which")
_LONGEST = 100
# The figures are of what was said, and of the questions that left, within a year.
FIGURES_OF = timedelta(days=366)


class FeedbackPages:
    """The list; and the button "I have read it", there and on the page of a contact."""

    def __init__(self, site: Site, door: Doorkeeper) -> None:
        self._site, self._door = site, door

    def routes(self) -> list[web.RouteDef]:
        """Leads look at all of it; whoever acts on a contact reads what its person said."""
        page = self._door.page
        return [
            web.get(_HERE, page(Permission.LEAD, self._list)),
            web.post(f"{ROOT}/contacts/{{reference}}/feedback", page(Permission.ACT, self._read)),
        ]

    async def _list(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        filters = {name: as_text(request.query.get(name, ""))[:_LONGEST] for name in _FILTERS}
        number, scope, book = lists.page_in(request.query), guest.visitor.scope, self._site.book
        criteria = Criteria(filters["team"], filters["service"], filters["answer"], filters["which"])
        since = self._site.now() - FIGURES_OF
        rows, counts = await self._site.read(
            lambda c: (
                stored.page(c, criteria, scope, _MOST_ROWS + 1, skip=(number - 1) * _MOST_ROWS),
                stored.counts(c, Criteria(filters["team"], filters["service"], since=since), scope),
            )
        )
        zone, titles = book.clocks.default_calendar.zone, Titles(book)
        context = {
            "rows": rows[:_MOST_ROWS],
            "number": number,
            "pages": number + (len(rows) > _MOST_ROWS),
            "figures": feedback.figures(counts),
            "least": LEAST_ANSWERS,
            "filters": filters,
            "onwards": f"&{query}" if (query := urlencode({k: v for k, v in filters.items() if v})) else "",
            "teams": {name: titles.team(name) for name in filter(scope.sees, book.outgoing.teams)},
            "services": {name: titles.service(name) for name in book.intake.router.services},
            "answers": OPINION_WORDS,
            "when": lambda at: instant_in_words(at, zone),
            "titles": titles,
            "steps": SATISFACTION_WORDS,
            "here": f"{_HERE}?{query}" if query else _HERE,
        }
        return render(request, guest, "feedback", context)

    async def _read(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        fields, reference = await fields_of(request), reference_in_path(request, self._site.book.prefix)
        now = self._site.now()
        try:
            await self._site.write(lambda c: readings.read(c, reference, guest.visitor, now))
        except Refused as objection:
            status = STATUS_OF[objection.kind]
            return refusal(request, status, "Nothing was changed", objection.sentence, guest)
        back = fields.get("back", "")
        raise web.HTTPSeeOther(back if back.startswith(_HERE) else f"{ROOT}/contacts/{reference}")


def context(opening: Opening) -> Mapping[str, Any]:
    """What the person said of our answer, for the page of their contact."""
    row = stored.of(opening.connection, opening.view.contact.id)
    is_said = row is not None and row.answer != ""
    return {
        "opinion": row if is_said else None,
        "opinion_words": OPINION_WORDS,
        "satisfaction_words": SATISFACTION_WORDS,
        "may_read_opinion": is_said and opening.guest.may(Permission.ACT),
    }
