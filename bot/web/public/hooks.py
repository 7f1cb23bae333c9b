"""Where platforms call us: each call is verified, logged, and answered only after the commit."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol, runtime_checkable

from aiohttp import web

from bot.channel import Batch, Challenged, Forged, Hook, Permanent, RawRequest, Temporary
from bot.core.messages import NO_LOSSES, Losses
from bot.web.site import Site
from bot.wire.platforms.polling import AT_ONCE
from bot.wire.platforms.reading import raw_message

MOST_BYTES = 3 * 1024 * 1024
Log = Callable[[str, Batch], Awaitable[object]]


@runtime_checkable
class Proving(Hook, Protocol):
    """A hook whose provider first asks, by a call like any other, for proof that the address is ours."""

    def prove(self, raw: RawRequest) -> bytes | None:
        """Return the answer to such a call, as plain text; None for any other."""
        ...


@runtime_checkable
class Answering(Hook, Protocol):
    """A hook whose provider wants an answer of its own to some of its calls."""

    def answer(self, raw: RawRequest) -> bytes | None:
        """Return what to answer, as JSON, to a call that was taken; None to most."""
        ...


class Hooks:
    """Takes the calls of every channel that has an address of its own below /hooks/."""

    def __init__(self, site: Site) -> None:
        self._hooks = [hook for hook in site.hooks if hook.path.startswith("/hooks/")]
        self._together = {hook.name: Together(hook.name, site.log_batch) for hook in self._hooks}

    def routes(self) -> list[web.RouteDef]:
        """One address for each channel that is called."""
        return [route for hook in self._hooks for route in self._routes(hook)]

    def _routes(self, hook: Hook) -> list[web.RouteDef]:
        async def take(request: web.Request) -> web.Response:
            return await self._take(hook, request)

        routes = [web.post(hook.path, take)]
        if isinstance(hook, Challenged):
            routes.append(web.get(hook.path, partial(_prove, hook), allow_head=False))
        return routes

    async def _take(self, hook: Hook, request: web.Request) -> web.Response:
        raw = RawRequest(_headers(request), await _body(request), "POST", dict(request.query))
        if isinstance(hook, Proving) and (proof := hook.prove(raw)) is not None:
            return web.Response(body=proof, content_type="text/plain")
        try:
            batch = hook.open(raw)
        except Forged:
            # Nothing of the call is logged, and nothing is said of why.
            return web.Response(status=401, text="not accepted\n")
        except Permanent as error:
            # The platform has proved itself, and keeps nothing itself once it has given up: the call is kept as it is.
            batch = Batch((raw_message(hook.name, raw.body, error),))
        try:
            if batch.messages or batch.losses is not NO_LOSSES:
                await self._together[hook.name].log(batch)
        except Temporary:
            return web.Response(status=503, text="try again later\n", headers={"Retry-After": "60"})
        if isinstance(hook, Answering) and (answer := _answer(hook, raw)) is not None:
            return web.Response(body=answer, content_type="application/json")
        return web.Response(text="ok")


class Together:
    """What the calls of one channel bring while a commit is under way is logged in the next one, all of it together.

    To ask the store what is known costs about as much for fifty messages as for one.
    """

    def __init__(self, name: str, log: Log) -> None:
        self._name, self._log = name, log
        self._waiting: list[tuple[Batch, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def log(self, batch: Batch) -> None:
        """Returns after the commit, or raises what `log` raised."""
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((batch, committed))
        if self._task is None:
            self._task = asyncio.create_task(self._log_all())
        await committed

    async def _log_all(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            error: Exception | None = None
            try:
                await self._log(self._name, _as_one([batch for batch, _ in group]))
            except Exception as exception:  # noqa: BLE001 - each caller hears of it
                error = exception
            # A caller who has gone has cancelled the wait.
            for committed in (future for _, future in group if not future.done()):
                committed.set_result(None) if error is None else committed.set_exception(error)
        self._task = None


def _answer(hook: Answering, raw: RawRequest) -> bytes | None:
    """Return what to answer to a call that is logged; one that was kept as it came has no answer of its own."""
    try:
        return hook.answer(raw)
    except Permanent:
        return None


def _as_one(batches: Sequence[Batch]) -> Batch:
    """Return what these calls of one channel bring, with what was lost of it."""
    parts = [batch.losses for batch in batches if batch.losses is not NO_LOSSES]
    unreadable = tuple(message for part in parts for message in part.unreadable)
    losses = Losses(parts[0].channel, unreadable, sum(part.gap for part in parts)) if parts else NO_LOSSES
    return Batch(tuple(message for batch in batches for message in batch.messages), losses=losses)


async def _body(request: web.Request) -> bytes:
    """The raw bytes, which alone a signature can be checked on. Raises 413 or 400."""
    if (request.content_length or 0) > MOST_BYTES:
        raise web.HTTPRequestEntityTooLarge(MOST_BYTES, request.content_length or 0)
    body = bytearray()
    try:
        async for piece in request.content.iter_chunked(65_536):
            body += piece
            if len(body) > MOST_BYTES:
                raise web.HTTPRequestEntityTooLarge(MOST_BYTES, len(body))
    except (web.RequestPayloadError, ConnectionError) as error:
        raise web.HTTPBadRequest from error
    return bytes(body)


async def _prove(hook: Challenged, request: web.Request) -> web.Response:
    raw = RawRequest(_headers(request), b"", "GET", dict(request.query))
    try:
        content_type, body = hook.challenge(raw)
    except Forged:
        return web.Response(status=403, text="not accepted\n")
    except Permanent:
        return web.Response(status=400, text="not understood\n")
    return web.Response(body=body, content_type=content_type)


def _headers(request: web.Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}
