"""How well an account is covered is an event when it changes, and no event when we start again."""

import asyncio
import json
from contextlib import suppress
from functools import partial
from typing import Any

from sqlalchemy import Connection, select

from bot.channel import Coverage, Temporary
from bot.loops.covering import Covering, record, with_shunted
from bot.loops.metering import Meter
from bot.present import Present
from bot.store import shunt
from bot.store.engine import Store
from bot.store.tables import events
from bot.wire.platforms.reading import NotUnderstood, not_understood
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


async def shown(covering: Covering, store: Store, level: str) -> Coverage:
    """What is found of the square once that level is noted of it, by a loop that has just begun."""
    loop = asyncio.create_task(covering.run())
    while [change["level"] for change in await store.read(changes)][-1:] != [level]:
        await asyncio.sleep(0.01)
    loop.cancel()
    with suppress(asyncio.CancelledError):
        await loop
    return covering.found["square"]


async def test_a_channel_with_a_message_that_nobody_understands_is_amber(store: Store) -> None:
    """In words, in the metrics and as an event, also of a channel that says nothing itself; green once it is read."""
    meter = Meter()
    covering = Covering({}, meter, store, Present(NOW, 1.0))
    odd = not_understood("square", {"type": "odd"}, NotUnderstood("a message of the type odd"))
    await store.write(lambda c: shunt.keep(c, odd, odd.fault, NOW))
    amber = await shown(covering, store, "amber")
    assert amber.findings == (
        "1 message that came was not understood, or could not be logged: a person has to read it",
    )
    assert meter.registry.get_sample_value("ackbot_channel_coverage", {"channel": "square"}) == 1
    (row,) = await store.read(shunt.list_all)
    await store.write(lambda c: shunt.drop(c, row.id))
    assert (await shown(covering, store, "green")).findings == ()
    assert [change["level"] for change in await store.read(changes)] == ["amber", "green"]


def test_what_waits_for_a_person_makes_nothing_better() -> None:
    """Red stays red, with both findings."""
    coverage = with_shunted(Coverage("red", ("the token is not valid any more",)), 2)
    assert coverage.level == "red"
    assert coverage.findings[0] == "the token is not valid any more"
    assert coverage.findings[1].startswith("2 messages that came were")


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
