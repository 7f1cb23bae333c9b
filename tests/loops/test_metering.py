"""The metrics: what waits is shown as ages, and what can be counted is shown before it happens."""

import asyncio
from datetime import UTC, datetime, timedelta

from bot.flows.desk.backlog import Backlog
from bot.loops import supervising
from bot.loops.metering import Meter

NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)


def value(meter: Meter, name: str, **labels: str) -> float | None:
    """What one series shows; None when there is none."""
    return meter.registry.get_sample_value(name, labels)


def test_what_waits_is_shown_in_seconds() -> None:
    """An instant in the past is so many seconds ago."""
    meter = Meter()
    meter.show(
        Backlog(
            3,
            2,
            1,
            NOW - timedelta(minutes=20),
            NOW - timedelta(seconds=5),
            receipts_stopped=True,
            unread_feedback={"no": 4},
        ),
        NOW,
    )
    shown = {
        "ackbot_open_contacts": 3,
        "ackbot_waiting_deliveries": 2,
        "ackbot_shunted_messages": 1,
        "ackbot_oldest_waiting_receipt_seconds": 1200,
        "ackbot_overdue_look_seconds": 5,
        "ackbot_receipts_stopped": 1,
    }
    assert {name: value(meter, name) for name in shown} == shown
    assert [value(meter, "ackbot_unread_feedback", answer=answer) for answer in ("yes", "partly", "no")] == [0, 0, 4]


def test_nothing_waits_and_what_is_ahead_is_not_overdue() -> None:
    """No receipt, and a look planned for later: both are 0."""
    meter = Meter()
    meter.show(Backlog(1, 0, 0, None, NOW + timedelta(days=1), receipts_stopped=False, unread_feedback={}), NOW)
    assert value(meter, "ackbot_oldest_waiting_receipt_seconds") == 0
    assert value(meter, "ackbot_overdue_look_seconds") == 0


def test_an_outlet_shows_every_state_from_the_start() -> None:
    """A series that began with its first failure would show Prometheus no increase."""
    meter = Meter()
    meter.begin_outlet("post")
    for state in ("sent", "temporary-failure", "permanent-failure", "technical-failure"):
        assert value(meter, "ackbot_delivery_attempts_total", outlet="post", state=state) == 0


async def test_a_loop_that_falls_over_is_counted() -> None:
    """0 while it runs; each fall is one more."""
    meter = Meter()
    seen: list[float | None] = []

    async def fall() -> None:
        seen.append(value(meter, "ackbot_loop_restarts_total", loop="watching"))
        raise RuntimeError("a fault")

    task = asyncio.create_task(supervising.keep_running("watching", fall, meter))
    async with asyncio.timeout(5):
        while value(meter, "ackbot_loop_restarts_total", loop="watching") != 1:
            await asyncio.sleep(0.005)
    task.cancel()
    assert seen == [0]


def test_the_process_shows_its_memory() -> None:
    """Under the usual names, so that common dashboards work."""
    meter = Meter()
    assert (value(meter, "process_resident_memory_bytes") or 0) > 1_000_000
    assert value(meter, "process_start_time_seconds")
