"""The API for other systems: tokens with scopes, problems as answers; a call that comes again is done once."""

import json
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus

from aiohttp import web

from bot.core import threads
from bot.flows import staffing
from bot.flows.staffing import Visitor
from bot.store import tokens
from bot.web.api import openapi
from bot.web.api.answers import has_scope
from bot.web.api.directory import Directory
from bot.web.api.following import Following
from bot.web.api.openapi import Operation
from bot.web.api.operations import ACTIONS, OPERATIONS, operation_of
from bot.web.api.problems import LIMITS, Problem
from bot.web.api.reading import Reading
from bot.web.api.writing import Writing
from bot.web.client import client_network
from bot.web.site import Site, loop_time
from bot.web.throttling import NOTED_A_MINUTE, Throttle

CALLS_A_MINUTE = 6_000
STRANGERS_A_MINUTE = 120
_BEARER = {"WWW-Authenticate": 'Bearer realm="Ackbot"'}
# Whoever is refused so has tried what they may not, or what somebody else must know of.
_NOTED = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
Handler = Callable[[web.Request, Visitor], Awaitable[web.Response]]


class Api:
    """Every operation on `site`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._calls, self._strangers = Throttle(CALLS_A_MINUTE, 60), Throttle(STRANGERS_A_MINUTE, 60)
        self._noted = Throttle(NOTED_A_MINUTE, 60)
        self._document = json.dumps(openapi.document(OPERATIONS, site.settings.organisation.name), ensure_ascii=False)

    def routes(self) -> list[web.RouteDef]:
        """Every operation, and their description."""
        writing, reading, directory = Writing(self._site), Reading(self._site), Directory(self._site)
        handlers: dict[str, Handler] = {
            "createContact": writing.create,
            "addMessage": writing.add,
            "searchContacts": reading.search,
            "readContact": reading.show,
            "readSent": reading.sent,
            "readContactEvents": reading.history,
            "listFiles": reading.files,
            "readFile": reading.file,
            "readEvents": reading.stream,
            "readFeedback": reading.feedback,
            "replayEvents": Following(self._site).replay,
            "listTeams": directory.teams,
            "listServices": directory.services,
            "listChannels": directory.channels,
        }
        handlers |= {operation_of(name): partial(writing.act, name, model) for name, (_, model) in ACTIONS.items()}
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
                if not has_scope(visitor, operation.scope):
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
