"""Pages that are put together when somebody first asks for one, or when the service has time for it."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from aiohttp import web
from yarl import URL


class Later(web.AbstractResource):
    """Whatever the application around it does not answer itself, by an application that `build` returns.

    It is built once, in a thread, because its imports take as long as a start.
    """

    def __init__(self, build: Callable[[], web.Application]) -> None:
        super().__init__()
        self._build = build
        self._building = asyncio.Lock()
        self._app: web.Application | None = None
        self.fault = ""

    async def ready(self) -> web.Application:
        """Return the application, built by now; where that fails, `fault` says why."""
        async with self._building:
            if self._app is None:
                try:
                    app = await asyncio.to_thread(self._build)
                except Exception as error:
                    self.fault = f"the pages cannot be put together: {type(error).__name__}: {error}"
                    raise
                app.freeze()
                self._app, self.fault = app, ""
        return self._app

    @property
    def canonical(self) -> str:
        """Everything is below it."""
        return "/"

    async def resolve(self, request: web.Request) -> Any:
        """Leave the answer to the application, also that there is no such page."""
        app = self._app or await self.ready()
        match = await app.router.resolve(request)
        match.add_app(app)
        return match, set[str]()

    def url_for(self, **_parts: str) -> URL:
        """No address is made by the name of a resource here."""
        raise NotImplementedError  # aiohttp asks for the method; routes of the pages make their own addresses

    def add_prefix(self, prefix: str) -> None:
        """It stands below nothing."""
        raise NotImplementedError  # aiohttp calls it for an application within another, and this one is in none

    def get_info(self) -> Any:
        """For a look from outside."""
        return {"app": self._app, "prefix": ""}

    def raw_match(self, _path: str) -> bool:
        """No path is its own alone."""
        return False

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[web.AbstractRoute]:
        return iter(())
