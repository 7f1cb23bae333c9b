"""The API for other systems: tokens with scopes, problems as answers; a call that comes again is done once."""

import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from aiohttp import web
from pydantic import BaseModel
from sqlalchemy import Connection

from bot.core import threads
from bot.core.contacts import Contact
from bot.core.events import Event, EventKind
from bot.core.messages import Inbound
from bot.flows import staffing
from bot.flows.changes import record
from bot.flows.changes.refusals import Refused
from bot.flows.desk import actions, message_view
from bot.flows.desk.orders import Order
from bot.flows.staffing import Visitor
from bot.store import audit, contacts, queue, settled, tokens
from bot.web.api import calls, models, openapi
from bot.web.api.bulk import BulkReads
from bot.web.api.calls import Call
from bot.web.api.openapi import Operation
from bot.web.api.operations import ACTIONS, OPERATIONS, READ
from bot.web.api.problems import LIMITS, Problem
from bot.web.client import client_network
from bot.web.site import STATUS_OF, Site, loop_time
from bot.web.throttling import NOTED_A_MINUTE, Throttle

CALLS_A_MINUTE = 6_000
STRANGERS_A_MINUTE = 120
_BEARER = {"WWW-Authenticate": 'Bearer realm="Ackbot"'}
_REPLAYED = {"Idempotent-Replayed": "true"}
_NOT_FOUND = HTTPStatus.NOT_FOUND
# Whoever is refused so has tried what they may not, or what somebody else must know of.
_NOTED = (HTTPStatus.FORBIDDEN, _NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
Handler = Callable[[web.Request, Visitor], Awaitable[web.Response]]


class Api:
    """Every operation on `site`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._calls, self._strangers = Throttle(CALLS_A_MINUTE, 60), Throttle(STRANGERS_A_MINUTE, 60)
        self._noted, self._bulk = Throttle(NOTED_A_MINUTE, 60), BulkReads()
        self._document = json.dumps(openapi.document(OPERATIONS, site.settings.organisation.name), ensure_ascii=False)

    def routes(self) -> list[web.RouteDef]:
        """Every operation, and their description."""
        handlers: dict[str, Handler] = {
            "createContact": self._create,
            "searchContacts": self._search,
            "readContact": self._show,
            "readSent": self._sent,
            "readEvents": self._events,
        }
        handlers |= {f"{name}Contact": partial(self._act, name, model) for name, (_, model) in ACTIONS.items()}
        guarded = {o: self._guarded(o, handlers[o.name]) for o in OPERATIONS}
        posts = [web.post(o.path, handler) for o, handler in guarded.items() if o.method == "POST"]
        gets = [web.get(o.path, handler, allow_head=False) for o, handler in guarded.items() if o.method == "GET"]
        return [*posts, *gets, web.get("/api/openapi.json", self._describe, allow_head=False)]

    async def _describe(self, _request: web.Request) -> web.Response:
        return web.Response(text=self._document, content_type="application/json")

    def _guarded(self, operation: Operation, handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def guarded(request: web.Request) -> web.Response:
            visitor = await self._visitor(request)
            _ask(request, self._calls, visitor.actor)
            try:
                if not _may(visitor, operation.scope):
                    raise Problem(HTTPStatus.FORBIDDEN, f"This token does not have the scope {operation.scope}.")
                return await handler(request, visitor)
            except (Problem, web.HTTPException) as refusal:
                if refusal.status in _NOTED and self._noted.ask(visitor.actor, loop_time()).is_allowed:
                    await self._note(request, visitor, str(refusal))
                raise

        return guarded

    async def _note(self, request: web.Request, visitor: Visitor, reason: str) -> None:
        """The audit trail tells of the refusal."""
        attempt, now = f"{request.method} {request.path}", self._site.now()
        references_in_path = threads.references_in(attempt, self._site.book.prefix)
        to = references_in_path[0] if references_in_path else ""
        await self._site.write(
            lambda c: staffing.note_refusal(c, visitor, now, attempt=attempt, reason=reason, reference=to)
        )

    async def _visitor(self, request: web.Request) -> Visitor:
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        identity = None
        if kind.lower() == "bearer" and secret:
            identity = await self._bearer(request, secret.strip())
        if identity is None:
            # Only whoever has no token is slowed down: others may call from the same place.
            stranger = client_network(request)
            _ask(request, self._strangers, stranger)
            if secret and self._noted.ask(stranger, loop_time()).is_allowed:
                at = self._site.now()
                await self._site.write(lambda c: staffing.unknown(c, "token", stranger, at))
            detail = "Send a token: Authorization: Bearer TOKEN. Make one with: ackbot token create"
            raise Problem(HTTPStatus.UNAUTHORIZED, detail, headers=_BEARER)
        visitor, note = identity
        if note and visitor.token is not None:
            name, now = visitor.token.name, self._site.now()
            await self._site.write(lambda c: tokens.note_use(c, name, now))
        return visitor

    async def _bearer(self, request: web.Request, secret: str) -> tuple[Visitor, bool] | None:
        now, book, at = self._site.now(), self._site.book, client_network(request)
        try:
            return await self._site.read(lambda c: staffing.bearer(c, secret, now, book))
        except staffing.Expired as error:
            token = error.token
            _ask(request, self._strangers, at)
            if self._noted.ask(f"token:{token.name}", loop_time()).is_allowed:
                await self._site.write(lambda c: staffing.expired(c, token, at, now))
            raise Problem(HTTPStatus.UNAUTHORIZED, f"{error}.", headers=_BEARER) from error

    async def _create(self, request: web.Request, visitor: Visitor) -> web.Response:
        body = await calls.body_of(request)
        call, came_at = calls.call_of(request, body, visitor), self._site.now()
        inbound = self._inbound(calls.model_of(models.NewContact, body), call)
        # Taken before anything is logged: of two calls under one key only one is done.
        answer = await self._site.write(lambda c: calls.before(c, call, came_at)) if call.key else None
        reference = answer["reference"] if answer else await self._log(inbound)
        now = self._site.now()

        def take_down(c: Connection) -> models.Created:
            if not answer:
                calls.keep(c, call, HTTPStatus.CREATED, {"reference": reference})
            contact = record.taken_down(c, reference, visitor.actor, now).contact
            return models.Created.model_validate(_facts(contact, models.Created, self._site))

        created = await self._site.write(take_down)
        headers = {"Location": f"/api/v1/contacts/{reference}", **(_REPLAYED if answer else {})}
        return _json(created, HTTPStatus.CREATED, headers)

    async def _log(self, inbound: Inbound) -> str:
        filing = await self._site.log_taken_down(inbound, unproven=True)  # the program is known, not whom it names
        if filing.reference is None:
            detail = "It could not be logged; it is kept as it came, and staff are told."
            raise Problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)
        return filing.reference

    def _inbound(self, call_body: models.NewContact, call: Call) -> Inbound:
        desk = self._site.desks.get(call_body.channel)
        if desk is None:
            names = ", ".join(self._site.desks)
            raise calls.invalid([("channel", f"is no channel of kind desk; there are {names}")])
        now = self._site.now()
        if refusals := record.refusals(call_body.service, call_body.received_at, now, self._site.book):
            raise calls.invalid([(refusal.field, refusal.reason) for refusal in refusals])
        fields = call_body.model_dump(include={"subject", "text", "service", "postcode", "how", "prefers"})
        fields |= call_body.sender.model_dump()
        received_at = min(call_body.received_at, now) if call_body.received_at else None
        # The same call makes the same contact, also where the first one ended after the logging.
        inbound = desk.record(fields, call.name or secrets.token_urlsafe(16), received_at)
        if not isinstance(inbound, Inbound):
            inside = {"name", "email", "phone"}
            raise calls.invalid([(f"sender.{f}" if f in inside else f, words) for f, words in inbound.faults])
        return inbound

    async def _search(self, request: web.Request, visitor: Visitor) -> web.Response:
        query = calls.query_of(models.Search, request)
        names = ("state", "which", "team", "owner", "service", "area", "channel")
        criteria = queue.Criteria(**{name: getattr(query, name) for name in names}, words=query.q)
        after, now = int(query.cursor or 0), self._site.now()
        page = await self._site.read(
            lambda c: queue.after(c, criteria, visitor.scope, now, cursor=after, most=query.limit)
        )
        views = [
            models.ContactView.model_validate(_facts(contact, models.ContactView, self._site))
            for contact in page.contacts
        ]
        await self._note_bulk(visitor, len(views))
        next_cursor = str(page.next_cursor) if page.next_cursor is not None else None
        return _json(models.ContactPage(contacts=views, next=next_cursor))

    async def _show(self, request: web.Request, visitor: Visitor) -> web.Response:
        reference = self._reference(request)

        def read(c: Connection) -> models.ContactDetail | None:
            contact = queue.visible(c, reference, visitor.scope)
            if contact is None:
                return None
            facts = _facts(contact, models.ContactView, self._site)
            arrived = [
                {name: getattr(message, name) for name in models.MessageView.model_fields}
                for message in contacts.messages_of(c, contact.id)
            ]
            return models.ContactDetail.model_validate(
                facts | {"standard": contact.standard or "", "messages": arrived}
            )

        answer = await self._site.read(read)
        if answer is None:
            raise Problem(_NOT_FOUND, f"There is no contact {reference}.")
        await self._note_bulk(visitor, 1)
        return _json(answer)

    async def _sent(self, request: web.Request, visitor: Visitor) -> web.Response:
        reference = self._reference(request)
        departures = await self._site.read(lambda c: message_view.departures_of(c, reference, visitor.scope))
        if departures is None:
            raise Problem(_NOT_FOUND, f"There is no contact {reference}.")
        await self._note_bulk(visitor, 1)
        return _json(models.SentMessages(messages=[view for d in departures for view in models.views_of_sent(d)]))

    async def _act(self, name: str, model: type[BaseModel], request: web.Request, visitor: Visitor) -> web.Response:
        body, reference = await calls.body_of(request), self._reference(request)
        call, call_body = calls.call_of(request, body, visitor), calls.model_of(model, body)
        fields = {field: _plain(value) for field, value in call_body.model_dump(exclude_none=True).items()}
        order, now = Order(name, reference, fields), self._site.now()

        def act(c: Connection) -> tuple[models.Done, bool]:
            # Under one key the second call waits for the first one here, and finds what was kept of it.
            answer = calls.before(c, call, now)
            sentence = answer["said"] if answer else actions.act(c, order, visitor, now, self._site.book)
            if not answer:
                calls.keep(c, call, HTTPStatus.OK, {"said": sentence})
            return models.Done(said=sentence, contact=self._view(c, reference, visitor)), bool(answer)

        try:
            result, again = await self._site.write(act)
        except Refused as refusal:
            errors = [(refusal.field, refusal.reason)] if refusal.field else []
            raise Problem(STATUS_OF[refusal.kind], refusal.sentence, errors) from refusal
        return _json(result, HTTPStatus.OK, _REPLAYED if again else {})

    def _view(self, c: Connection, reference: str, visitor: Visitor) -> models.ContactView | models.ContactDates:
        """As much of the contact as this token may read."""
        contact = queue.visible(c, reference, visitor.scope) if _may(visitor, READ) else None
        if contact is not None:
            return models.ContactView.model_validate(_facts(contact, models.ContactView, self._site))
        (contact,) = contacts.with_references(c, [reference]).values()
        return models.ContactDates.model_validate(_facts(contact, models.ContactDates, self._site))

    async def _events(self, request: web.Request, visitor: Visitor) -> web.Response:
        paging = calls.query_of(models.Paging, request)
        after = int(paging.cursor or 0)
        up_to = await self._site.read(settled.up_to)
        events, last = await self._site.read(lambda c: audit.stream(c, after, up_to, visitor.scope, paging.limit))
        views = [
            models.EventView(
                id=str(event.id),
                at=event.at,
                kind=event.kind,
                actor=event.actor,
                reference=event.reference,
                details=dict(event.details),
            )
            for event in events
        ]
        await self._note_bulk(visitor, len({event.reference for event in events}))
        return _json(models.EventPage(events=views, next=str(last)))

    async def _note_bulk(self, visitor: Visitor, count: int) -> None:
        """Let the audit trail tell of whoever reads many contacts."""
        if total := self._bulk.add(visitor.actor, count, loop_time()):
            event = Event(None, self._site.now(), EventKind.READ_IN_BULK, visitor.actor, {"contacts": total})
            await self._site.write(lambda c: contacts.note(c, [event]))

    def _reference(self, request: web.Request) -> str:
        text = request.match_info["reference"]
        matches = threads.references_in(text, self._site.book.prefix)
        if not matches:
            raise Problem(_NOT_FOUND, f"There is no contact {text[:40]}.")
        return matches[0]


def _facts(contact: Contact, model: type[BaseModel], site: Site) -> dict[str, Any]:
    zone = site.book.clocks.default_calendar.zone
    facts = {name: getattr(contact, name) for name in model.model_fields}
    return {n: v.astimezone(zone) if isinstance(v, datetime) else v for n, v in facts.items()}


def _json(
    model: BaseModel, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] = MappingProxyType({})
) -> web.Response:
    return web.Response(
        text=model.model_dump_json(), status=status, content_type="application/json", headers=dict(headers)
    )


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _may(visitor: Visitor, scope: str) -> bool:
    return visitor.token is not None and scope in visitor.token.scopes


def _ask(request: web.Request, throttle: Throttle, caller: str) -> None:
    """Count the call, and let every answer to it say how many are left; raises Problem where none is."""
    allowance = throttle.ask(caller, loop_time())
    request[LIMITS] = {
        "RateLimit-Limit": str(allowance.limit),
        "RateLimit-Remaining": str(allowance.remaining),
        "RateLimit-Reset": str(allowance.full_in_seconds),
    }
    if not allowance.is_allowed:
        headers = {"Retry-After": str(max(1, allowance.full_in_seconds))}
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "Too many calls. Wait, then go on.", headers=headers)
