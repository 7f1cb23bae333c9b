"""A platform on this machine: it keeps state, answers as its documentation says, and refuses what it would refuse."""

import asyncio
import http.client
import random
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.components.ports import PATIENCE_SECONDS, free_port


def now() -> datetime:
    """The platform's own clock."""
    return datetime.now(UTC)  # noqa: TID251 - a platform has a clock of its own


def posted(address: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Call a hook on this machine; the status, or 0 where nobody answers."""
    if not address:
        return 0
    port, _, path = address.removeprefix("http://127.0.0.1:").partition("/")
    line = http.client.HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE_SECONDS)
    try:
        line.request("POST", f"/{path}", body, dict(headers))
        return line.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        line.close()


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Trouble:
    """What goes wrong: `down` answers 503 to everything; `limited` so many calls with 429; `refused` all with 401."""

    down: bool = False
    limited: int = 0
    refused: bool = False


class Peer(ABC):
    """Runs in a thread of its own. `person` is any name; each kind makes an account of it.

    `pushes`: it calls the service's hook, whose address is in `hook` once the service is there. `polls`: the service
    asks it; `has_list`: and can ask for what no call brought. `has_public`: anybody can read some of it. `has_posts`:
    what people write has a kind, such as a message or a comment; a mail or a text has none.
    `staff_program`: staff can answer there themselves, and we are told.
    `best_coverage` is "amber" where the platform itself keeps something from every account.
    """

    kind = ""
    pushes = False
    polls = True
    has_list = True
    has_public = True
    has_posts = True
    staff_program = True
    best_coverage = "green"

    def __init__(self) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.trouble = Trouble()
        self.hook = ""
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._ending: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        ending = self._ending
        assert ending is not None
        self._loop.call_soon_threadsafe(ending.set)
        self._thread.join(10)

    @property
    def name(self) -> str:
        """The name of the channel, which is that of its kind unless two of one kind are needed."""
        return self.kind

    @abstractmethod
    def table(self) -> str:
        """The `[[channel]]` of the account, with its `name`."""

    @abstractmethod
    def routes(self) -> list[web.RouteDef]:
        """What it serves."""

    @abstractmethod
    def write(self, person: str, words: str, *, public: bool = False) -> str:
        """A person writes to the account; returns the platform's name of the message."""

    @abstractmethod
    def staff_answer(self, person: str, words: str) -> None:
        """Staff answer this person's newest message with the platform's own program."""

    @abstractmethod
    def answers_to(self, person: str) -> list[str]:
        """The words of everything that came from the service for this person."""

    def shake(self, chance: random.Random) -> None:
        """Call the hook again for everything, three times over and in any order; one that is only asked has none."""
        assert not self.pushes, "a platform that calls must be able to call again"

    def back(self) -> None:
        """The trouble is over: bring what could not be brought."""
        assert self.polls, "who is never asked must call again"

    def environment(self) -> dict[str, str]:
        """Secrets that the table takes from the environment."""
        return {}

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._ending = asyncio.Event()
        app = web.Application(middlewares=[self._troubled])
        app.add_routes(self.routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        door = socket.create_server(("127.0.0.1", self.port))
        await web.SockSite(runner, door).start()
        self._ready.set()
        await self._ending.wait()
        # Nobody else comes in: a server that is closed leaves the connection open that it is in the middle of taking.
        self._loop.remove_reader(door)
        await asyncio.sleep(0.01)
        await runner.cleanup()
        # Connections are let go in the next rounds of the loop; closed before that, it would leave them open.
        await asyncio.sleep(0.02)

    @web.middleware
    async def _troubled(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.trouble.down:
            return web.json_response({"error": "Service unavailable"}, status=503)
        if self.trouble.refused:
            return web.json_response({"error": "The access token is invalid"}, status=401)
        if self.trouble.limited > 0:
            self.trouble.limited -= 1
            return web.json_response({"error": "Too many requests"}, status=429, headers={"Retry-After": "1"})
        return await handler(request)
