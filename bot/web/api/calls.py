"""Reading a call of the API: its body, its query and its key; whatever is wrong is a problem that says what to do."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection

from bot.flows.staffing import Visitor
from bot.store import tokens
from bot.web.api.problems import Problem

M = TypeVar("M", bound=BaseModel)
Kept = dict[str, str]
MOST_KEY_CHARACTERS = 255


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
    mistakes = error.errors(include_url=False, include_context=False, include_input=False)
    if mistakes and mistakes[0]["type"] == "json_invalid":
        return Problem(HTTPStatus.BAD_REQUEST, "This is no JSON.")
    return invalid(
        [(".".join(map(str, mistake["loc"])), mistake["msg"].removeprefix("Value error, ")) for mistake in mistakes]
    )


def invalid(errors: list[tuple[str, str]]) -> Problem:
    """The refusal that names these fields, each with what to do about it."""
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Nothing was changed: a field is wrong.", errors)


@dataclass(frozen=True, slots=True)
class Call:
    """A call by which the same one is known again: the caller's own key ("": none), and a hash of what is asked."""

    key: str
    digest: str

    @property
    def name(self) -> str:
        """The same for the same call under the same key only."""
        return hashlib.sha256(f"{self.key} {self.digest}".encode()).hexdigest()[:32] if self.key else ""


def call_of(request: web.Request, body: bytes, visitor: Visitor) -> Call:
    """The call with its Idempotency-Key; raises Problem for a key that cannot be kept."""
    digest = hashlib.sha256(f"{request.method} {request.path}\n".encode() + body).hexdigest()
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return Call("", digest)
    if not key or len(key) > MOST_KEY_CHARACTERS or not all("!" <= c <= "~" for c in key):
        raise invalid([("Idempotency-Key", "must be 1 to 255 printable characters without spaces")])
    return Call(f"{visitor.actor} {key}", digest)


def before(connection: Connection, call: Call, now: datetime) -> Kept | None:
    """What was kept of this call when it was done; None where it is to be done, and its key is taken for it.

    Raises Problem where the key was used for another call.
    """
    reservation = tokens.reserve(connection, call.key, call.digest, now) if call.key else None
    if reservation is not None and reservation.digest != call.digest:
        raise invalid([("Idempotency-Key", "was used for another call before; take a new one")])
    return json.loads(reservation.body) if reservation is not None and reservation.status else None


def keep(connection: Connection, call: Call, status: HTTPStatus, answer: Kept) -> None:
    """Keep of which contact the call was, if it has a key; whoever asks again is answered from how it stands then."""
    if call.key:
        tokens.keep_answer(connection, call.key, status, json.dumps(answer))
