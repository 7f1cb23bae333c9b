"""The answers of the API: models as JSON, and a contact as a token may read it."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from aiohttp import web
from pydantic import BaseModel
from sqlalchemy import Connection

from bot.core import threads
from bot.core.contacts import Contact
from bot.flows.staffing import Visitor
from bot.store import contacts, queue
from bot.web.api import models
from bot.web.api.operations import READ
from bot.web.api.problems import Problem
from bot.web.site import Site

REPLAYED = {"Idempotent-Replayed": "true"}


def json_of(
    model: BaseModel, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] = MappingProxyType({})
) -> web.Response:
    """Return the model as an answer."""
    return web.Response(
        text=model.model_dump_json(), status=status, content_type="application/json", headers=dict(headers)
    )


def facts_of(contact: Contact, model: type[BaseModel], site: Site) -> dict[str, Any]:
    """Return what a model says of a contact, instants in local time."""
    zone = site.book.clocks.default_calendar.zone
    facts = {name: getattr(contact, name) for name in model.model_fields if hasattr(contact, name)}
    return {n: v.astimezone(zone) if isinstance(v, datetime) else v for n, v in facts.items()}


def view_of(c: Connection, reference: str, visitor: Visitor, site: Site) -> models.ContactView | models.ContactDates:
    """Return as much of the contact as this token may read."""
    contact = queue.visible(c, reference, visitor.scope) if has_scope(visitor, READ) else None
    if contact is not None:
        return models.ContactView.model_validate(facts_of(contact, models.ContactView, site))
    (contact,) = contacts.with_references(c, [reference]).values()
    return models.ContactDates.model_validate(facts_of(contact, models.ContactDates, site))


def has_scope(visitor: Visitor, scope: str) -> bool:
    """Tell whether the token of this caller has a scope."""
    return visitor.token is not None and scope in visitor.token.scopes


def reference_of(request: web.Request, site: Site) -> str:
    """Return the reference in the address; raises Problem where none stands there."""
    text = request.match_info["reference"]
    matches = threads.references_in(text, site.book.prefix)
    if not matches:
        raise no_contact(text[:40])
    return matches[0]


def no_contact(reference: str) -> Problem:
    """Return the refusal for what is not there, or not for this token."""
    return Problem(HTTPStatus.NOT_FOUND, f"There is no contact {reference}.")
