"""Ports of the loopback for the real servers that tests start: found free, and waited for."""

import asyncio
import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from itertools import cycle

# Below Linux's ephemeral range (32768 and up): a client that keeps trying a stopped server's port inside
# that range may be given the very same number as its own and be connected to itself.
_PORTS = range(20_000, 32_000)
# How long to wait for what takes milliseconds on a quiet machine: waiting costs nothing once it has come.
PATIENCE_SECONDS = 60.0
# For what ends by itself, and not when something that it waits for ends after a longer time.
LEAVING_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 0.1


def _turns() -> Iterator[int]:
    """The ports of this process: no other one of the same run has them, and none comes twice before all came.

    A port is given out before its server takes it, and a stopped server wants its own again: that nobody
    listens there for the moment is no proof that nobody will.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    mine = _PORTS[worker :: int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))]
    first = random.SystemRandom().randrange(len(mine))  # two runs on one machine seldom meet
    return cycle([*mine[first:], *mine[:first]])


_turn = _turns()


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now, and that nobody else in these tests will be given."""
    for _ in range(200):
        port = next(_turn)
        with socket.socket() as probe:
            # As servers do, so that connections of an earlier run that are still closing do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port among 200 tries")


def wait_until(truth: Callable[[], bool], *, what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Return as soon as `truth()` holds; raise TimeoutError naming `what` when it does not.

    It is asked after 5 ms, and the longer it takes the less often: what asks takes its time from what is waited for.
    """
    began = time.monotonic()
    while not truth():
        waited = time.monotonic() - began
        if waited > seconds:
            raise TimeoutError(f"waited {seconds} s in vain: {what}")
        time.sleep(min(0.005 + waited / 10, LONGEST_PAUSE_SECONDS))


async def until(truth: Callable[[], bool]) -> None:
    """Return as soon as `truth()` holds, while the loop goes on; raise TimeoutError when it does not."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not truth():
            await asyncio.sleep(0.005)


def greets(port: int) -> bool:
    """Whether a mail server on this port of 127.0.0.1 has spoken: only then have all its parts started."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as probe:
            return bool(probe.recv(1))
    except OSError:
        return False
