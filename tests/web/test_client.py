"""The address of whoever asks, over real HTTP: from a proxy that is trusted, and from everybody else."""

from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.web.client import TRUSTED_PROXIES, client_address, client_network


async def _ask(trusted: list[str], *forwarded: str) -> tuple[str, str]:
    """What a handler is told of a caller on this machine who sends these fields."""

    async def tell(request: web.Request) -> web.Response:
        return web.json_response([client_address(request), client_network(request)])

    app = web.Application()
    app[TRUSTED_PROXIES] = [ip_network(network) for network in trusted]
    app.router.add_get("/", tell)
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/", headers=[("X-Forwarded-For", value) for value in forwarded])
        address, network = await answer.json()
    return address, network


async def test_who_is_no_trusted_proxy_cannot_name_another_address() -> None:
    """Without proxies nobody is believed."""
    assert await _ask([], "198.51.100.7") == ("127.0.0.1", "127.0.0.1")
    assert await _ask(["10.0.0.0/8"], "198.51.100.7") == ("127.0.0.1", "127.0.0.1")


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ((), "127.0.0.1"),
        (("198.51.100.7",), "198.51.100.7"),
        (("203.0.113.9, 198.51.100.7",), "198.51.100.7"),  # the first was written by whoever asked
        (("203.0.113.9", "198.51.100.7, 10.1.2.3"), "198.51.100.7"),  # two proxies, two fields
        (("10.1.2.3",), "10.1.2.3"),
        (("198.51.100.7, nonsense",), "127.0.0.1"),
        (("nonsense, 10.1.2.3",), "10.1.2.3"),
        (("::ffff:198.51.100.7",), "198.51.100.7"),
        (("2001:db8:1:2:3::4",), "2001:db8:1:2:3::4"),
        (("203.0.113.9:1024, 198.51.100.7:51008, 10.1.2.3:51009",), "198.51.100.7"),
        (("[2001:db8:1:2:3::4]:51008",), "2001:db8:1:2:3::4"),
        (("[2001:db8:1:2:3::4]",), "2001:db8:1:2:3::4"),
        (("198.51.100.7:51008:1",), "127.0.0.1"),
        (("[",), "127.0.0.1"),
        ((", ".join(["198.51.100.7", *["10.1.2.3"] * 400]),), "10.1.2.3"),
    ],
)
async def test_a_trusted_proxy_says_from_whom_it_was_called(forwarded: tuple[str, ...], address: str) -> None:
    """The last address that is no trusted proxy's; what is no address ends the search."""
    assert (await _ask(["127.0.0.1", "10.0.0.0/8"], *forwarded))[0] == address


async def test_whoever_has_a_network_of_ipv6_counts_once() -> None:
    """One household is given 64 bits of addresses."""
    networks = {(await _ask(["127.0.0.1"], f"2001:db8:1:2::{n}"))[1] for n in (1, 2)}
    assert networks == {"2001:db8:1:2::/64"}
