"""The examples for nginx and Caddy, in the real programs before the real pages."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import ip_network
from urllib.parse import urlencode

import pytest

from bot.core.roles import Scope
from bot.store import audit
from bot.store.audit import Looking
from bot.web.connections import Listener
from bot.web.server import runner
from bot.web.site import Site
from tests.components.ports import free_port
from tests.components.proxies import Proxy
from tests.conftest import Needs
from tests.web.conftest import book, desk, settings, site, store
from tests.web.whole import application

__all__ = ["book", "desk", "settings", "site", "store"]
LIES = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9;proto=http"}
LIES |= {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}


@pytest.fixture(params=["nginx", "caddy"])
async def proxy(request: pytest.FixtureRequest, needs: Needs, site: Site) -> AsyncIterator[Proxy]:
    """One of them before the pages, which trust it."""
    needs(request.param)
    trusting = site.settings.web.model_copy(update={"trusted_proxies": (ip_network("127.0.0.1"),)})
    pages = runner(application(replace(site, settings=replace(site.settings, web=trusting))))
    await pages.setup()
    port = free_port()
    await Listener(pages, "127.0.0.1", port).start()
    server = Proxy(request.param, port)
    try:
        await asyncio.to_thread(server.start)
        yield server
    finally:
        await asyncio.to_thread(server.close)
        await pages.cleanup()


async def test_the_pages_see_who_asks_by_which_way(proxy: Proxy, site: Site) -> None:
    """The address of the caller and not what he says it is; and TLS, so that the cookie is for TLS alone."""
    cookie = {"Cookie": "__Host-ackbot=of-nobody"}
    status, head, _ = await asyncio.to_thread(proxy.ask, "GET", "/console/queue", headers=LIES | cookie, at="127.0.0.2")
    assert (status, head["Location"].partition("?")[0]) == (303, "/console/sign-in")
    (event,) = await site.store.read(lambda c: list(audit.trail(c, Looking("staff:x", Scope()), 5)))
    assert (event.kind, event.details) == ("unknown session", {"place": "127.0.0.2"})
    _, head, _ = await asyncio.to_thread(proxy.ask, "GET", "/console/sign-in", headers=LIES)
    assert all(cookie.startswith("__Host-") and "Secure" in cookie for cookie in head.get_all("Set-Cookie") or [""])
    assert head["Strict-Transport-Security"] == "max-age=31536000"


async def test_the_public_has_what_is_for_the_public(proxy: Proxy) -> None:
    """The form and the standards; not the figures and the health of the service, nor more than a form can be."""
    statuses = {
        path: (await asyncio.to_thread(proxy.ask, "GET", path))[0]
        for path in ("/", "/standards", "/standards.json", "/metrics", "/healthz", "/readyz", "/hooks/x", "/alerts/x")
    }
    assert statuses == {"/": 200, "/standards": 200, "/standards.json": 200} | dict.fromkeys(
        ("/metrics", "/healthz", "/readyz", "/hooks/x", "/alerts/x"), 404
    )
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for length, words in ((600_000, "too big"), (3_000_000, "")):
        body = urlencode({"message": "x" * length}).encode()
        status, _, page = await asyncio.to_thread(proxy.ask, "POST", "/", body=body, headers=kind)
        assert status in (413, 502)
        assert words in page


async def test_the_files_of_an_answer_reach_the_console(proxy: Proxy) -> None:
    """What is larger than any form of the public is passed on to the page, which answers itself."""
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode({"words": "x" * 2_000_000}).encode()
    path = "/console/contacts/EX-2222-2222/answer"
    _, _, page = await asyncio.to_thread(proxy.ask, "POST", path, body=body, headers=kind)
    assert "too big to send" in page


async def test_plain_http_leads_to_https(proxy: Proxy) -> None:
    """Nothing is served in plain text."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.plain)
    writer.write(b"GET /standards HTTP/1.1\r\nHost: contact.example.gov.uk\r\nConnection: close\r\n\r\n")
    answer = (await reader.read()).decode()
    writer.close()
    assert answer.startswith("HTTP/1.1 308 ")
    assert "Location: https://contact.example.gov.uk" in answer
