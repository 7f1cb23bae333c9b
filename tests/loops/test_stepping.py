"""The clock on the wall is set back: nobody waits until the old time comes again."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook
from bot.loops import sending, stepping
from bot.present import Present
from bot.store import contacts, outbox
from bot.store.engine import Store
from tests.components.ports import PATIENCE_SECONDS
from tests.flows.conftest import Make
from tests.flows.desk import logged

HOUR, AGAIN_AFTER = timedelta(hours=1), timedelta(minutes=15)


class Stepped(Present):
    """A clock that can be set."""

    off = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.off


async def test_what_was_due_is_due_after_the_clock_fell_back(
    store: Store, book: Rulebook, mail: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour back, as when an operator mistakes the zone: it leaves now, and the next call is no later."""
    monkeypatch.setattr(stepping, "LOOK_SECONDS", 0.01)
    present, woken = Stepped(), asyncio.Event()
    rows = alert.notices("front", "k", present.now(), book, subject="s", happened="h", action="a")
    await store.write(lambda connection: outbox.queue(connection, rows))
    urgent = await store.write(lambda connection: logged(connection, book, mail(1)))
    next_call = {"urgent": "gas", "urgent_at": present.now() + AGAIN_AFTER, "next_look_at": present.now() + AGAIN_AFTER}
    await store.write(lambda connection: contacts.put(connection, urgent.id, next_call))
    noticing = asyncio.create_task(stepping.notice_steps(store, present, woken.set, AGAIN_AFTER))
    await asyncio.sleep(0.05)
    assert not woken.is_set()
    present.off = -HOUR
    await asyncio.wait_for(woken.wait(), PATIENCE_SECONDS)
    noticing.cancel()
    claimed = await store.write(
        lambda connection: outbox.claim(connection, "post", present.now(), present.now() + HOUR, 9)
    )
    assert len(claimed) == 1
    contact = await store.read(lambda connection: contacts.find(connection, urgent.reference))
    assert contact is not None
    assert contact.urgent_at == contact.next_look_at
    assert contact.urgent_at is not None
    assert contact.urgent_at <= present.now() + AGAIN_AFTER


async def test_a_clock_that_jumps_an_hour_ahead_lets_no_claim_fall_due(store: Store, book: Rulebook) -> None:
    """What is on its way is not claimed again by a machine whose clock is wrong."""
    now = datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)  # a second before clocks in England jump
    rows = alert.notices("front", "k", now, book, subject="s", happened="h", action="a")
    await store.write(lambda connection: outbox.queue(connection, rows))
    until = now + timedelta(seconds=sending.HOLD_SECONDS)
    assert await store.write(lambda connection: outbox.claim(connection, "post", now, until, 9))
    assert not await store.write(lambda connection: outbox.claim(connection, "post", now + HOUR, until, 9))
