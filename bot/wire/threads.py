"""A reader that blocks, in a thread of its own; asyncio sees an iterator that is one item ahead."""

import asyncio
import select
import socket
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import closing, suppress
from typing import TypeVar

T = TypeVar("T")

# How long a reader may take to leave in order (an IMAP LOGOUT, say) before its line is cut.
LEAVE_SECONDS = 0.5


class Halt:
    """Asked for in the event loop, it wakes the thread wherever it waits. Whoever waits looks at `asked`."""

    def __init__(self) -> None:
        self._hears, self._tells = socket.socketpair()
        self.asked = False

    def ask(self) -> None:
        """End every wait, now and later."""
        self.asked = True
        with suppress(OSError):  # closed: the thread has ended by itself
            self._tells.send(b"x")

    def wait(self, seconds: float, *others: socket.socket) -> None:
        """Return when asked, when there is something to read from one of `others`, or when the time is up."""
        poll = select.poll()
        for one in (self._hears, *others):
            poll.register(one.fileno(), select.POLLIN)
        poll.poll(seconds * 1000)

    def close(self) -> None:
        """Let go of the sockets."""
        self._hears.close()
        self._tells.close()


async def one_ahead(
    items: Generator[T, None, None], halt: Halt, cut: Callable[[], None], *, name: str
) -> AsyncGenerator[T, None]:
    """Yield what `items` yields in a thread called `name`; while one item is used the next is being made.

    An exception of `items` is raised here. When this generator is closed, or its task cancelled, `halt` is asked
    for; a thread that has not left half a second later is woken by `cut`. The thread never keeps the process alive.
    """
    loop = asyncio.get_running_loop()
    made: asyncio.Queue[T | Exception] = asyncio.Queue()
    room = threading.Semaphore(0)
    ended = asyncio.Event()

    def call(function: Callable[..., object], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            loop.call_soon_threadsafe(function, *arguments)

    def work() -> None:
        try:
            with closing(halt), closing(items):
                for item in items:
                    call(made.put_nowait, item)
                    room.acquire()
                    if halt.asked:
                        break
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits must learn of it
            call(made.put_nowait, error)
        finally:
            call(ended.set)

    threading.Thread(target=work, name=name, daemon=True).start()
    try:
        while True:
            item = await made.get()
            if isinstance(item, Exception):
                raise item
            room.release()
            yield item
    finally:
        halt.ask()
        room.release()
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), LEAVE_SECONDS)
        if not ended.is_set():
            cut()
