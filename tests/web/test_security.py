"""What the web's own log may say, over a real socket."""

import asyncio
import logging

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.web.server import runner
from bot.web.site import Site
from tests.web.pages import Desk
from tests.web.whole import application


async def say(site: Site, words: bytes) -> bytes:
    """What the service, as it really runs, answers to these bytes."""
    running = runner(application(site))
    await running.setup()
    await web.TCPSite(running, "127.0.0.1", 0).start()
    reader, writer = await asyncio.open_connection(*running.addresses[0])
    writer.write(words)
    answer = await reader.read()
    writer.close()
    await running.cleanup()
    return answer


async def test_nonsense_on_the_line_leaves_no_address_in_the_log(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Bytes that are no HTTP are answered 400; the log has the kind of error, not the caller nor what was sent."""
    with caplog.at_level(logging.DEBUG):
        answer = await say(site, b"GET / HTTP/1.1\r\nHost: x\r\nsecret zoe@example.org\r\n\r\n")
    assert answer.split()[1] == b"400"
    lines = [record.getMessage() for record in caplog.records if record.name == "bot.web.protocol"]
    assert lines == ["web.bad_request error=BadHttpMessage"]
    assert "zoe" not in caplog.text
    assert "127.0.0.1" not in "".join(lines)


async def test_a_line_that_drops_half_way_is_no_error_of_ours(site: Site, desk: Desk) -> None:
    """Half a form is not taken, and there is nothing to alert anybody about."""
    running = runner(application(site))
    await running.setup()
    await web.TCPSite(running, "127.0.0.1", 0).start()
    with capture_logs() as logged:
        _, writer = await asyncio.open_connection(*running.addresses[0])
        head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 90\r\n"
        kind = b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        writer.write(head + kind + b"email=a%40example.org&message=He")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.close()
        await asyncio.sleep(0.05)
        await running.cleanup()
    assert not logged
    assert not desk.taken


async def test_ordinary_requests_leave_no_line(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """There is no access log."""
    with caplog.at_level(logging.DEBUG):
        answer = await say(site, b"GET /?email=zoe@example.org HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.split()[1] == b"200"
    assert "zoe" not in caplog.text
