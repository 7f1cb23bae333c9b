"""The descriptors of the process, shared out so that a flood of connections to one listener leaves some for others."""

import asyncio
import logging
import resource
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# For the store, mailboxes, outlets and files; an eighth where there are many.
_RESERVE, _RESERVED_SHARE = 96, 8
_MOST_WEB, _MOST_MAIL = 2_000, 200
# So many connections are accepted before those that were dropped give back their descriptors; the others wait in the
# queue of the kernel.
_ACCEPTED_AT_ONCE, _QUEUE = 16, 1_024
_SILENCE_SECONDS = 60.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shares:
    """The most connections to the pages, and to one address that takes mail."""

    web: int
    mail: int


def shares(limit: int | None = None) -> Shares:
    """Return the shares under this limit of descriptors (None: that of the process, RLIMIT_NOFILE)."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0] if limit is None else limit
    if limit == resource.RLIM_INFINITY:
        return Shares(_MOST_WEB, _MOST_MAIL)
    free = max(limit - max(_RESERVE, limit // _RESERVED_SHARE), 8)
    return Shares(min(free // 2, _MOST_WEB), min(free // 4, _MOST_MAIL))


async def listen(admit: Callable[[], asyncio.BaseProtocol], host: str, port: int) -> asyncio.Server:
    """Listen there, with a protocol of `admit` for each connection; raises OSError."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(admit, host.strip("[]"), port, backlog=_ACCEPTED_AT_ONCE)
    for listener in server.sockets:
        # asyncio accepts as many at once as may wait; the second number is set anew beside it.
        with socket.socket(fileno=socket.dup(listener.fileno())) as same:
            same.listen(_QUEUE)
    return server


class FailedAccepts:
    """Handles the errors of an event loop: connections that could not be accepted are one line in a minute."""

    def __init__(self) -> None:
        self._count, self._silent_until = 0, float("-inf")

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log the error."""
        if "accept() out of system resource" not in context.get("message", ""):
            loop.default_exception_handler(context)
            return
        self._count += 1
        if loop.time() >= self._silent_until:
            logger.error("connections.not_accepted count=%d error=%s", self._count, context.get("exception"))
            self._count, self._silent_until = 0, loop.time() + _SILENCE_SECONDS
