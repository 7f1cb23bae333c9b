"""The organisation's own sign-in, with a real provider of OpenID Connect in a process of its own."""

import base64
import json
import sys
import urllib.parse
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.settings.main import SignIn
from bot.web.console.identity import NotSignedIn
from bot.web.console.oidc import Oidc
from bot.web.throttling import NOTED_A_MINUTE
from tests.components.daemons import Daemon
from tests.components.officer import Officer, Page
from tests.components.ports import free_port, wait_until
from tests.components.service import ask
from tests.console.conftest import House, house_in

SIGN_IN = """
[sign_in]
issuer = "http://127.0.0.1:{port}"
client_id = "ackbot"
client_secret = "a secret of ours"
title = "Exampleshire's account"
"""
PEOPLE = (
    {"sub": "lee", "email": "Lee@example.gov.uk", "email_verified": True},
    {"sub": "eve", "email": "eve@example.gov.uk", "email_verified": True},
    {"sub": "mallory", "email": "ada@example.gov.uk", "email_verified": False},
    {"sub": "as a word", "email": "ron@example.gov.uk", "email_verified": "true"},
    {"sub": "silent", "email": "ron@example.gov.uk"},
    {"sub": "no as a word", "email": "ada@example.gov.uk", "email_verified": "false"},
    {"sub": "a number", "email": "ada@example.gov.uk", "email_verified": 1},
    {"sub": "nothing", "email": "ada@example.gov.uk", "email_verified": None},
    {"sub": "kelvin", "email": "olu@example.gov.u\u212a", "email_verified": True},
)


@pytest.fixture(scope="module")
def provider_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A provider that knows these people."""
    port = free_port()
    claims = [option for person in PEOPLE for option in ("--user-claims", json.dumps(person))]
    program = str(Path(sys.executable).parent / "oidc-provider-mock")
    output = tmp_path_factory.mktemp("provider") / "log"
    daemon = Daemon([program, "--port", str(port), "--require-nonce", "true", *claims], output=output, ports=[])
    wait_until(lambda: _is_up(port), what="the provider")
    yield port
    daemon.kill()


def _is_up(port: int) -> bool:
    with suppress(OSError):
        return Officer(port).get("/.well-known/openid-configuration").status == 200
    return False


@pytest.fixture(scope="module")
def signed(provider_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house whose staff sign in there."""
    made = house_in(tmp_path_factory.mktemp("signed"), SIGN_IN.format(port=provider_port))
    with made.service:
        yield made


def _there(officer: Officer, sub: str, provider_port: int) -> str:
    """The address with which the provider sends somebody back."""
    started = officer.get("/console/sign-in/start?next=/console/backlog", follow=False)
    assert started.status == 303, started.words()
    where = urllib.parse.urlsplit(started.headers["location"])
    assert where.port == provider_port
    query = dict(urllib.parse.parse_qsl(where.query))
    assert query["code_challenge_method"] == "S256"
    there = Officer(provider_port)
    back = there.post(f"{where.path}?{where.query}", {"sub": sub}, follow=False)
    assert back.status in (302, 303), back.text[:500]
    return back.headers["location"]


def _back(officer: Officer, address: str) -> Page:
    where = urllib.parse.urlsplit(address)
    return officer.get(f"{where.path}?{where.query}")


def test_staff_sign_in_with_their_organisations_account(signed: House, provider_port: int) -> None:
    """There and back with PKCE; the address must have an account here, whatever its letters."""
    officer = Officer(signed.service.web_port)
    assert "Sign in with Exampleshire's account" in officer.get("/console/sign-in").words()
    page = _back(officer, _there(officer, "lee", provider_port))
    assert page.status == 200
    assert page.url.endswith("/console/backlog")
    assert "lee@example.gov.uk, lead" in page.words()


@pytest.mark.parametrize("sub", ["as a word", "silent"])
def test_a_provider_may_say_verified_in_its_own_way(signed: House, provider_port: int, sub: str) -> None:
    """The word "true" is as good as the boolean; where nothing is said the provider is trusted."""
    officer = Officer(signed.service.web_port)
    assert "ron@example.gov.uk, reader" in _back(officer, _there(officer, sub, provider_port)).words()


@pytest.mark.parametrize(
    ("sub", "words"),
    [
        ("eve", "has no account here"),
        ("kelvin", "cannot have an account here"),
        *((sub, "does not say which email") for sub in ("mallory", "no as a word", "a number", "nothing")),
    ],
)
def test_who_is_not_known_or_not_proven_stays_out(signed: House, provider_port: int, sub: str, words: str) -> None:
    """Without an account here, with an address that nobody has verified, or that only looks like somebody's."""
    officer = Officer(signed.service.web_port)
    page = _back(officer, _there(officer, sub, provider_port))
    assert page.status == 403
    assert words in page.words()
    assert officer.get("/console/queue", follow=False).status == 303


def _memory(*remembered: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(remembered).encode()).decode()


WAYS = {
    "deep": base64.urlsafe_b64encode(b"[" * 3000).decode(),
    "no text": "\xff",
    "a state that is no text": _memory("\ud800", "b", "c", "d"),
    "a state that nobody made": _memory("x", "b", "c", "d"),
    "another shape": _memory("x"),
}


@pytest.mark.parametrize("name", WAYS)
def test_a_way_back_that_we_did_not_write_lets_nobody_in(signed: House, name: str) -> None:
    """Whatever the cookie says, the page is plain."""
    headers = {"Cookie": f"ackbot-way={WAYS[name]}"}
    page = Officer(signed.service.web_port).ask("GET", "/console/sign-in/back?state=x&code=y", headers=headers)
    assert page.status == 403
    assert "That was not begun here" in page.words()


def test_coming_back_again_and_again_does_not_fill_the_audit_trail(signed: House) -> None:
    """Ten lines a minute at most."""
    query = "SELECT count(*) FROM events WHERE kind = 'sign-in refused'"
    before, officer = ask(signed.service.store_url, query)[0][0], Officer(signed.service.web_port)
    for _ in range(25):
        assert officer.get("/console/sign-in/back?state=x").status == 403
    assert ask(signed.service.store_url, query)[0][0] <= before + NOTED_A_MINUTE


KEYS: dict[str, Any] = {
    "none": {},
    "an empty list": {"keys": []},
    "no list": {"keys": "x"},
    "no keys": {"keys": ["x", None, {}, {"kty": []}, {"kty": "XX"}]},
    "an unknown curve": {"keys": [{"kty": "EC", "crv": "P-999", "x": "a", "y": "b"}]},
}


@pytest.mark.parametrize("name", KEYS)
async def test_keys_that_nobody_can_use_are_said_to_be_set_up_wrongly(name: str) -> None:
    """A provider that publishes none of use lets nobody in, and whoever is at the door is told whom to ask."""
    answers: dict[str, Any] = {"/token": {"id_token": "a.b.c"}, "/keys": KEYS[name]}

    async def say(request: web.Request) -> web.Response:
        return web.json_response(answers[request.path])

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", say)
    async with TestServer(app) as server:
        at = f"http://127.0.0.1:{server.port}"
        about = {"issuer": at, "jwks_uri": f"{at}/keys", "token_endpoint": f"{at}/token"}
        answers["/.well-known/openid-configuration"] = about | {"authorization_endpoint": f"{at}/authorize"}
        oidc = Oidc(SignIn(issuer=at, client_id="ackbot"))
        begun = await oidc.begin("http://127.0.0.1/back", "/console/queue")
        state = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(begun.address).query))["state"]
        with pytest.raises(NotSignedIn, match="not set up rightly"):
            await oidc.finish({"state": state, "code": "x"}, begun.memory, "http://127.0.0.1/back")


def test_an_answer_serves_only_whoever_asked(signed: House, provider_port: int) -> None:
    """Another browser, another state, the same answer twice, and a refusal let nobody in."""
    officer, thief = Officer(signed.service.web_port), Officer(signed.service.web_port)
    address = _there(officer, "lee", provider_port)
    assert _back(thief, address).status == 403
    where = urllib.parse.urlsplit(address)
    assert officer.get(f"{where.path}?{where.query}x").status == 403
    assert officer.get(f"{where.path}?error=access_denied").status == 403
    assert _back(officer, address).status == 200
    again = Officer(signed.service.web_port)
    for cookie in officer.jar:
        if not cookie.name.endswith("ackbot"):
            again.jar.set_cookie(cookie)
    assert _back(again, address).status == 403
