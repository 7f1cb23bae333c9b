"""Reading a call of the API: its body, its query and its key; whatever is wrong is a problem that says what to do."""

import hashlib
import json
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from bot.flows.staffing import Visitor
from bot.store import tokens
from bot.store.tokens import Answer
from bot.web.problems import Problem

M = TypeVar("M", bound=BaseModel)


async def body_of(request: web.Request) -> bytes:
    """What was sent; raises Problem where it is no JSON or did not come to its end."""
    if request.content_type != "application/json":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send JSON: Content-Type: application/json.")
    try:
        return await request.read()
    except (web.RequestPayloadError, ConnectionError, ValueError) as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "The call ended before all of it was here.") from error


def model_of(model: type[M], body: bytes) -> M:
    """The body as this model; raises Problem with every fault."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _faults(error) from error


def query_of(model: type[M], request: web.Request) -> M:
    """What stands in the address; raises Problem with every fault."""
    twice = [name for name in request.query if len(request.query.getall(name)) > 1]
    if twice:
        raise invalid([(twice[0], "is given twice")])
    try:
        return model.model_validate(dict(request.query))
    except ValidationError as error:
        raise _faults(error) from error


def _faults(error: ValidationError) -> Problem:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    if found and found[0]["type"] == "json_invalid":
        return Problem(HTTPStatus.BAD_REQUEST, "This is no JSON.")
    return invalid([(".".join(map(str, one["loc"])), one["msg"]) for one in found])


def invalid(errors: list[tuple[str, str]]) -> Problem:
    """The refusal that names these fields, each with what to do about it."""
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Nothing was changed: a field is wrong.", errors)


def key_of(request: web.Request, visitor: Visitor) -> str:
    """The Idempotency-Key of this caller, or ""; raises Problem for one that cannot be kept."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return ""
    if not key or len(key) > 255 or not all("!" <= c <= "~" for c in key):
        raise invalid([("Idempotency-Key", "must be 1 to 255 printable characters without spaces")])
    return f"{visitor.actor} {key}"


def digest_of(request: web.Request, body: bytes) -> str:
    """A hash of the call."""
    return hashlib.sha256(f"{request.method} {request.path}\n".encode() + body).hexdigest()


def keep_answer(c: Any, key: str, request: web.Request, body: bytes, status: int, shown: Any, now: datetime) -> None:
    """Keep what this call is answered, if it has a key."""
    if key:
        answer = Answer(digest_of(request, body), status, json.dumps(shown, ensure_ascii=False))
        tokens.keep_answer(c, key, answer, now)
