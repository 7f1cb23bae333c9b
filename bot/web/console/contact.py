"""One contact in the console: all that is known of it, and what can be done."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from aiohttp import web
from sqlalchemy import Connection

from bot.core import judgements, responses
from bot.core.judgements import Avoidable
from bot.core.roles import Permission, Role
from bot.flows.changes import assignees, classify, needs, split
from bot.flows.changes.refusals import Kind, Refused
from bot.flows.desk import contact_view, event_words, foresight
from bot.flows.desk.actions import ACTIONS
from bot.flows.desk.foresight import Foresight
from bot.flows.desk.orders import Order
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.rulebook import Rulebook
from bot.flows.titles import Titles
from bot.render.words import instant_in_words
from bot.store import clocks, staff
from bot.web.console import before, clock, danger, feedback, flash, lists, merging, notes, person, reply, wishes, words
from bot.web.console.desk import needs_ticked, needs_typed
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, refusal, render
from bot.web.console.lists import List
from bot.web.console.message import page_number, reference_in_path, unknown
from bot.web.console.opening import NO_REFUSAL, Opening, Part, Refusal
from bot.web.forms import fields_of, number_of, several_of
from bot.web.site import STATUS_OF, Site

_MOST_PEOPLE = 200
_MOST_OF_A_LIST = 2_000


class ContactPages:
    """The page of a contact."""

    def __init__(self, site: Site, door: Doorkeeper) -> None:
        self._site, self._door = site, door
        self._writer = MessageWriter(site.composer, site.book, site.book.secret)

    def routes(self) -> list[web.RouteDef]:
        """Looking, and acting."""
        page = self._door.page
        return [
            web.get(f"{ROOT}/contacts/{{reference}}", page(Permission.READ, self._show)),
            web.post(f"{ROOT}/contacts/{{reference}}", page(Permission.ACT, self._act)),
        ]

    async def _show(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        return await self._page(request, guest, NO_REFUSAL, self._flash(request, guest))

    async def _page(
        self, request: web.Request, guest: Guest, refusal: Refusal, sentence: str = "", status: int = 200
    ) -> web.StreamResponse:
        reference, now, book = self._reference(request), self._site.now(), self._site.book
        scope, page, contact_list = guest.visitor.scope, page_number(request), List.of(request, refusal.typed)

        def read(c: Connection) -> dict[str, Any] | None:
            view = contact_view.show(c, reference, scope, now, book, page=page)
            if view is None:
                return None
            opening = Opening(c, view, guest, self._site, now, request.query, contact_list, refusal)
            return {name: value for part in PARTS for name, value in part(opening).items()}

        context = await self._site.read(read)
        if context is None:
            return await unknown(self._door, request, guest)
        return render(request, guest, "contact", {**context, "told": sentence}, status)

    async def _act(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        values, reference = await fields_of(request), self._reference(request)
        if change := values.get(before.CHANGE, ""):
            return await self._page(request, guest, Refusal(change, "", "", values))
        name = values.get("action", "")
        action = ACTIONS.get(name)
        if action is None:
            raise web.HTTPBadRequest
        if not guest.may(action.may):
            await self._door.refuse(guest, f"{name} {reference}", "role")
            return refusal(request, 403, "You may not do this", "Ask somebody who leads a team.", guest)
        last_event = number_of(values.get("seen", ""))
        if name == "needs":
            values = {**values, "needs": needs_typed(values, await needs_ticked(request))}
        if name == "split":
            values = {**values, split.FIELD: ", ".join(await several_of(request, split.FIELD))}
        order, now, book = Order(name, reference, values, last_event), self._site.now(), self._site.book
        try:
            outcome = await self._site.write(
                lambda c: foresight.act_as_seen(
                    c, order, guest.visitor, now, book, self._writer, values.get(before.DIGEST, "")
                )
            )
        except Refused as objection:
            return await self.refuse(request, guest, order, objection)
        if isinstance(outcome, Foresight):
            return before.show(request, guest, order, outcome)
        onwards = flash.token(outcome, guest.visitor.session, book.secret, now)
        if name == "assign" and not guest.visitor.scope.sees(values.get("team") or None):
            # It is another team's now, and no page of it is shown to them any more.
            onwards = flash.token(f"{reference}: {outcome}", guest.visitor.session, book.secret, now)
            raise web.HTTPSeeOther(f"{ROOT}/queue?{List.of(request, values).query}&told={onwards}")
        raise web.HTTPSeeOther(f"{ROOT}/contacts/{reference}?{_list_of(values)}told={onwards}")

    async def refuse(self, request: web.Request, guest: Guest, order: Order, objection: Refused) -> web.StreamResponse:
        """The page once more, with what was typed and why it was not done."""
        if objection.kind is Kind.UNKNOWN:
            return await unknown(self._door, request, guest)
        if objection.kind is Kind.CONFLICT:
            await self._door.refuse(guest, f"{order.action} {order.reference}", objection.reason)
        # Needs are ticked, and typed where none of the usual ones fits.
        wrong = "more" if (order.action, objection.field) == ("needs", needs.FIELD) else objection.field
        refusal = Refusal(order.action, wrong, objection.sentence, order.fields)
        return await self._page(request, guest, refusal, status=STATUS_OF[objection.kind])

    def _flash(self, request: web.Request, guest: Guest) -> str:
        token, now = request.query.get("told", ""), self._site.now()
        return flash.words_in(token, guest.visitor.session, self._site.book.secret, now)

    def _reference(self, request: web.Request) -> str:
        return reference_in_path(request, self._site.book.prefix)


def _list_of(values: Mapping[str, str]) -> str:
    """The list that a form came from, with the place of the contact in it, as the next address carries it."""
    query = values.get(lists.NAME, "")[:_MOST_OF_A_LIST]
    return f"{lists.NAME}={quote(query)}&" if query else ""


def _whole(opening: Opening) -> Mapping[str, Any]:
    """The contact itself, how it is shown, and the form that was refused."""
    view, refusal, book = opening.view, opening.refusal, opening.book
    zone = book.clocks.default_calendar.zone
    return {
        "whole": view,
        "titles": Titles(book),
        "contact": view.contact,
        "fault": refusal.sentence,
        "wrong": refusal.name,
        "at": refusal.at,
        "typed": refusal.typed,
        "offered": frozenset(name for name in view.offers if opening.guest.may(ACTIONS[name].may)),
        "outcomes": event_words.OUTCOMES,
        "list": opening.list,
        "next": opening.list.next(opening.connection, view.contact, opening.guest.visitor.scope, zone, opening.now),
        "when": lambda at: instant_in_words(at, zone) if at else "",
    }


def _choices(opening: Opening) -> Mapping[str, Any]:
    """What the forms offer to choose from."""
    book = opening.book
    titles = Titles(book)
    return {
        "teams": {name: titles.team(name) for name in book.outgoing.teams},
        "people": _people(opening.connection, opening.guest, book),
        "services": {name: titles.service(name) for name in classify.choices("service", book)},
        "kinds": {name: titles.kind(name) for name in classify.choices("kind", book)},
        "areas": {name: titles.area(name) for name in classify.choices("area", book)},
        "avoidable": _yes_and_no(),
        "causes": judgements.CAUSE_WORDS,
        "complaint_outcomes": judgements.COMPLAINT_WORDS,
        "guesses": [kind.value for kind in responses.CHOICES],
    }


def _yes_and_no() -> dict[str, str]:
    """The choices of whether a contact was avoidable, as answers to that question."""
    return {
        code: f"{'No' if code is Avoidable.NECESSARY else 'Yes'}: {words[:1].lower()}{words[1:]}"
        for code, words in judgements.AVOIDABLE_WORDS.items()
    }


def _people(c: Connection, guest: Guest, book: Rulebook) -> dict[str, str]:
    """Who can be handed a contact: staff who may act and who has any now, each with the teams that they see."""
    scope, titles = guest.visitor.scope, Titles(book)
    owners = {address: team for team, address in clocks.owners(c) if scope.sees(team)}
    choices = {
        address: titles.team(team) for address, team in owners.items() if not assignees.why_unknown(c, address, book)
    }
    for account in staff.list_all(c):
        if account.disabled_at is None and account.role is not Role.READER:
            teams = ", ".join(titles.team(team) for team in sorted(account.teams)) or "every team"
            choices[account.address] = f"{account.name}, {teams}"
    return dict(sorted(choices.items())[:_MOST_PEOPLE])


# Each part of the page, in the order in which it stands there.
PARTS: tuple[Part, ...] = (
    _whole,
    clock.context,
    danger.context,
    words.context,
    reply.context,
    before.context,
    _choices,
    feedback.context,
    notes.context,
    person.context,
    merging.context,
    wishes.context,
)
