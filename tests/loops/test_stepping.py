"""The clock on the wall is set back: nobody waits until the old time comes again."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook
from bot.loops import sending, stepping
from bot.present import Present
from bot.store import outbox
from bot.store.engine import Store
from tests.components.ports import PATIENCE_SECONDS

HOUR = timedelta(hours=1)


class Stepped(Present):
    """A clock that can be set."""

    off = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.off


async def test_what_was_due_is_due_after_the_clock_fell_back(
    store: Store, book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour back, as an operator who mistakes the zone does it: it leaves now, not in an hour."""
    monkeypatch.setattr(stepping, "LOOK_SECONDS", 0.01)
    present, woken = Stepped(), asyncio.Event()
    rows = alert.notices("front", "k", present.now(), book, subject="s", happened="h", action="a")
    await store.write(lambda connection: outbox.queue(connection, rows))
    noticing = asyncio.create_task(stepping.notice_steps(store, present, woken.set))
    await asyncio.sleep(0.05)
    assert not woken.is_set()
    present.off = -HOUR
    await asyncio.wait_for(woken.wait(), PATIENCE_SECONDS)
    noticing.cancel()
    claimed = await store.write(
        lambda connection: outbox.claim(connection, "post", present.now(), present.now() + HOUR, 9)
    )
    assert len(claimed) == 1


async def test_a_clock_that_jumps_an_hour_ahead_lets_no_claim_fall_due(store: Store, book: Rulebook) -> None:
    """What is on its way is not claimed again by a machine whose clock is wrong."""
    now = datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)  # a second before clocks in England jump
    rows = alert.notices("front", "k", now, book, subject="s", happened="h", action="a")
    await store.write(lambda connection: outbox.queue(connection, rows))
    until = now + timedelta(seconds=sending.HOLD_SECONDS)
    assert await store.write(lambda connection: outbox.claim(connection, "post", now, until, 9))
    assert not await store.write(lambda connection: outbox.claim(connection, "post", now + HOUR, until, 9))
