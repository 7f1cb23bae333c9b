"""Pages that are put together after the start: once, for whoever asks first, and with a word where they cannot be."""

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.web.later import Later


def _pages() -> web.Application:
    async def hello(_request: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.add_routes([web.get("/hello", hello)])
    return app


def _around(later: Later) -> web.Application:
    app = web.Application()
    app.router.register_resource(later)
    return app


async def test_whoever_asks_first_waits_for_the_pages() -> None:
    """Several at a time wait for the same ones; what is not among them is not there."""
    built: list[web.Application] = []

    def build() -> web.Application:
        built.append(_pages())
        return built[-1]

    later = Later(build)
    async with TestClient(TestServer(_around(later))) as client:
        answers = await asyncio.gather(*(client.get("/hello") for _ in range(3)))
        assert [await answer.text() for answer in answers] == ["hello"] * 3
        assert len(built) == 1
        assert (await client.get("/elsewhere")).status == 404
        assert (await client.post("/hello")).status == 405


async def test_pages_that_cannot_be_put_together_are_tried_again() -> None:
    """Until then it says why."""
    faults = [FileNotFoundError("style.css")]

    def build() -> web.Application:
        if faults:
            raise faults.pop()
        return _pages()

    later = Later(build)
    with pytest.raises(FileNotFoundError):
        await later.ready()
    assert later.fault == "the pages cannot be put together: FileNotFoundError: style.css"
    async with TestClient(TestServer(_around(later))) as client:
        assert (await client.get("/hello")).status == 200
    assert later.fault == ""
