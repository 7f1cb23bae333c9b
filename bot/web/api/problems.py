"""Errors as programs read them: problem+json (RFC 9457), the same shape for every refusal of the API."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.channel import Temporary
from bot.web import incidents

CONTENT_TYPE = "application/problem+json"
PREFIX = "/api/"
# What every answer to a caller carries, whatever becomes of the call: how often they may still ask.
LIMITS = web.RequestKey("limits", dict[str, str])


class Problem(Exception):
    """A refusal; `errors` names the fields that are wrong, each with what to do about it.

    `incident` is the number of an error that nobody foresaw, under which the log has its place.
    """

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        errors: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        incident: str = "",
    ) -> None:
        super().__init__(detail)
        self.incident = incident
        self.status, self.detail, self.errors, self.headers = status, detail, errors, dict(headers or {})


@web.middleware
async def as_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error of the API into a problem; pages are left to the others."""
    if not request.path.startswith(PREFIX):
        return await handler(request)
    answer = await _answer(request, handler)
    answer.headers.update(request.get(LIMITS, {}))
    return answer


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Problem as problem:
        return response(problem)
    except Temporary:
        detail = "Nothing was changed: this cannot be stored just now. Try again in a minute."
        return response(Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "60"}))
    except web.HTTPException as error:
        headers = {name: error.headers[name] for name in ("Allow",) if name in error.headers}
        return response(Problem(HTTPStatus(error.status), _WORDS.get(error.status, error.reason), headers=headers))
    except Exception as error:  # noqa: BLE001 - the border to the caller: they get a problem, the log gets the place
        incident = incidents.report(request, error)
        detail = "Something went wrong here. Nothing says that it was done; ask before you try again."
        return response(Problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail, incident=incident))


_WORDS = {
    404: "There is nothing at this address.",
    405: "This address does not take this method.",
    413: "That is too big: at most 512 KB are taken.",
}


def response(problem: Problem) -> web.Response:
    """The problem as an answer."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": problem.status.phrase,
        "status": problem.status.value,
        "detail": problem.detail,
    }
    if problem.errors:
        body["errors"] = [{"field": field, "detail": detail} for field, detail in problem.errors]
    if problem.incident:
        body["incident"] = problem.incident
    text = json.dumps(body, ensure_ascii=False)
    return web.Response(
        text=text, status=problem.status.value, content_type=CONTENT_TYPE, charset="utf-8", headers=problem.headers
    )
