"""Writing by the API: a contact is recorded, a message added, an action done; the same call under a key once."""

import secrets
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import BaseModel
from sqlalchemy import Connection

from bot.core.messages import Inbound
from bot.flows.changes import record
from bot.flows.changes.refusals import Refused
from bot.flows.desk import actions
from bot.flows.desk.orders import Order
from bot.flows.staffing import Visitor
from bot.store import queue
from bot.web.api import calls, models, requests
from bot.web.api.answers import REPLAYED, facts_of, json_of, no_contact, reference_of, view_of
from bot.web.api.calls import Call
from bot.web.api.problems import Problem
from bot.web.site import STATUS_OF, Site


class Writing:
    """What can be done on `site`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def create(self, request: web.Request, visitor: Visitor) -> web.Response:
        """Record a contact."""
        body = await calls.body_of(request)
        call, came_at = calls.call_of(request, body, visitor), self._site.now()
        inbound = self._inbound(calls.model_of(requests.NewContact, body), call)
        # Taken before anything is logged: of two calls under one key only one is done.
        answer = await self._site.write(lambda c: calls.before(c, call, came_at)) if call.key else None
        reference = answer["reference"] if answer else await self._log(inbound)
        now = self._site.now()

        def take_down(c: Connection) -> models.Created:
            if not answer:
                calls.keep(c, call, HTTPStatus.CREATED, {"reference": reference})
            contact = record.taken_down(c, reference, visitor.actor, now).contact
            return models.Created.model_validate(facts_of(contact, models.Created, self._site))

        created = await self._site.write(take_down)
        headers = {"Location": f"/api/v1/contacts/{reference}", **(REPLAYED if answer else {})}
        return json_of(created, HTTPStatus.CREATED, headers)

    async def _log(self, inbound: Inbound) -> str:
        filing = await self._site.log_taken_down(inbound, unproven=True)  # the program is known, not whom it names
        if filing.reference is None:
            detail = "It could not be logged; it is kept as it came, and staff are told."
            raise Problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)
        return filing.reference

    def _inbound(self, call_body: requests.NewContact, call: Call) -> Inbound:
        if refusals := record.refusals(call_body.service, call_body.received_at, self._site.now(), self._site.book):
            raise calls.invalid([(refusal.field, refusal.reason) for refusal in refusals])
        fields = call_body.model_dump(
            include={"subject", "text", "service", "postcode", "how", "prefers", "language", "needs"}
        )
        fields |= call_body.sender.model_dump()
        return self._taken_down(call_body.channel, fields, call, call_body.received_at)

    def _taken_down(self, channel: str, fields: dict[str, str], call: Call, at: datetime | None) -> Inbound:
        desk = self._site.desks.get(channel)
        if desk is None:
            names = ", ".join(self._site.desks)
            raise calls.invalid([("channel", f"is no channel of kind desk; there are {names}")])
        # The same call makes the same message, also where the first one ended after the logging.
        key, received_at = call.name or secrets.token_urlsafe(16), min(at, self._site.now()) if at else None
        inbound = desk.record(fields, key, received_at)
        if not isinstance(inbound, Inbound):
            inside = {"name", "email", "phone"}
            raise calls.invalid([(f"sender.{f}" if f in inside else f, words) for f, words in inbound.faults])
        return inbound

    async def add(self, request: web.Request, visitor: Visitor) -> web.Response:
        """Add what the person has said since to their contact."""
        body, reference = await calls.body_of(request), reference_of(request, self._site)
        call, came_at = calls.call_of(request, body, visitor), self._site.now()
        message = self._message(calls.model_of(requests.NewMessage, body), call, reference)

        def before(c: Connection) -> calls.Kept | None:
            # Taken before anything is logged: of two calls under one key only one is done.
            answer = calls.before(c, call, came_at) if call.key else None
            return answer or self._ask_whether_it_may_be_added(c, reference, message, visitor)

        answer = await self._site.write(before)
        to = answer["reference"] if answer else await self._log(message)
        now = self._site.now()

        def note(c: Connection) -> models.Done:
            if not answer:
                calls.keep(c, call, HTTPStatus.CREATED, {"reference": to})
                record.note_addition(c, to, visitor.actor, now)
            return models.Done(said=f"It is added to {to}.", contact=view_of(c, to, visitor, self._site))

        return json_of(await self._site.write(note), HTTPStatus.CREATED, REPLAYED if answer else {})

    def _ask_whether_it_may_be_added(
        self, c: Connection, reference: str, message: Inbound, visitor: Visitor
    ) -> calls.Kept | None:
        contact, now = queue.visible(c, reference, visitor.scope), self._site.now()
        if contact is None:
            raise no_contact(reference)
        try:
            record.refuse_addition(c, contact, message.received_at or now, self._site.book)
        except Refused as refusal:
            raise Problem(STATUS_OF[refusal.kind], refusal.sentence) from refusal
        return None

    def _message(self, call_body: requests.NewMessage, call: Call, reference: str) -> Inbound:
        now = self._site.now()
        if refusals := record.refusals("", call_body.received_at, now, self._site.book):
            raise calls.invalid([(refusal.field, refusal.reason) for refusal in refusals])
        fields = call_body.model_dump(include={"text", "how"}) | {"prefers": "told"}
        return replace(self._taken_down(call_body.channel, fields, call, call_body.received_at), of=reference)

    async def act(self, name: str, model: type[BaseModel], request: web.Request, visitor: Visitor) -> web.Response:
        """Do something to a contact, as staff do."""
        body, reference = await calls.body_of(request), reference_of(request, self._site)
        call, call_body = calls.call_of(request, body, visitor), calls.model_of(model, body)
        fields = {field: _plain(value) for field, value in call_body.model_dump(exclude_none=True).items()}
        order, now = Order(name, reference, fields), self._site.now()

        def act(c: Connection) -> tuple[models.Done, bool]:
            # Under one key the second call waits for the first one here, and finds what was kept of it.
            answer = calls.before(c, call, now)
            sentence = answer["said"] if answer else actions.act(c, order, visitor, now, self._site.book)
            if not answer:
                calls.keep(c, call, HTTPStatus.OK, {"said": sentence})
            return models.Done(said=sentence, contact=view_of(c, reference, visitor, self._site)), bool(answer)

        try:
            result, again = await self._site.write(act)
        except Refused as refusal:
            errors = [(refusal.field, refusal.reason)] if refusal.field else []
            raise Problem(STATUS_OF[refusal.kind], refusal.sentence, errors) from refusal
        return json_of(result, HTTPStatus.OK, REPLAYED if again else {})


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
