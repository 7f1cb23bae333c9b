"""What a person does to sign in: from their own device while strangers try, by a link, with a code, after a lock."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyotp
import pytest

from bot.flows.attempts import LIMITS, NETWORK, Attempt, Proof
from bot.present import Present
from tests.components.officer import PASSWORD, Officer, Page
from tests.components.service import ask
from tests.console.conftest import House, house_in, run

NEW = "purple tulips grow here"
CLOSED = "There were too many attempts to sign in with this email address from devices that are new here."


@pytest.fixture
def stranger(house: House) -> Officer:
    """A browser without cookies."""
    return Officer(house.service.web_port)


def _staff(house: House, name: str, role: str = "officer") -> str:
    """Somebody who has an account with the usual password."""
    address = f"{name}@example.gov.uk"
    (house.service.directory / "password").write_text(PASSWORD, encoding="utf-8")
    password = str(house.service.directory / "password")
    run(house.service, "staff", "add", address, "--role", role, "--password-file", password)
    return address


def _use_up(house: House, address: str, proof: Proof, *, has_account: bool = True) -> None:
    """As if somebody had tried in vain as often as they may."""
    secret = house.service.environment["ACKBOT_SECRET"].encode()
    attempt = Attempt(secret, proof, address, has_account=has_account, device="", network="")
    full_at = Present().now() + timedelta(seconds=LIMITS[proof].seconds)
    row = f"'{attempt.key}', '{full_at:%Y-%m-%d %H:%M:%S.%f}'"
    house.change(f"INSERT OR REPLACE INTO throttles VALUES ({row})")  # noqa: S608 - our own words


def _close(house: House, address: str, *, has_account: bool = True) -> Page:
    """As if strangers had tried so often that a device that is new is refused; the refusal."""
    _use_up(house, address, Proof.PASSWORD, has_account=has_account)
    page = Officer(house.service.web_port).sign_in(address, "a guess")
    assert page.status == 429
    return page


def _closed(officer: Officer) -> list[str]:
    """Which accounts the page of people shows as closed to devices that are new."""
    rows = officer.get("/console/people").all("tbody tr:has(.tag.amber)")
    return [row.css("th .small")[0].text() for row in rows]


def _is_in(officer: Officer) -> bool:
    return officer.get("/console/queue", follow=False).status == 200


def _signed_out(officer: Officer) -> Officer:
    """The same browser when its session is over."""
    for cookie in [cookie for cookie in officer.jar if cookie.name == "ackbot"]:
        officer.jar.clear(cookie.domain, cookie.path, cookie.name)
    return officer


def test_strangers_who_try_keep_nobody_out_of_her_own_device(house: House, stranger: Officer) -> None:
    """She is in at the first try where she was in before; a new device is closed to her, too, and says what to do."""
    address = _staff(house, "amy")
    assert stranger.sign_in(address).status == 200
    cookie = next(cookie for cookie in stranger.jar if cookie.name == "ackbot-devices")
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.expires is not None
    assert "amy" not in str(cookie.value)
    guesser = Officer(house.service.web_port)
    pages = [guesser.sign_in(address, f"guess {number}") for number in range(9)]
    assert [page.status for page in pages] == [403] * 8 + [429]
    assert CLOSED in pages[-1].words()
    assert not _is_in(_signed_out(stranger))
    assert stranger.sign_in(address).status == 200
    assert _is_in(stranger)
    assert Officer(house.service.web_port).sign_in(address).status == 429


def test_many_strangers_at_once_take_no_connections_from_others(house: House, stranger: Officer) -> None:
    """Whoever is one too many is told so at once, and not kept waiting; she is in where she was in before."""
    address = _staff(house, "flo")
    stranger.sign_in(address)
    _signed_out(stranger)
    secret = house.service.environment["ACKBOT_SECRET"].encode()
    crowd = Attempt(secret, Proof.PASSWORD, "", has_account=False, device="", network="127.0.0.1")
    full_at = Present().now() + timedelta(seconds=NETWORK.seconds)
    # A slow network: each of them waits two seconds, and costs no work.
    house.change(f"INSERT OR REPLACE INTO throttles VALUES ('{crowd.network_key}', '{full_at:%Y-%m-%d %H:%M:%S.%f}')")  # noqa: S608
    try:
        with ThreadPoolExecutor(70) as threads:
            names = [f"nobody.{number}@example.gov.uk" for number in range(140)]
            pages = threads.map(lambda name: Officer(house.service.web_port).sign_in(name, "a guess"), names)
            assert stranger.sign_in(address).status == 200
            refusals = [page for page in pages if page.status == 503]
    finally:
        house.change(f"DELETE FROM throttles WHERE key = '{crowd.network_key}'")  # noqa: S608 - our own words
    assert refusals
    assert "Too many people sign in at this moment" in refusals[0].words()
    assert refusals[0].headers["retry-after"] == "30"


def test_her_own_mistakes_close_her_own_device_alone(house: House, stranger: Officer) -> None:
    """It is told apart in words; another device signs in."""
    address = _staff(house, "bea")
    stranger.sign_in(address)
    _signed_out(stranger)
    pages = [stranger.sign_in(address, f"mistyped {number}") for number in range(9)]
    assert [page.status for page in pages] == [403] * 8 + [429]
    assert "too many attempts from this device" in pages[-1].words()
    assert Officer(house.service.web_port).sign_in(address).status == 200


def test_an_address_without_an_account_is_closed_in_the_same_words(house: House) -> None:
    """Neither the words nor their number tell whether there is one."""
    nobody = "nobody.at.all@example.gov.uk"
    pages = [_close(house, _staff(house, "cat")), _close(house, nobody, has_account=False)]
    words = [page.words().replace("cat@", "").replace("nobody.at.all@", "") for page in pages]
    assert words[0] == words[1]
    assert all(0 < int(page.headers["retry-after"]) <= 900 for page in pages)


def test_an_administrator_lifts_a_lock(house: House, stranger: Officer) -> None:
    """In the console, where the lock is seen, or by a command; either is a line in the audit trail."""
    address, administrator = _staff(house, "dan"), house.officer("administrator")
    _close(house, address)
    page = administrator.get("/console/people")
    assert address in _closed(administrator)
    answer = administrator.post("/console/people", {**page.hidden(), "address": address, "action": "unlock"})
    assert "It is done." in answer.words()
    assert address not in _closed(administrator)
    assert stranger.sign_in(address).status == 200
    _close(house, address)
    assert "may try again" in run(house.service, "staff", "unlock", address)
    assert Officer(house.service.web_port).sign_in(address).status == 200
    lines = ask(house.service.store_url, "SELECT actor FROM events WHERE kind = 'lock lifted' ORDER BY id")
    assert lines[0] == ("staff:ada@example.gov.uk",)
    assert len(lines) == 2


def _choose(officer: Officer, code: str, password: str = NEW, *, onwards: str = "/console/queue") -> Page:
    page = officer.get(f"/console/link?next={onwards}")
    action = str(page.all("form")[0].attributes["action"])
    return officer.post(action, {**page.hidden(), "code": code, "password": password}, follow=False)


def test_a_link_lets_somebody_choose_a_password_once(house: House, stranger: Officer) -> None:
    """The account begins without one; looking uses nothing up, the whole link may be pasted; it leads onwards."""
    printed = run(house.service, "staff", "add", "eli@example.gov.uk", "--role", "reader")
    (link,) = [line for line in printed.splitlines() if "/console/link#" in line]
    assert stranger.sign_in("eli@example.gov.uk", "").status == 403
    for password, words in (
        ("short", "8 characters or more"),
        ("Exampleshire2026", "easy to guess"),
        ("eli@example", ""),
    ):
        refused = _choose(stranger, link, password)
        assert (refused.status, words in refused.words()) == (409, True)
    answer = _choose(stranger, link, onwards="/console/backlog")
    assert (answer.status, answer.headers["location"]) == (303, "/console/backlog")
    assert _is_in(stranger)
    again = _choose(Officer(house.service.web_port), link, "another of my own")
    assert (again.status, "was used, or has ended" in again.words()) == (403, True)
    assert Officer(house.service.web_port).sign_in("eli@example.gov.uk", NEW).status == 200


def test_a_link_opens_what_strangers_have_closed(house: House, stranger: Officer) -> None:
    """An administrator makes it in the console; from then on the device is known."""
    address, administrator = _staff(house, "fay"), house.officer("administrator")
    _close(house, address)
    page = administrator.get(f"/console/people?change={address}")
    answer = administrator.post("/console/people", {**page.hidden(), "address": address, "action": "link"})
    link = answer.all("code")[0].text()
    assert link.startswith(f"http://127.0.0.1:{house.service.web_port}/console/link#")
    assert _choose(stranger, link).status == 303
    assert _is_in(stranger)
    assert stranger.sign_in(address, NEW).status == 200
    assert link.rpartition("#")[2].encode() not in (house.service.directory / "ackbot.db").read_bytes()


def test_a_link_is_taken_from_our_own_page_alone(house: House, stranger: Officer) -> None:
    """A form from elsewhere, or one that is none, changes nothing."""
    link = run(house.service, "staff", "add", "gil@example.gov.uk", "--role", "reader").splitlines()[-1]
    for fields, headers in (({}, {}), (stranger.get("/console/link").hidden(), {"Origin": "https://evil.example"})):
        assert stranger.post("/console/link", {**fields, "code": link, "password": NEW}, headers).status == 403
    assert ask(house.service.store_url, "SELECT password FROM staff WHERE address = 'gil@example.gov.uk'") == [("",)]


def test_a_new_person_in_the_console_is_given_a_link(house: House, stranger: Officer) -> None:
    """Where no first password was typed."""
    administrator = house.officer("administrator")
    fields = {**administrator.get("/console/people").hidden(), "action": "add", "role": "reader"}
    answer = administrator.post("/console/people", {**fields, "address": "hana@example.gov.uk", "password": ""})
    assert _choose(stranger, answer.all("code")[0].text()).status == 303
    assert _is_in(stranger)


def _change(officer: Officer, old: str, new: str) -> Page:
    page = officer.get("/console/account")
    fields = {**page.hidden(), "action": "password", "old_password": old, "password": new}
    return officer.post("/console/account", fields)


def test_somebody_changes_their_own_password(house: House, stranger: Officer) -> None:
    """With the old one; every other session ends, this one goes on; what is easy to guess is refused."""
    address, elsewhere = _staff(house, "ivy"), Officer(house.service.web_port)
    for officer in (stranger, elsewhere):
        assert officer.sign_in(address).status == 200
    assert (wrong := _change(stranger, "not it", NEW)).status == 403
    assert "The password that you have now is not right" in wrong.words()
    assert (easy := _change(stranger, PASSWORD, "ivy2026ivy")).status == 409
    assert "This password is easy to guess" in easy.words()
    assert _is_in(elsewhere)
    assert "You have a new password" in _change(stranger, PASSWORD, NEW).words()
    assert [_is_in(officer) for officer in (stranger, elsewhere)] == [True, False]
    assert elsewhere.sign_in(address).status == 403
    assert elsewhere.sign_in(address, NEW).status == 200


def test_whoever_finds_a_browser_open_cannot_guess_the_password(house: House, stranger: Officer) -> None:
    """The old password is asked for eight times at most; signing in is not touched by it."""
    address = _staff(house, "jan")
    stranger.sign_in(address)
    assert _change(stranger, "a guess", NEW).status == 403
    _use_up(house, address, Proof.OWN_PASSWORD)
    assert "too many attempts from this device" in _change(stranger, PASSWORD, NEW).words()
    assert Officer(house.service.web_port).sign_in(address).status == 200


def _enrol(officer: Officer, *, path: str = "/console/account/second-factor", code: str = "") -> tuple[str, Page]:
    """Set up an app; its secret and the page afterwards."""
    page = officer.get(path)
    secret = page.hidden()["secret"]
    assert page.all("svg.code")
    fields = {**page.hidden(), "code": code or pyotp.TOTP(secret).now(), "old_password": PASSWORD}
    return secret, officer.post(path.partition("?")[0], fields)


def _codes(page: Page) -> list[str]:
    return [node.text() for node in page.all(".codes code")]


def _later(secret: str) -> str:
    """The code after this one, which is taken already."""
    return pyotp.TOTP(secret).at(Present().now() + timedelta(seconds=30))


def _enter(officer: Officer, code: str) -> Page:
    page = officer.get("/console/sign-in/code")
    return officer.post("/console/sign-in/code", {**page.hidden(), "code": code})


def test_a_second_factor_is_asked_for_after_the_password(house: House, stranger: Officer) -> None:
    """Set up with a code that shows that it works; then the password alone lets nobody in, nor a code twice."""
    address = _staff(house, "kai")
    stranger.sign_in(address)
    assert _enrol(stranger, code="000000")[1].status == 409
    secret, page = _enrol(stranger)
    assert len(_codes(page)) == 10
    assert secret.encode() not in (house.service.directory / "ackbot.db").read_bytes()
    _signed_out(stranger)
    door = stranger.sign_in(address)
    assert door.url.endswith("/console/sign-in/code?next=%2Fconsole%2Fqueue")
    assert not _is_in(stranger)
    step = stranger.get("/console/sign-in/code?next=/console/backlog")
    wrong = stranger.post(str(step.all("form")[0].attributes["action"]), {**step.hidden(), "code": "000000"})
    assert (wrong.status, wrong.hidden()["next"]) == (403, "/console/backlog")
    code = _later(secret)
    assert _enter(stranger, code).status == 200
    assert _is_in(stranger)
    other = Officer(house.service.web_port)
    other.sign_in(address)
    assert "was used before" in _enter(other, code).words()
    assert "Queue" in _enter(other, _codes(page)[0]).words()
    again = Officer(house.service.web_port)
    again.sign_in(address)
    assert _enter(again, _codes(page)[0]).status == 403
    administrator = house.officer("administrator")
    people = administrator.get(f"/console/people?change={address}")
    fields = {**people.hidden(), "address": address, "action": "no-second-factor"}
    assert administrator.post("/console/people", fields).status == 200
    assert not _is_in(stranger)
    assert stranger.sign_in(address).url.endswith("/console/queue")


def test_codes_cannot_be_guessed(house: House, stranger: Officer) -> None:
    """Whoever has learnt the password has eight tries; the owner's own device is counted apart."""
    address = _staff(house, "lou")
    stranger.sign_in(address)
    secret, _ = _enrol(stranger)
    guesser = Officer(house.service.web_port)
    guesser.sign_in(address)
    assert [_enter(guesser, f"00000{number}").status for number in range(9)] == [403] * 8 + [429]
    assert _enter(guesser, _later(secret)).status == 429
    stranger.sign_in(address)
    assert _enter(stranger, _later(secret)).status == 200


def test_a_code_without_a_password_lets_nobody_in(house: House, stranger: Officer) -> None:
    """Whatever cookie is brought; and one that was signed is void when the password has changed."""
    address = _staff(house, "max")
    stranger.sign_in(address)
    secret, _ = _enrol(stranger)
    _signed_out(stranger)
    stranger.sign_in(address)
    step = next(str(cookie.value) for cookie in stranger.jar if cookie.name == "ackbot-step")
    other = Officer(house.service.web_port)
    door = other.get("/console/sign-in")
    for brought in (
        "",
        "x",
        step[:-1],
        f"{step}0",
        step.partition(".")[0],
        f".{step.partition('.')[2]}",
        "=.=",
        "AA.AA",
    ):
        cookies = "; ".join([*(f"{c.name}={c.value}" for c in other.jar), f"ackbot-step={brought}"])
        fields = {**door.hidden(), "code": _later(secret)}
        page = other.post("/console/sign-in/code", fields, {"Cookie": cookies})
        assert (page.status, "That took too long" in page.words()) == (403, True)
    (house.service.directory / "password").write_text(NEW, encoding="utf-8")
    run(house.service, "staff", "password", address, "--password-file", str(house.service.directory / "password"))
    assert (
        "That took too long"
        in stranger.post(
            "/console/sign-in/code", {**stranger.get("/console/sign-in").hidden(), "code": _later(secret)}
        ).words()
    )


def test_recovery_codes_are_made_anew_and_the_factor_removed(house: House, stranger: Officer) -> None:
    """With the password; without a factor there is nothing to make or remove."""
    address = _staff(house, "noa")
    stranger.sign_in(address)

    def act(action: str, password: str = PASSWORD) -> Page:
        fields = {**stranger.get("/console/account").hidden(), "action": action, "old_password": password}
        return stranger.post("/console/account", fields)

    assert "You have no second factor" in act("codes").words()
    _, page = _enrol(stranger)
    assert act("codes", "not it").status == act("remove", "not it").status == 403
    new = _codes(act("codes"))
    assert len(new) == 10
    assert not set(new) & set(_codes(page))
    assert "10 of your recovery codes are left" in stranger.get("/console/account").words()
    assert "nobody signs in as you who has only learnt your password" in act("remove").words()
    assert _is_in(stranger)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house in which everybody needs a second factor."""
    answer = house_in(tmp_path_factory.mktemp("strict"), '[sign_in]\nsecond_factor = "required"\n')
    with answer.service:
        yield answer


def test_where_everybody_needs_a_second_factor_it_is_set_up_at_the_door(strict: House) -> None:
    """Nothing is open before; afterwards the password and a code let in, and it cannot be removed by oneself."""
    officer, address = Officer(strict.service.web_port), "ron@example.gov.uk"
    assert officer.sign_in(address).url.endswith("/console/sign-in/set-up?next=%2Fconsole%2Fqueue")
    assert not _is_in(officer)
    assert officer.get("/console/account", follow=False).status == 303
    assert _enrol(officer, path="/console/sign-in/set-up", code="000000")[1].status == 403
    secret, page = _enrol(officer, path="/console/sign-in/set-up?next=/console/backlog")
    assert len(_codes(page)) == 10
    assert page.all("a.button")[0].attributes["href"] == "/console/backlog"
    assert _is_in(officer)
    account = officer.get("/console/account")
    fields = {**account.hidden(), "action": "remove", "old_password": PASSWORD}
    assert "Everybody must have a second factor here" in officer.post("/console/account", fields).words()
    other = Officer(strict.service.web_port)
    assert "/console/sign-in/code" in other.sign_in(address).url
    # Whoever is at the second step cannot set up an app of their own in place of it.
    assert other.get("/console/sign-in/set-up", follow=False).status == 303
    assert _enter(other, _later(secret)).status == 200
    assert "signs in without a second factor" in run(strict.service, "staff", "reset-second-factor", address)
    assert not _is_in(officer)


ELSEWHERE = '[sign_in]\nissuer = "http://127.0.0.1:1"\nclient_id = "ackbot"\nonly = true\n'


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house in which no password lets anybody in."""
    answer = house_in(tmp_path_factory.mktemp("elsewhere"), ELSEWHERE)
    with answer.service:
        yield answer


def test_closed_passwords_let_nobody_in(elsewhere: House) -> None:
    """There is no form for one, none is taken, no link is made, and a session that one began is over."""
    officer = Officer(elsewhere.service.web_port)
    page = officer.get("/console/sign-in")
    assert not page.all("input[type=password]")
    assert "Passwords are not used here" in officer.sign_in("lee@example.gov.uk").words()
    assert not _is_in(officer)
    link = officer.get("/console/link")
    assert ("Passwords are not used here" in link.words(), link.all("input[name=code]")) == (True, [])
    assert officer.post("/console/link", {**page.hidden(), "code": "x", "password": NEW}).status == 403
    added = run(elsewhere.service, "staff", "add", "new@example.gov.uk", "--role", "reader")
    assert "they sign in through [sign_in]" in added
    assert "/console/link" not in added
