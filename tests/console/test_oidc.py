"""The organisation's own sign-in, with a real provider of OpenID Connect in a process of its own."""

import json
import sys
import urllib.parse
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.components.daemons import Daemon
from tests.components.officer import Officer, Page
from tests.components.ports import free_port, wait_until
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
)


@pytest.fixture(scope="module")
def provider_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A provider that knows three people."""
    port = free_port()
    claims = [option for one in PEOPLE for option in ("--user-claims", json.dumps(one))]
    program = str(Path(sys.executable).parent / "oidc-provider-mock")
    output = tmp_path_factory.mktemp("provider") / "log"
    daemon = Daemon([program, "--port", str(port), "--require-nonce", "true", *claims], output=output, ports=[])
    wait_until(lambda: _is_up(port), what="the provider", seconds=20)
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
    asked = dict(urllib.parse.parse_qsl(where.query))
    assert asked["code_challenge_method"] == "S256"
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


@pytest.mark.parametrize(("sub", "words"), [("eve", "has no account here"), ("mallory", "does not say which email")])
def test_who_is_not_known_or_not_proven_stays_out(signed: House, provider_port: int, sub: str, words: str) -> None:
    """Without an account here, or with an address that nobody has verified."""
    officer = Officer(signed.service.web_port)
    page = _back(officer, _there(officer, sub, provider_port))
    assert page.status == 403
    assert words in page.words()
    assert officer.get("/console/queue", follow=False).status == 303


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
