"""Access tokens, from a real token server: fetched when needed, kept while they last, and never shown to a reader."""

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from traceback import format_exception
from typing import Any

import pytest
from pydantic import ValidationError

from bot.channel import ChannelError, Misconfigured, Temporary
from bot.wire.mail import oauth
from bot.wire.mail.oauth import OAuth, TokenSource
from tests.channels.postoffice import certificate
from tests.components.ports import free_port
from tests.components.tokens import REFRESH, SCOPE, SECRET, Answer, TokenServer


@pytest.fixture
def server() -> Iterator[TokenServer]:
    """A token server that knows us."""
    with TokenServer() as started:
        yield started


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def source(server: TokenServer, clock: Clock | None = None, **others: Any) -> TokenSource:
    """Where the channel under test has its tokens from."""
    return TokenSource("enquiries", OAuth(**{**server.table, **others}), clock or Clock())


def token(of: TokenSource) -> str:
    """The token that would be shown first."""
    return next(of.candidates()).get_secret_value()


# Asking, and keeping


@pytest.mark.parametrize(
    ("others", "grant"),
    [({}, "client_credentials"), ({"refresh_token": REFRESH}, "refresh_token")],
)
def test_a_token_is_kept_until_shortly_before_it_runs_out(
    server: TokenServer, others: dict[str, Any], grant: str
) -> None:
    """A server is asked once an hour, whichever the grant, and never is a token shown in its last minute."""
    clock = Clock()
    tokens = source(server, clock, **others)
    assert token(tokens) == token(tokens) == server.issued[0]
    clock.seconds = 3599 - 61
    assert token(tokens) == server.issued[0]
    clock.seconds = 3599 - 60
    assert token(tokens) == server.issued[1]
    assert server.grants == [grant, grant]


@pytest.mark.parametrize(
    ("extra", "kept", "gone"),
    [
        ({}, 539, 540),
        ({"expires_in": 30}, 26, 27),
        ({"expires_in": "3600"}, 3539, 3540),
        ({"expires_in": 10**400}, 86_339, 86_340),
    ],
)
def test_any_lifetime_will_do(server: TokenServer, extra: dict[str, Any], kept: float, gone: float) -> None:
    """None at all (RFC 6749 section 5.1 only recommends it), a very short one, one in quotes, one without end."""
    server.extra, clock = extra, Clock()
    tokens = source(server, clock)
    first = token(tokens)
    clock.seconds = kept
    assert token(tokens) == first
    clock.seconds = gone
    assert token(tokens) != first


def test_many_connections_ask_once(server: TokenServer) -> None:
    """Those who come while a token is being fetched wait for it; so they do when there is none to be had."""
    server.gate.clear()
    tokens = source(server)
    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(token, tokens) for _ in range(8)]
        time.sleep(0.1)
        server.gate.set()
        assert {call.result() for call in waiting} == {server.issued[0]}
        server.instead = (503, "")
        failing = source(server)
        errors = {str(call.exception()) for call in [threads.submit(token, failing) for _ in range(8)]}
    assert errors == {"channel enquiries: the token server 127.0.0.1 cannot give an access token now (503)"}
    assert len(server.grants) == 2


def test_a_refused_token_is_replaced_once(server: TokenServer) -> None:
    """Whoever was refused with a kept token gets a new one; with a new one nobody is told to try its like."""
    tokens = source(server)
    assert [candidate.get_secret_value() for candidate in tokens.candidates()] == server.issued
    assert len(server.issued) == 1
    assert token(tokens) == server.issued[1]
    assert [candidate.get_secret_value() for candidate in tokens.candidates()] == server.issued[1:3]
    assert len(server.issued) == 3


def test_two_connections_that_are_refused_share_the_new_token(server: TokenServer) -> None:
    """What one connection has replaced already is not thrown away by the other."""
    tokens = source(server)
    token(tokens)
    first, second = tokens.candidates(), tokens.candidates()
    assert next(first) is next(second)
    assert next(first) is next(second)
    assert len(server.issued) == 2


def test_a_refresh_token_that_is_replaced_is_used_no_more(server: TokenServer) -> None:
    """RFC 6749 section 6: the new one counts, for as long as we run."""
    server.rotates, clock = True, Clock()
    tokens = source(server, clock, refresh_token=REFRESH)
    for _ in range(3):
        token(tokens)
        clock.seconds += 3600
    assert len(server.issued) == 3
    assert REFRESH not in server.refresh_tokens


# Refusals


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ({"client_secret": "old"}, "(invalid_client, AADSTS7000215): client_secret has run out or is wrong"),
        ({"client_id": "x"}, "(unauthorized_client, AADSTS700016): client_id is unknown there"),
        ({"scope": "mail"}, "(invalid_scope, AADSTS70011): scope is not what"),
        ({"refresh_token": "x"}, "(invalid_grant): refresh_token has run out or was withdrawn: give consent again"),
    ],
)
def test_a_refusal_names_what_to_renew(server: TokenServer, others: dict[str, Any], words: str) -> None:
    """It is for staff to mend; Microsoft's number is told, because that is what its help pages go by."""
    with pytest.raises(Misconfigured) as raised:
        token(source(server, **others))
    assert str(raised.value).startswith(f"channel enquiries: the token server 127.0.0.1 refused us {words}")


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ((503, "<html>busy</html>"), Temporary, "cannot give an access token now (503)"),
        ((429, {"error": "invalid_request"}), Temporary, "cannot give an access token now (429)"),
        ((400, {"error": "temporarily_unavailable"}), Temporary, "now (temporarily_unavailable)"),
        ((400, {"error": "invalid_tenant_"}), Misconfigured, "(invalid_tenant_): check token_url, client_id and scope"),
        ((400, {"error": "<b>x</b>"}), Misconfigured, "answered 400 without an access token"),
        ((400, {"error": None}), Misconfigured, "answered 400 without"),
        ((404, "<html>Not found</html>"), Misconfigured, "answered 404 without"),
        ((307, ""), Misconfigured, "answered 307 without"),
        ((200, "<html>Sign in</html>"), Misconfigured, "answered 200 without"),
        ((200, "[]"), Misconfigured, "answered 200 without"),
        ((200, "null"), Misconfigured, "answered 200 without"),
        ((200, {"token_type": "Bearer"}), Misconfigured, "answered 200 without"),
        ((200, {"access_token": "x", "token_type": "mac"}), Misconfigured, "answered 200 without"),
        ((200, {"access_token": "x"}), Misconfigured, "answered 200 without"),
        ((200, {"access_token": None, "token_type": "Bearer"}), Misconfigured, "answered 200 without"),
        ((200, {"access_token": "x\x01y", "token_type": "Bearer"}), Misconfigured, "answered 200 without"),
        ((200, {"access_token": "x", "token_type": "bearer", "expires_in": []}), Misconfigured, "answered 200"),
        ((200, '{"access_token": "x", "token_type": "bearer", "expires_in": 1e999}'), Misconfigured, "answered 200"),
        ((403, {"access_token": "x", "token_type": "bearer"}), Misconfigured, "answered 403 without"),
    ],
)
def test_an_odd_answer_is_no_token(server: TokenServer, answer: Answer, kind: type[ChannelError], words: str) -> None:
    """What passes by itself is tried again; no redirect takes our secret elsewhere; nothing strange is shown to a
    mail server.
    """
    server.instead = answer
    with pytest.raises(ChannelError) as raised:
        token(source(server))
    assert type(raised.value) is kind
    assert words in str(raised.value)
    assert len(server.grants) == 1


def test_a_server_that_is_down_is_temporary(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked again after a short rest; a proxy of the environment is not asked about this machine."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    clock = Clock()
    with TokenServer() as server:
        tokens = source(server, clock)
    with pytest.raises(Temporary, match=r"the token server 127\.0\.0\.1 cannot be reached \(Connection refused\)"):
        token(tokens)
    with TokenServer() as server:
        assert token(source(server)) == server.issued[0]
        server.instead = (500, "")
        tokens = source(server, clock)
        with pytest.raises(Temporary):
            token(tokens)
        server.instead = None
        with pytest.raises(Temporary):
            token(tokens)
        clock.seconds += oauth.REST_SECONDS
        assert token(tokens) == server.issued[1]


def test_a_silent_server_holds_nobody_up(server: TokenServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting has an end."""
    monkeypatch.setattr(oauth, "ANSWER_SECONDS", 0.1)
    server.gate.clear()
    with pytest.raises(Temporary, match="did not answer in time"):
        token(source(server))


def test_the_secret_goes_to_nobody_but_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate that nobody vouches for ends the matter before anything is said."""
    signed, context = certificate(tmp_path)
    with TokenServer(certificate=context) as server:
        with pytest.raises(Misconfigured, match="has a certificate that cannot be trusted: self-signed certificate"):
            token(source(server))
        assert not server.grants
        monkeypatch.setenv("SSL_CERT_FILE", str(signed))
        assert token(source(server)) == server.issued[0]


def test_neither_secret_nor_token_shows_anywhere(server: TokenServer, caplog: pytest.LogCaptureFixture) -> None:
    """Not in a representation, an error or a log line, however much is logged, even if the server says them."""
    caplog.set_level(logging.DEBUG)
    tokens = source(server, refresh_token=REFRESH)
    everything = f"{next(tokens.candidates())!r} {tokens!r} {vars(tokens)} {vars(tokens)['_grant']!r}"
    server.secret = "renewed"  # and so the old one is quoted in what the server says
    with pytest.raises(Misconfigured) as raised:
        token(source(server))
    output = everything + "".join(format_exception(raised.value)) + caplog.text
    assert not [secret for secret in (SECRET, REFRESH, server.issued[0]) if secret in output]
    assert threading.active_count() < 20


# Settings


@pytest.mark.parametrize(
    "url",
    [
        "http://login.example/token",
        "http://127.0.0.1.example/token",
        "https://user:pass@login.example/token",
        "https://login.example/token#x",
        "https:///token",
        "https://login.example:99999/token",
        "https://login.example/a b",
        f"https://{'x' * 64}.example/token",
        "ftp://login.example/token",
        "login.example",
    ],
)
def test_a_secret_travels_by_tls(url: str) -> None:
    """Only a token server on this machine may be asked in clear (RFC 6749 section 3.2)."""
    table: dict[str, Any] = {"client_id": "x", "client_secret": "y", "scope": SCOPE}
    for good in ("https://login.example:8443/token?v=2", "http://localhost:8080/token", "http://[::1]/token"):
        assert OAuth(**table, token_url=good).token_url == good
    with pytest.raises(ValidationError) as raised:
        OAuth(**table, token_url=url)
    assert [error["loc"] for error in raised.value.errors()] == [("token_url",)]


@pytest.mark.parametrize("missing", ["token_url", "client_id", "client_secret"])
def test_what_is_always_needed(missing: str) -> None:
    """Without it, or with a key too many, or with an empty secret, the mistake is named."""
    table: dict[str, Any] = {"token_url": "https://login.example/token", "client_id": "x", "client_secret": "y"}
    for bad in ({k: v for k, v in table.items() if k != missing}, table | {missing: ""}):
        with pytest.raises(ValidationError) as raised:
            OAuth(**bad)
        assert [error["loc"] for error in raised.value.errors()] == [(missing,)]
    with pytest.raises(ValidationError, match="Extra inputs"):
        OAuth(**table | {"tenant": "x"})
