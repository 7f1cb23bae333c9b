"""Many contacts of the queue at once: handed over, answered or closed, with what their people get seen before."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from aiohttp import web

from bot.core.roles import Permission
from bot.flows.desk import many
from bot.flows.desk.foresight import Foresight
from bot.flows.desk.many import Orders
from bot.flows.outgoing.compose import MessageWriter
from bot.web.console import filters
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, render
from bot.web.console.queue import AT_ONCE, NOTHING_TYPED, QueuePages
from bot.web.forms import fields_of, number_of, several_of
from bot.web.site import Site

# So many are tried in one transaction: whoever writes waits for it.
_TRIED_AT_ONCE = 10
_FIELDS = tuple(name for name in NOTHING_TYPED if name != "action")


class ManyPages:
    """The form below the list."""

    def __init__(self, site: Site, door: Doorkeeper, pages: QueuePages) -> None:
        self._site, self._door, self._pages = site, door, pages
        self._writer = MessageWriter(site.composer, site.book, site.book.secret)

    def routes(self) -> list[web.RouteDef]:
        """Acting on many."""
        return [web.post(f"{ROOT}/queue", self._door.page(Permission.LEAD, self._act))]

    async def _act(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        values = await fields_of(request)
        references = many.references_of(await several_of(request, "reference"), AT_ONCE)
        entries = {name: values.get(name, "") for name in NOTHING_TYPED}
        form = {"chosen": frozenset(references), "typed": entries}
        criteria = filters.read(request.query)
        if values.get("choose") == "all":
            return await self._pages.page(request, guest, criteria, {**form, "all_chosen": True})
        if values.get("change"):
            return await self._pages.page(request, guest, criteria, form)
        if missing := _missing(entries["action"], references):
            return await self._pages.page(request, guest, criteria, {**form, "refused": [missing]})
        orders = Orders(entries["action"], references, entries, number_of(values.get("seen", "")))
        foresights, refusals = await self._foresee(orders, guest)
        digest = many.digest(foresights)
        if any(foresight.letters for foresight in foresights.values()) and values.get("digest") != digest:
            context = {"foresights": foresights, "refusals": refusals, "digest": digest}
            return self._show(request, guest, orders, context, has_changed=bool(values.get("digest")))
        now, book = self._site.now(), self._site.book
        refusals = await self._site.write(lambda c: many.act(c, orders, guest.visitor, now, book))
        message = many.done_words(len(references) - len(refusals), len(references), orders.action)
        more: dict[str, Any] = {"told": message, "refused": [f"{name}: {why}" for name, why in refusals.items()]}
        if refusals:
            more |= {"chosen": frozenset(refusals), "typed": entries}
        return await self._pages.page(request, guest, criteria, more)

    async def _foresee(self, orders: Orders, guest: Guest) -> tuple[dict[str, Foresight], dict[str, str]]:
        """What would leave for each, and why it would be refused: tried a few at a time, undone, and written then."""
        now, book = self._site.now(), self._site.book
        attempt = partial(many.attempt, visitor=guest.visitor, now=now, book=book)
        foresights: dict[str, Foresight] = {}
        refusals: dict[str, str] = {}
        for first in range(0, len(orders.references), _TRIED_AT_ONCE):
            few = replace(orders, references=orders.references[first : first + _TRIED_AT_ONCE])
            trials, objections = await self._site.write(partial(attempt, orders=few))
            foresights |= {name: trial.compose(self._writer, now, book) for name, trial in trials.items()}
            refusals |= objections
        return foresights, refusals

    def _show(
        self, request: web.Request, guest: Guest, orders: Orders, context: Mapping[str, Any], *, has_changed: bool
    ) -> web.StreamResponse:
        """How many get which words, before anything leaves."""
        foresights = context["foresights"]
        silent = [reference for reference, foresight in foresights.items() if not foresight.letters]
        return render(
            request,
            guest,
            "queue_before",
            {
                **context,
                "bundles": many.bundles(foresights),
                "silent": silent,
                "has_changed": has_changed,
                "orders": orders,
                "verb": many.VERBS[orders.action],
                "fields": {name: orders.fields[name] for name in _FIELDS if orders.fields[name]},
                "query": request.query_string,
            },
        )


def _missing(action: str, references: tuple[str, ...]) -> str:
    if not references:
        return "Choose one contact or more."
    return "" if action in many.VERBS else "Say what is to be done: hand over, answered, close, or spam."
