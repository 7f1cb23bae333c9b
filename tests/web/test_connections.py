"""Whoever holds a connection and asks nothing gives way; whoever has asked is answered, over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol, cast

import pytest
from aiohttp import web

from bot.web import connections
from bot.web.connections import Connection, Listener, follow
from bot.wire import descriptors
from bot.wire.descriptors import Shares

WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
HALF_A_HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
HALF_A_BODY = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Connect(Protocol):
    """Connects, and says something."""

    async def __call__(self, words: bytes = b"") -> Line:
        """Return both ends of the line."""
        ...


@asynccontextmanager
async def _listening(
    answer: Callable[[web.Request], Awaitable[web.Response]],
) -> AsyncIterator[Connect]:
    """An application with one page; gives a way to connect to it and to say something."""
    app = web.Application(middlewares=[follow])
    app.router.add_route("*", "/", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await Listener(runner, "127.0.0.1", 0).start()
    writers: list[asyncio.StreamWriter] = []

    async def connect(words: bytes = b"") -> Line:
        reader, writer = await asyncio.open_connection(*runner.addresses[0])
        writers.append(writer)
        writer.write(words)
        await writer.drain()
        return reader, writer

    yield connect
    for writer in writers:
        writer.close()
    await runner.cleanup()


async def _read(request: web.Request) -> web.Response:
    return web.Response(text=f"read {len(await request.read())}")


async def _answer(line: Line) -> bytes:
    reader, _ = line
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
    return await reader.readexactly(length)


@pytest.mark.parametrize("words", [b"", HALF_A_HEAD, HALF_A_BODY, WHOLE], ids=["silent", "head", "body", "idle"])
async def test_whoever_asks_nothing_is_dropped(words: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who says nothing, stops half way, or has had its answer and asks no more."""
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.1)
    async with _listening(_read) as connect:
        reader, _ = await connect(words)
        answer = await reader.read()
        assert answer.endswith(b"read 0") is (words == WHOLE)


async def test_an_answer_has_the_time_that_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is that of the request alone; the next one on the same connection has as much again."""
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.2)

    async def slow(_request: web.Request) -> web.Response:
        await asyncio.sleep(0.5)
        return web.Response(text="at last")

    async with _listening(slow) as connect:
        line = await connect(WHOLE)
        assert await _answer(line) == b"at last"
        line[1].write(WHOLE)
        assert await _answer(line) == b"at last"


@pytest.mark.parametrize("before", [b"", WHOLE], ids=["new", "idle"])
async def test_a_request_has_its_time_from_its_first_octet_on(before: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the connection was silent before: somebody may have read the page, and written, for a minute."""
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 1.0)
    async with _listening(_read) as connect:
        line = await connect(before)
        if before:
            assert await _answer(line) == b"read 0"
        await asyncio.sleep(0.7)
        line[1].write(HALF_A_BODY)
        await asyncio.sleep(0.6)
        line[1].write(b" more")
        assert await _answer(line) == b"read 9"


async def test_a_large_request_has_time_for_each_of_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file arrives by a slow line; drops of a body that never ends do not keep a connection."""
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 1.0)
    monkeypatch.setattr(connections, "PART_OCTETS", 1_000)
    head = HALF_A_BODY.replace(b" 9", b" 4004")
    async with _listening(_read) as connect:
        large, dripping = await connect(head), await connect(head)
        dripping[1].write(bytes(900))
        for _ in range(4):
            await asyncio.sleep(0.4)
            large[1].write(bytes(1_000))
        assert await _answer(large) == b"read 4004"
        assert await _dropped(dripping)


async def test_an_answer_goes_on_while_it_is_read() -> None:
    """However long a large mail takes by a slow line: whenever the time is over, some more of it has gone out."""
    served: list[Connection] = []

    async def give(request: web.Request) -> web.Response:
        assert request.transport is not None
        served.append(cast("Connection", request.transport.get_protocol()))
        return web.Response(body=bytes(30_000_000))

    async with _listening(give) as connect:
        reader, _ = await connect(WHOLE)
        await reader.readuntil(b"\r\n\r\n")
        transport = served[0]._transport
        assert transport is not None
        unread = transport.get_write_buffer_size()
        for _ in range(5):
            served[0]._expire()
            while transport.get_write_buffer_size() == unread:
                await reader.read(100_000)
            unread = transport.get_write_buffer_size()
        assert not transport.is_closing()
        # Whoever reads no more is dropped as soon as the kernel takes no more either.
        while not transport.is_closing():
            unread = transport.get_write_buffer_size()
            served[0]._expire()
            await asyncio.sleep(0.02)
        assert unread > 0


async def test_where_all_places_are_taken_the_silent_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """First whoever has never asked, the longest; then whoever waits between two requests; never who is answered."""
    monkeypatch.setattr(descriptors, "shares", lambda: Shares(web=3, mail=3))
    may_answer = asyncio.Event()

    async def wait(request: web.Request) -> web.Response:
        if request.method == "PUT":
            await may_answer.wait()
        return web.Response(text="here")

    async with _listening(wait) as connect:
        idle = await connect(WHOLE)
        assert await _answer(idle) == b"here"
        silent, busy = await connect(), await connect(WHOLE.replace(b"GET", b"PUT"))
        another = await connect(WHOLE)  # in the place of the silent one
        assert await silent[0].read() == b""
        assert await _answer(another) == b"here"
        more = await connect(WHOLE.replace(b"GET", b"PUT"))  # in the place of the idle one
        assert await idle[0].read() == b""
        last = await connect(WHOLE.replace(b"GET", b"PUT"))
        assert await another[0].read() == b""
        too_many = await connect(WHOLE)
        assert await _dropped(too_many)
        may_answer.set()
        assert [await _answer(line) for line in (busy, more, last)] == [b"here"] * 3


async def test_bodies_that_never_end_hold_no_more_than_some_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest unfinished one gives way; what is complete, or short, is answered."""
    monkeypatch.setattr(connections, "MOST_OCTETS", 5_000)
    unfinished = HALF_A_BODY.replace(b" 9", b" 4000") + bytes(2_000)
    async with _listening(_read) as connect:
        for _ in range(5):
            complete = await connect(HALF_A_BODY.replace(b" 9", b" 2004") + bytes(2_000))
            assert await _answer(complete) == b"read 2004"
        first, second = await connect(unfinished), await connect(unfinished)
        assert await _answer(await connect(WHOLE)) == b"read 0"
        third = await connect(unfinished)
        assert await _dropped(first)
        third[1].write(bytes(1_996))
        assert await _dropped(second)
        assert await _answer(third) == b"read 4000"


async def _dropped(line: Line) -> bool:
    try:
        return await line[0].read() == b""
    except ConnectionResetError:
        return True
