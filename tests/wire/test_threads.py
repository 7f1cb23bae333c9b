"""A blocking reader in its own thread: one ahead of who uses it, and gone when it is not wanted any more."""

import asyncio
import threading
import time
from collections.abc import Generator
from contextlib import aclosing

import pytest

from bot.wire.threads import Halt, one_ahead
from tests.components.ports import LEAVING_SECONDS, until


def counting(made: list[int], halt: Halt) -> Generator[int, None, None]:
    """1, 2, 3, ... as fast as they are taken; `made` shows how far it has come."""
    while not halt.is_requested:
        made.append(len(made) + 1)
        yield made[-1]


async def alive(name: str) -> bool:
    """Whether this thread does not end by itself, sooner than anything that it could wait for."""
    deadline = time.monotonic() + LEAVING_SECONDS
    while running := any(thread.name == name for thread in threading.enumerate()):
        if time.monotonic() > deadline:
            break
        await asyncio.sleep(0.005)
    return running


async def test_the_next_item_is_made_while_one_is_used() -> None:
    """One ahead, not two: what waits to be used stays small."""
    made: list[int] = []
    halt = Halt()
    async with aclosing(one_ahead(counting(made, halt), halt, lambda: None, name="counting")) as items:
        for expected in (1, 2, 3):
            assert await anext(items) == expected
            await until(lambda: len(made) > expected)  # noqa: B023 - asked at once
            await asyncio.sleep(0.05)
            assert len(made) == expected + 1
    assert not await alive("counting")


async def test_an_error_in_the_thread_is_raised_to_who_waits() -> None:
    """And the thread ends."""

    def failing() -> Generator[int, None, None]:
        yield 1
        raise LookupError("gone")

    async with aclosing(one_ahead(failing(), Halt(), lambda: None, name="failing")) as items:
        assert await anext(items) == 1
        with pytest.raises(LookupError, match="gone"):
            await anext(items)
    assert not await alive("failing")


async def test_a_cancelled_wait_wakes_the_thread() -> None:
    """The thread ends in order: what it holds is let go by itself, and it needs no cutting."""
    begun, ended, cut = threading.Event(), threading.Event(), threading.Event()
    halt = Halt()

    def waiting() -> Generator[int, None, None]:
        try:
            begun.set()
            halt.wait(60)
            yield 1
        finally:
            ended.set()

    taking = asyncio.ensure_future(anext(one_ahead(waiting(), halt, cut.set, name="waiting")))
    await until(begun.is_set)
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    assert ended.is_set()
    assert not cut.is_set()
    assert not await alive("waiting")


async def test_a_thread_that_does_not_leave_is_cut() -> None:
    """After half a second, so that stopping never waits for somebody else's server."""
    cut = threading.Event()

    def deaf() -> Generator[int, None, None]:
        yield 1
        cut.wait(60)
        yield 2

    items = one_ahead(deaf(), Halt(), cut.set, name="deaf")
    await anext(items)
    await asyncio.sleep(0.05)
    began = time.monotonic()
    await items.aclose()
    assert cut.is_set()
    assert 0.4 < time.monotonic() - began < LEAVING_SECONDS
    assert not await alive("deaf")


def test_a_thread_outlives_a_closed_loop_quietly() -> None:
    """What it has to tell then has no hearer; that is no error."""
    go = threading.Event()
    errors: list[object] = []
    before, threading.excepthook = threading.excepthook, errors.append

    def late() -> Generator[int, None, None]:
        go.wait(60)
        yield 1

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(one_ahead(late(), Halt(), lambda: None, name="late")), 0.05)

    asyncio.run(give_up())
    go.set()
    assert not asyncio.run(alive("late"))
    threading.excepthook = before
    assert not errors
