"""Runs a blocking reader in a thread of its own; asyncio sees an iterator that is one item ahead."""

import asyncio
import select
import socket
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import closing, suppress
from typing import TypeVar

T = TypeVar("T")

# How long a reader may take to close its connection in order (an IMAP LOGOUT, for example) before it is cut.
LEAVE_SECONDS = 0.5


class Halt:
    """A request to stop, made in the event loop. It wakes the reader's thread, which checks `is_requested`."""

    def __init__(self) -> None:
        self._receiver, self._transmitter = socket.socketpair()
        self.is_requested = False

    def request(self) -> None:
        """End every wait, now and later."""
        self.is_requested = True
        with suppress(OSError):  # closed: the thread has ended by itself
            self._transmitter.send(b"x")

    def wait(self, seconds: float, *sockets: socket.socket) -> None:
        """Return when a stop is requested, when one of `sockets` can be read, or after `seconds`."""
        poll = select.poll()
        for source in (self._receiver, *sockets):
            poll.register(source.fileno(), select.POLLIN)
        poll.poll(seconds * 1000)

    def close(self) -> None:
        """Close the sockets."""
        self._receiver.close()
        self._transmitter.close()


async def one_ahead(
    items: Generator[T, None, None], halt: Halt, cut: Callable[[], None], *, name: str
) -> AsyncGenerator[T, None]:
    """Run `items` in a thread called `name` and yield its items; the next item is made while one is used.

    An exception of `items` is raised here. When this generator is closed, or its task cancelled, `halt` is requested;
    a thread that has not ended half a second later is woken by `cut`. The thread never keeps the process alive.
    """
    loop = asyncio.get_running_loop()
    results: asyncio.Queue[T | Exception] = asyncio.Queue()
    room = threading.Semaphore(0)
    thread_end = asyncio.Event()

    def call(function: Callable[..., object], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits for results any more
            loop.call_soon_threadsafe(function, *arguments)

    def work() -> None:
        try:
            with closing(halt), closing(items):
                for item in items:
                    call(results.put_nowait, item)
                    room.acquire()
                    if halt.is_requested:
                        break
        except Exception as error:  # noqa: BLE001 - passed on, whatever it is, to the task that waits
            call(results.put_nowait, error)
        finally:
            call(thread_end.set)

    threading.Thread(target=work, name=name, daemon=True).start()
    try:
        while True:
            item = await results.get()
            if isinstance(item, Exception):
                raise item
            room.release()
            yield item
    finally:
        halt.request()
        room.release()
        with suppress(TimeoutError):
            # Not asyncio.timeout: before Python 3.11.4 it raises CancelledError in a task that was cancelled.
            await asyncio.wait_for(thread_end.wait(), LEAVE_SECONDS)
        if not thread_end.is_set():
            cut()
