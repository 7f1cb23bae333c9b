"""How well an account is covered is an event when it changes, and no event when we start again."""

import asyncio
import json
from contextlib import suppress
from functools import partial
from typing import Any

from sqlalchemy import Connection, select

from bot.channel import Coverage, Temporary
from bot.loops.covering import Covering, record
from bot.loops.metering import Meter
from bot.present import Present
from bot.store.engine import Store
from bot.store.tables import events
from tests.flows.conftest import NOW
from tests.flows.desk import after


class Unanswered:
    """An account that cannot be asked."""

    name = "square"

    async def coverage(self) -> Coverage:
        """Nothing."""
        raise Temporary("the platform does not answer")


def changes(connection: Connection) -> list[dict[str, Any]]:
    """What the events say."""
    query = select(events.c.details).where(events.c.kind == "coverage changed").order_by(events.c.id)
    return [json.loads(text) for text in connection.execute(query).scalars()]


async def test_a_change_of_coverage_is_noted_once(store: Store) -> None:
    """By whichever process sees it first, and not anew by one that has just started."""
    for day, level in enumerate(["green", "green", "amber", "amber", "green"]):
        await store.write(partial(record, channel="square", level=level, now=after(day)))
    assert await store.read(changes) == [
        {"channel": "square", "level": level, "level_before": before}
        for before, level in (("", "green"), ("green", "amber"), ("amber", "green"))
    ]


async def test_what_cannot_be_asked_is_noted_as_red(store: Store) -> None:
    """At the first look."""
    covering = Covering({"square": Unanswered()}, Meter(), store, Present(NOW, 1.0))
    loop = asyncio.create_task(covering.run())
    while not (events_now := await store.read(changes)):
        await asyncio.sleep(0.01)
    loop.cancel()
    with suppress(asyncio.CancelledError):
        await loop
    assert events_now == [{"channel": "square", "level": "red", "level_before": ""}]
