"""One contact in the console: all that is known of it, and what can be done; and what is taken down at the desk."""

import secrets
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.core import references, responses
from bot.core.contacts import State
from bot.core.messages import Inbound
from bot.core.roles import May
from bot.flows import office, record, showing
from bot.flows.office import ACTIONS, Objection, Order
from bot.render.formats import instant_in_words
from bot.web.api import known_services
from bot.web.doorkeeper import ROOT, Doorkeeper, Guest, fields_of, refusal, render
from bot.web.office import Office

_FRAME_POLICY = "default-src 'none'; sandbox; frame-ancestors 'self'; base-uri 'none'"
_STATUS = {"unknown": 404, "stale": 409, "conflict": 409, "invalid": 422}
_RECORD_FIELDS = ("how", "name", "email", "phone", "postcode", "subject", "text", "service", "prefers", "received_at")
NEEDS = ("Large print", "Braille", "Easy Read", "British Sign Language", "Call instead of writing", "More time")


class ContactPages:
    """The page of a contact, its messages in frames, and the desk."""

    def __init__(self, office: Office, door: Doorkeeper) -> None:
        self._office, self._door = office, door

    def routes(self) -> list[web.RouteDef]:
        """Looking, acting, and recording."""
        page = self._door.page
        return [
            web.get(f"{ROOT}/contacts/{{reference}}", page(May.READ, self._show)),
            web.post(f"{ROOT}/contacts/{{reference}}", page(May.ACT, self._act)),
            web.get(f"{ROOT}/contacts/{{reference}}/messages/{{number}}", page(May.READ, self._message)),
            web.get(f"{ROOT}/contacts/{{reference}}/messages/{{number}}/words", page(May.READ, self._words)),
            web.get(f"{ROOT}/record", page(May.ACT, self._desk)),
            web.post(f"{ROOT}/record", page(May.ACT, self._record)),
        ]

    async def _show(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        return await self._page(request, guest, {"told": request.query.get("done", "") in ACTIONS})

    async def _page(
        self, request: web.Request, guest: Guest, more: dict[str, Any], status: int = 200
    ) -> web.StreamResponse:
        reference, now, book = self._reference(request), self._office.now(), self._office.book
        scope, everything = guest.visitor.scope, bool(request.query.get("everything"))
        whole = await self._office.read(lambda c: showing.show(c, reference, scope, now, book, everything=everything))
        if whole is None:
            return await self._unknown(request, guest, reference)
        context = {
            "whole": whole,
            "contact": whole.contact,
            "told": False,
            "said": "",
            "fault": "",
            "typed": {},
            "offered": self._offered(whole, guest),
            "teams": list(book.teams),
            "services": known_services(self._office),
            "kinds": sorted({kind for standard in book.promises.standards for kind in standard.kinds}),
            "areas": sorted({area for standard in book.promises.standards for area in standard.areas}),
            "guesses": [kind.value for kind in responses.Kind],
            "need_words": NEEDS,
            "urgency": book.urgency(whole.contact),
            "when": lambda at: instant_in_words(at, book.default_calendar.zone) if at else "",
            **more,
        }
        return render(request, guest, "contact", context, status)

    async def _unknown(self, request: web.Request, guest: Guest, reference: str) -> web.StreamResponse:
        await self._door.refuse(guest, reference, "no such contact for them")
        advice = "Check the reference. It may also be a contact of another team."
        return refusal(request, 404, "We cannot show this contact", advice, guest)

    def _offered(self, whole: showing.Whole, guest: Guest) -> frozenset[str]:
        """What can be done as things stand; whatever is posted all the same is refused by the flows."""
        contact, acts = whole.contact, {"needs", "link"}
        receipt = any(d.purpose == "acknowledgement" for d in whole.deliveries)
        match contact.state:
            case State.OPEN:
                acts |= {"assign", "respond", "holding-reply", "classify", "quiet", "close"}
                acts |= {"resume"} if contact.paused_at else {"pause", "restart", "extend"}
                acts |= {"take"} if contact.taken_at is None else set()
                acts |= {"acknowledge"} if contact.acknowledged_at is None else set()
            case State.ANSWERED:
                acts |= {"close", "reopen"}
            case State.CLOSED:
                acts |= {"reopen"}
        if contact.state in (State.OPEN, State.LOGGED) and (whole.held or not receipt):
            acts.add("acknowledge-now")
        if any(event["kind"] == "staff wrote" for event in whole.events):
            acts.add("correct")
        acts |= {"legal-hold"} if not contact.forgotten else set()
        return frozenset(name for name in acts if guest.may(ACTIONS[name].may))

    async def _act(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        values, reference = await fields_of(request), self._reference(request)
        name = values.get("action", "")
        action = ACTIONS.get(name)
        if action is None:
            raise web.HTTPBadRequest
        if not guest.may(action.may):
            await self._door.refuse(guest, f"{name} {reference}", "role")
            return refusal(request, 403, "You may not do this", "Ask somebody who leads a team.", guest)
        seen = int(values["seen"]) if values.get("seen", "").isdecimal() and len(values["seen"]) < 18 else None
        if name == "needs":
            values = {**values, "needs": await _needs(request, values)}
        order, now, book = Order(name, reference, values, seen), self._office.now(), self._office.book
        try:
            await self._office.write(lambda c: office.act(c, order, guest.visitor, now, book))
        except Objection as objection:
            if objection.kind == "unknown":
                return await self._unknown(request, guest, reference)
            if objection.kind in ("stale", "conflict"):
                await self._door.refuse(guest, f"{name} {reference}", objection.reason)
            fault = f"{objection.reason[:1].upper()}{objection.reason[1:]}."
            more = {"fault": fault, "typed": {**values}, "at": name}
            return await self._page(request, guest, more, _STATUS[objection.kind])
        if name == "assign" and not guest.visitor.scope.sees(values.get("team") or None):
            raise web.HTTPSeeOther(f"{ROOT}/queue")  # it is another team's now
        raise web.HTTPSeeOther(f"{ROOT}/contacts/{reference}?done={name}")

    async def _message(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        reference, number = self._reference(request), _number(request)
        markup = await self._office.read(lambda c: showing.page_of(c, reference, number, guest.visitor.scope))
        if markup is None:
            return await self._unknown(request, guest, reference)
        response = render(request, guest, "message", {"markup": markup})
        response.headers["Content-Security-Policy"] = _FRAME_POLICY
        return response

    async def _words(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        reference, number = self._reference(request), _number(request)
        words = await self._office.read(lambda c: showing.words_of(c, reference, number, guest.visitor.scope))
        if words is None:
            return await self._unknown(request, guest, reference)
        return render(request, guest, "words", {"words": words, "reference": reference})

    def _reference(self, request: web.Request) -> str:
        found = references.find(request.match_info["reference"], self._office.book.prefix)
        return found[0] if found else request.match_info["reference"][:40]

    async def _desk(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        known = {name: request.query.get(name, "")[:254] for name in ("name", "email", "phone")}
        return self._record_page(request, guest, known)

    def _record_page(
        self, request: web.Request, guest: Guest, typed: dict[str, str], faults: tuple[tuple[str, str], ...] = ()
    ) -> web.StreamResponse:
        context = {
            "typed": {**dict.fromkeys((*_RECORD_FIELDS, "token", "desk"), ""), **typed},
            "faults": dict(faults),
            "token": typed.get("token") or secrets.token_urlsafe(16),
            "services": known_services(self._office),
            "desks": list(self._office.desks),
            "sends_texts": any(desk.sends_texts for desk in self._office.desks.values()),
            "recorded": None,
        }
        return render(request, guest, "record", context, 422 if faults else 200)

    async def _record(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        values = await fields_of(request)
        desks = self._office.desks
        desk = desks.get(values.get("desk", "")) or next(iter(desks.values()))
        received_at, fault = self._received(values.get("received_at", "").strip())
        token = values.get("token", "")[:40] or secrets.token_urlsafe(16)
        found = desk.record(values, token, received_at)
        if fault or not isinstance(found, Inbound):
            faults = () if isinstance(found, Inbound) else found.faults
            faults = (*faults, ("received_at", fault)) if fault else faults
            return self._record_page(request, guest, {**values}, faults)
        filed = await self._office.log(found)
        if filed.reference is None:
            return refusal(request, 500, "It could not be logged", "It is kept as it came. Staff are told.", guest)
        reference, now, actor = filed.reference, self._office.now(), guest.visitor.actor
        done = await self._office.write(lambda c: record.taken_down(c, reference, actor, now, new=filed.new))
        book = self._office.book
        context = {"recorded": done.contact, "respond_by": book.respond_by(done.contact), "told_by": found.told_by}
        return render(request, guest, "record", context)

    def _received(self, text: str) -> tuple[datetime | None, str]:
        if not text:
            return None, ""
        try:
            local = datetime.fromisoformat(text)
        except ValueError:
            return None, "Enter a date and a time, like 2026-11-24T09:30"
        at = local if local.tzinfo else local.replace(tzinfo=self._office.book.default_calendar.zone)
        now = self._office.now()
        if at > now:
            return None, "It cannot have come in the future"
        if (now - at).days > 366:
            return None, "It must have come within the last year"
        return at, ""


def _number(request: web.Request) -> int:
    text = request.match_info["number"]
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0


async def _needs(request: web.Request, values: Any) -> str:
    posted = await request.post()
    chosen = [str(one) for one in posted.getall("need", []) if one in NEEDS]
    more = values.get("more", "").strip()[:300]
    return "; ".join([*chosen, more] if more else chosen)
