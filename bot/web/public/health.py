"""For machines: is the process alive, can it do its work, and how much has it done."""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.channel import Coverage


class Health:
    """Lists why the service is not ready, without secrets, and gives the metrics as Prometheus' text.

    How much of what people write on each account reaches us does not decide who is ready.
    """

    def __init__(
        self,
        problems: Callable[[], Awaitable[list[str]]],
        coverage: Callable[[], Mapping[str, Coverage]],
        metrics: Callable[[], Awaitable[bytes]],
    ) -> None:
        self._problems, self._coverage, self._metrics = problems, coverage, metrics

    def probes(self) -> list[web.RouteDef]:
        """Alive, ready."""
        return [web.get("/healthz", self._alive), web.get("/readyz", self._ready)]

    def routes(self) -> list[web.RouteDef]:
        """Alive, ready, figures."""
        return [*self.probes(), web.get("/metrics", self._figures)]

    async def _alive(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def _ready(self, _request: web.Request) -> web.Response:
        problems = await self._problems()
        answer = {"ready": not problems, "problems": problems}
        if covered := self._coverage():
            answer["coverage"] = {name: {"level": c.level, "findings": c.findings} for name, c in covered.items()}
        return web.json_response(answer, status=503 if problems else 200)

    async def _figures(self, _request: web.Request) -> web.Response:
        return web.Response(body=await self._metrics(), headers={"Content-Type": CONTENT_TYPE_LATEST})
