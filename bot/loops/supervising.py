"""Keeps the loops running: one that falls over is started again, and is never silent about it."""

import asyncio
from collections.abc import Awaitable, Callable

from bot import log
from bot.loops.metering import Meter

logger = log.get("supervising")

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0


async def keep_running(name: str, loop: Callable[[], Awaitable[None]], meter: Meter) -> None:
    """Run `loop` for ever; it is started again, after growing pauses, whenever it raises."""
    pause = FIRST_PAUSE_SECONDS
    restarts = meter.restarts.labels(name)  # shown from the start, so that Prometheus sees the first increase
    while True:
        started_at = asyncio.get_running_loop().time()
        try:
            await loop()
        except Exception:
            logger.exception("loop.fell_over", loop=name)
        restarts.inc()
        if asyncio.get_running_loop().time() - started_at > LONGEST_PAUSE_SECONDS:
            pause = FIRST_PAUSE_SECONDS
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
