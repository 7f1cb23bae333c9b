"""Files of a platform: from its own hosts alone, no more than is wanted, and no redirect is followed."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.channel import Misconfigured, Permanent, Temporary
from bot.wire.platforms.downloads import Downloads
from bot.wire.platforms.platform import Api

PHOTO = b"\xff\xd8\xff" + bytes(100_000)


async def _serve(request: web.Request) -> web.StreamResponse:
    if request.path == "/elsewhere":
        raise web.HTTPFound("https://example.com/")
    if request.path == "/endless":
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(PHOTO)
        return response
    if request.path.startswith("/status/"):
        return web.Response(status=int(request.path.removeprefix("/status/")))
    return web.Response(body=PHOTO, headers={"X-Token": request.headers.get("Authorization", "")})


@pytest.fixture
async def base() -> AsyncIterator[str]:
    """The address of a platform on this machine."""
    app = web.Application()
    app.router.add_get("/{path:.*}", _serve)
    server = TestServer(app)
    await server.start_server()
    yield str(server.make_url("")).rstrip("/")
    await server.close()


def of(base: str, *hosts: str) -> Downloads:
    """The files of an account there."""
    return Downloads(Api("page", base), hosts)


async def test_a_file_comes_whole_or_not_at_all(base: str) -> None:
    """One that is larger than wanted is refused, whether the platform says its size or not."""
    assert await of(base).fetch(f"{base}/photo", len(PHOTO)) == PHOTO
    for path in ("photo", "endless"):
        with pytest.raises(Permanent, match="more than 100 bytes"):
            await of(base).fetch(f"{base}/{path}", 100)


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://example.com/photo",
        "https://cdn.example.org.evil.test/photo",
        "https://evilcdn.example.org/photo",
        "https://cdn.example.org:8443/photo",
        "http://cdn.example.org/photo",
        "https://cdn.example.org@evil.test/photo",
        "file:///etc/passwd",
        "https://[::1/photo",
        "https://cdn.example.org:port/photo",
        "",
    ],
)
async def test_nothing_is_fetched_from_elsewhere(base: str, address: str) -> None:
    """Only https and only a host of the platform, whatever a message says."""
    with pytest.raises(Permanent, match="not the platform's"):
        await of(base, "cdn.example.org").fetch(address, 100)


async def test_refusals_of_files(base: str) -> None:
    """What is gone or sent elsewhere is gone for good; a busy server is not; a token that is refused is for staff."""
    downloads = of(base)
    for path in ("status/404", "status/410", "status/403", "elsewhere"):
        with pytest.raises(Permanent):
            await downloads.fetch(f"{base}/{path}", 100)
    for status in (429, 500, 503):
        with pytest.raises(Temporary):
            await downloads.fetch(f"{base}/status/{status}", 100)
    with pytest.raises(Misconfigured):
        await downloads.fetch(f"{base}/status/401", 100, {"Authorization": "Bearer x"})
    with pytest.raises(Temporary):
        await of("http://127.0.0.1:9").fetch("http://127.0.0.1:9/photo", 100)
