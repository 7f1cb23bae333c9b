"""For machines: is the process alive, can it do its work, and how much has it done."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST


class Health:
    """`problems` lists why the service is not ready, without secrets; `metrics` gives the Prometheus text."""

    def __init__(self, problems: Callable[[], Awaitable[list[str]]], metrics: Callable[[], Awaitable[bytes]]) -> None:
        self._problems = problems
        self._metrics = metrics

    def routes(self) -> list[web.RouteDef]:
        """Alive, ready, figures."""
        return [
            web.get("/healthz", self._alive),
            web.get("/readyz", self._ready),
            web.get("/metrics", self._figures),
        ]

    async def _alive(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def _ready(self, _request: web.Request) -> web.Response:
        problems = await self._problems()
        return web.json_response({"ready": not problems, "problems": problems}, status=503 if problems else 200)

    async def _figures(self, _request: web.Request) -> web.Response:
        return web.Response(body=await self._metrics(), headers={"Content-Type": CONTENT_TYPE_LATEST})
