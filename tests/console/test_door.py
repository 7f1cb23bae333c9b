"""Signing in and out, and what is tried at the door from outside."""

import hashlib
import hmac
import http.cookiejar
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import pytest

from bot.core.subkeys import Use, subkey
from bot.web.console.doorkeeper import own_path
from bot.web.throttling import NOTED_A_MINUTE
from tests.components.officer import PASSWORD, Officer
from tests.components.service import ask
from tests.console.conftest import House, house_in, run


@pytest.fixture
def stranger(house: House) -> Officer:
    """A browser without cookies."""
    return Officer(house.service.web_port)


def _cookie(officer: Officer, name: str = "ackbot") -> http.cookiejar.Cookie | None:
    return next((cookie for cookie in officer.jar if cookie.name == name), None)


def test_signing_in_leads_to_the_page_that_was_asked_for(house: House, stranger: Officer) -> None:
    """A link to a contact survives a slip and the sign-in, and the cookie is for no script and no other site."""
    reference = house.contact()
    page = stranger.get(f"/console/contacts/{reference}")
    assert "Sign in" in page.words()
    wrong = {**page.hidden(), "address": "LEE@example.gov.uk ", "password": "a slip of the hand"}
    page = stranger.post(str(page.all("form")[0].attributes["action"]), wrong)
    assert page.status == 403
    fields = {**page.hidden(), "address": "LEE@example.gov.uk ", "password": PASSWORD}
    done = stranger.post("/console/sign-in", fields, follow=False)
    assert done.status == 303
    assert done.headers["location"] == f"/console/contacts/{reference}"
    cookie = _cookie(stranger)
    assert cookie is not None
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "Lax"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example/console/",
        "https://evil.example/",
        "/\\evil.example",
        "/console/../../x",
        "/console/../alerts/x",
        "/console/./x",
        "/console/%2e%2E/alerts/x",
        "/console//evil.example",
        "/console/\r\nX: y",
        "/",
    ],
)
def test_the_sign_in_leads_nowhere_else(stranger: Officer, elsewhere: str) -> None:
    """Another site, or a page that is not the console's, is never where one lands."""
    page = stranger.get("/console/sign-in")
    fields = {**page.hidden(), "next": elsewhere, "address": "lee@example.gov.uk", "password": PASSWORD}
    done = stranger.post("/console/sign-in", fields, follow=False)
    assert done.status == 303
    assert done.headers["location"] == "/console/queue"
    assert stranger.get("/console/queue").status == 200


def test_a_search_survives_the_sign_in() -> None:
    """What is asked for behind the question mark leads nowhere, so it may be anything."""
    for path in ("/console/queue.csv?q=a%2F..%2Fb&x=//y", "/console/templates/en/acknowledgement"):
        assert own_path(path) == path


def test_a_wrong_password_and_no_account_look_the_same(house: House, stranger: Officer) -> None:
    """Neither says which it was; each leaves a line in the audit trail."""
    wrong = stranger.sign_in("lee@example.gov.uk", "not the password")
    nobody = stranger.sign_in("nobody@example.gov.uk", "not the password")
    assert wrong.status == nobody.status == 403
    assert wrong.words().replace("lee@", "") == nobody.words().replace("nobody@", "")
    assert "wrong password, or no account" in house.officer("lead").get("/console/audit").words()


@pytest.mark.parametrize("address", ["lee@example.gov.u\u212a", "lee\u200b@example.gov.uk", "\u00a0lee@example.gov.uk"])
def test_an_address_that_only_looks_like_somebodys_lets_nobody_in(
    house: House, stranger: Officer, address: str
) -> None:
    """Letters outside of ASCII are never made into ours: neither to sign in, nor for a new account."""
    assert stranger.sign_in(address).status == 403
    officer = house.officer("administrator")
    fields = {**officer.get("/console/people").hidden(), "action": "add", "address": address, "role": "reader"}
    refused = officer.post("/console/people", fields)
    assert refused.status == 409
    assert "has a character that is no plain letter" in refused.words()


def test_a_session_cannot_be_planted(house: House, stranger: Officer) -> None:
    """Whatever cookie a browser brings, signing in gives it a new secret (session fixation)."""
    page = stranger.get("/console/sign-in")
    fields = {**page.hidden(), "address": "lee@example.gov.uk", "password": PASSWORD}
    doors = "; ".join(f"{cookie.name}={cookie.value}" for cookie in stranger.jar)
    planted = {"Cookie": f"{doors}; ackbot=planted-by-somebody"}
    done = stranger.post("/console/sign-in", fields, planted, follow=False)
    assert done.status == 303
    cookie = _cookie(stranger)
    assert cookie is not None
    assert cookie.value != "planted-by-somebody"
    assert stranger.ask("GET", "/console/queue", headers={"Cookie": "ackbot=planted-by-somebody"}).url.count("sign-in")


def test_the_door_signs_nothing_that_holds_behind_it(house: House, stranger: Officer) -> None:
    """Its cookie may be anything, so that its form has tokens of another kind than the forms of a session."""
    secret = house.service.environment["ACKBOT_SECRET"].encode()
    for brought in ("x" * 43, "0" * 64):
        page = stranger.ask("GET", "/console/sign-in", headers={"Cookie": f"ackbot-door={brought}"})
        of_a_session = hmac.new(subkey(secret, Use.CONSOLE_FORMS), brought.encode(), hashlib.sha256).hexdigest()
        assert page.hidden()["csrf"] != of_a_session


def test_strangers_do_not_fill_the_audit_trail(house: House, stranger: Officer) -> None:
    """At most ten lines a minute of one place; a wrong password of somebody who has an account is always one."""
    query = "SELECT count(*) FROM events WHERE kind = 'sign-in refused' AND details {} LIKE '%olu@%'"
    page, start, noted = (
        stranger.get("/console/sign-in"),
        monotonic(),
        ask(house.service.store_url, query.format("NOT")),
    )
    with ThreadPoolExecutor(12) as pool:
        wrong = [{**page.hidden(), "address": f"{n}@made.up.example", "password": "no"} for n in range(12)]
        assert {page.status for page in pool.map(lambda f: stranger.post("/console/sign-in", f), wrong)} == {403}
    assert ask(house.service.store_url, "SELECT count(*) FROM events WHERE details LIKE '%made.up%'")[0][0] == 0
    lines = ask(house.service.store_url, query.format("NOT"))[0][0] - noted[0][0]
    assert lines <= NOTED_A_MINUTE * (1 + (monotonic() - start) / 60)
    before = ask(house.service.store_url, query.format(""))[0][0]
    stranger.sign_in("olu@example.gov.uk", "wrong")
    assert ask(house.service.store_url, query.format(""))[0][0] == before + 1


def test_a_session_ends_with_the_sign_out(house: House, stranger: Officer) -> None:
    """The old cookie lets nobody in any more."""
    queue = stranger.sign_in("lee@example.gov.uk")
    cookie = _cookie(stranger)
    assert cookie is not None
    csrf = str(queue.all("form input[name=csrf]")[0].attributes["value"])
    stranger.post("/console/sign-out", {"csrf": csrf})
    again = stranger.ask("GET", "/console/queue", headers={"Cookie": f"ackbot={cookie.value}"}, follow=False)
    assert again.status == 303


def test_who_is_disabled_is_out_at_once(house: House, stranger: Officer) -> None:
    """A session that is open ends with the account."""
    (house.service.directory / "password").write_text(PASSWORD, encoding="utf-8")
    password = str(house.service.directory / "password")
    run(house.service, "staff", "add", "gone@example.gov.uk", "--role", "reader", "--password-file", password)
    assert stranger.sign_in("gone@example.gov.uk").status == 200
    run(house.service, "staff", "disable", "gone@example.gov.uk")
    assert stranger.get("/console/queue", follow=False).status == 303
    assert stranger.sign_in("gone@example.gov.uk").status == 403


def test_an_administrator_changes_teams_and_passwords(house: House, stranger: Officer) -> None:
    """In the room of people: teams hold at once, a new password ends the sessions; nobody has none to end."""
    (house.service.directory / "password").write_text(PASSWORD, encoding="utf-8")
    password, address = str(house.service.directory / "password"), "kit@example.gov.uk"
    run(house.service, "staff", "add", address, "--role", "reader", "--password-file", password)
    stranger.sign_in(address)
    reference, officer = house.contact(team="front-office"), house.officer("administrator")
    page = officer.get(f"/console/people?change={address}")
    hidden = {**page.hidden(), "address": address}
    assert officer.post("/console/people", {**hidden, "action": "teams", "team": "housing"}).status == 200
    assert stranger.get(f"/console/contacts/{reference}").status == 404
    short = officer.post("/console/people", {**hidden, "action": "password", "password": "1234567"})
    assert (short.status, "8 characters or more" in short.words()) == (409, True)
    changed = officer.post("/console/people", {**hidden, "action": "password", "password": "another " + PASSWORD})
    assert "must sign in anew" in changed.words()
    assert stranger.get("/console/queue", follow=False).status == 303
    assert stranger.sign_in(address).status == 403
    for who, words in ((address, "is not signed in anywhere"), ("none@example.gov.uk", "has no account")):
        refused = officer.post("/console/people", {**hidden, "action": "end", "address": who})
        assert (refused.status, words in refused.words()) == (409, True)
    trail = officer.get("/console/audit").words()
    assert "Teams changed" in trail
    assert "Password changed" in trail


FORGERIES = {
    "no token": ({}, {}),
    "another token": ({"csrf": "0" * 64}, {}),
    "from another site": (None, {"Origin": "https://evil.example"}),
    "from a sandbox": (None, {"Origin": "null"}),
    "as the browser says": (None, {"Sec-Fetch-Site": "cross-site"}),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_form_changes_nothing(house: House, name: str) -> None:
    """Without the token of this session, or from another site, a form is refused with a line in the audit trail."""
    reference, officer = house.contact(), house.officer("lead")
    fields, headers = FORGERIES[name]
    hidden = officer.get(f"/console/contacts/{reference}").hidden() if fields is None else fields
    done = officer.post(
        f"/console/contacts/{reference}", {**hidden, "action": "respond", "note": "a long note"}, headers
    )
    assert done.status == 403
    assert "Nothing was changed" in done.words()
    assert house.call("GET", f"/api/v1/contacts/{reference}").json["state"] == "open"
    assert "forged or stale form" in officer.get("/console/audit").words()


def test_a_form_after_the_session_ended_loses_nothing(house: House, stranger: Officer) -> None:
    """Whoever was signed out while typing gets the words back to copy."""
    reference = house.contact()
    stranger.sign_in("lee@example.gov.uk")
    page = stranger.get(f"/console/contacts/{reference}")
    stranger.jar.clear()
    done = stranger.act(reference, "close", page, reason="It took me long to write this.")
    assert done.status == 403
    assert "It took me long to write this." in done.words()


@pytest.fixture(scope="module")
def proxied(house: House) -> Officer:
    """A browser behind a proxy that ends TLS."""
    return Officer(house.service.web_port)


def test_a_rehearsal_hurries_nobody_out(tmp_path: Path) -> None:
    """Sessions last by the clock on the wall, although a day of the rehearsal is over at once."""
    made = house_in(tmp_path)
    try:
        made.service.start("--pretend-now", "2031-03-03T10:00+00:00", "--speed", "3600000")
        assert [made.officer("lead").get("/console/queue", follow=False).status for _ in range(3)] == [200] * 3
    finally:
        made.service.kill()


def test_behind_a_proxy_the_cookie_is_for_tls_alone(proxied: Officer) -> None:
    """There the name says that no other host may set it, and the browser sends it by TLS only."""
    page = proxied.ask("GET", "/console/sign-in", headers={"X-Forwarded-Proto": "https"})
    cookie = page.headers["set-cookie"]
    assert cookie.startswith("__Host-ackbot-door=")
    assert "Secure" in cookie
    assert "Path=/" in cookie


def test_every_page_protects_its_reader(house: House) -> None:
    """No inline script or style, no frames around us, nothing kept by caches."""
    officer = house.officer("administrator")
    for path in ("queue", "record", "backlog", "coverage", "alerts", "standards", "templates", "people", "audit"):
        page = officer.get(f"/console/{path}")
        policy = page.headers["content-security-policy"]
        assert page.status == 200
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["cache-control"] == "no-store"
        assert not page.all("script:not([src]), style, [style], [onclick], [onload]")
        assert len(page.text.encode()) < 100_000
