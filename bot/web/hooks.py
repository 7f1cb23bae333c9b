"""Where platforms call us: each call is verified, logged, and answered only after the commit."""

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from bot.channel import Batch, Forged, Hook, Permanent, RawRequest, Temporary

MOST_BYTES = 3 * 1024 * 1024
Log = Callable[[str, Batch], Awaitable[None]]


class Hooks:
    """`log(channel, batch)` returns after the commit, or raises `Temporary`."""

    def __init__(self, hooks: Sequence[Hook], log: Log) -> None:
        self._hooks, self._log = hooks, log

    def routes(self) -> list[web.RouteDef]:
        """One address for each channel that is called."""
        return [route for hook in self._hooks for route in self._routes(hook)]

    def _routes(self, hook: Hook) -> list[web.RouteDef]:
        async def take(request: web.Request) -> web.Response:
            return await self._take(hook, request)

        async def prove(request: web.Request) -> web.Response:
            return _proof(hook, request)

        routes = [web.post(hook.path, take)]
        return [*routes, web.get(hook.path, prove, allow_head=False)] if hasattr(hook, "challenge") else routes

    async def _take(self, hook: Hook, request: web.Request) -> web.Response:
        try:
            batch = hook.open(RawRequest(_headers(request), await _body(request), "POST", dict(request.query)))
        except Forged:
            # Nothing of the call is logged, and nothing is said of why.
            return web.Response(status=401, text="not accepted\n")
        except Permanent:
            return web.Response(status=400, text="not understood\n")
        try:
            if batch.messages:
                await self._log(hook.name, batch)
        except Temporary:
            return web.Response(status=503, text="try again later\n", headers={"Retry-After": "60"})
        return web.Response(text="ok")


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


def _proof(hook: Hook, request: web.Request) -> web.Response:
    raw = RawRequest(_headers(request), b"", "GET", dict(request.query))
    try:
        content_type, body = hook.challenge(raw)  # type: ignore[attr-defined]
    except Forged:
        return web.Response(status=403, text="not accepted\n")
    except Permanent:
        return web.Response(status=400, text="not understood\n")
    return web.Response(body=body, content_type=content_type)


def _headers(request: web.Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}
