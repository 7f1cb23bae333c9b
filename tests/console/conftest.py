"""One service with staff of every role, two teams and a handful of contacts, driven from outside."""

import json
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, StorageState
from playwright.sync_api import Page as BrowserPage
from typer.testing import CliRunner

from bot.cli.commands import app
from tests.components.browser import chromium, sign_in
from tests.components.officer import PASSWORD, Officer
from tests.components.ports import PATIENCE_SECONDS, wait_until
from tests.components.service import FORM, Service, ask
from tests.conftest import Needs

# Every contact of a file is written within the same minute, and none waits for staff because of that.
NO_LIMIT = """
[limits]
receipts_a_minute_without_proof = 0
"""
SECOND_TEAM = """
[[team]]
name = "housing"
alert = ["mailto:housing@example.gov.uk"]
replies_by = "post"
"""
LOOPBACK = """
[[channel]]
name = "post"
kind = "loopback"
sender = "Exampleshire Council <customer.services@example.gov.uk>"
directory = "{directory}"
"""
ADMINISTRATOR = "ada@example.gov.uk"
STAFF = {
    ADMINISTRATOR: ("administrator", ()),
    "lee@example.gov.uk": ("lead", ()),
    "olu@example.gov.uk": ("officer", ("front-office",)),
    "hal@example.gov.uk": ("officer", ("housing",)),
    "ron@example.gov.uk": ("reader", ()),
}
# name -> scopes, and the team whose contacts it sees ("": every team's).
TOKENS = {
    "all": (("contacts:read", "contacts:write"), ""),
    "reading": (("contacts:read",), ""),
    "writing": (("contacts:write",), ""),
    "housing": (("contacts:read", "contacts:write"), "housing"),
}


@dataclass
class Answer:
    """What the API answered."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.text)


@dataclass
class House:
    """The running service, its people and its tokens."""

    service: Service
    officers: dict[str, Officer] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    _opener: urllib.request.OpenerDirector = field(default_factory=urllib.request.build_opener)

    def officer(self, role: str, team: str = "") -> Officer:
        """Somebody of that role, signed in; with a `team`, one who sees the contacts of that one only."""
        known = f"{role} {team}"
        if known not in self.officers:
            officer = Officer(self.service.web_port)
            fits = (who for who, (named, teams) in STAFF.items() if named == role and (not team or team in teams))
            assert officer.sign_in(next(fits)).status == 200
            self.officers[known] = officer
        return self.officers[known]

    def call(
        self, method: str, path: str, body: Any = None, caller: str = "all", headers: dict[str, str] | None = None
    ) -> Answer:
        """One call of the API."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        known = {"Authorization": f"Bearer {self.tokens.get(caller, caller)}"} if caller else {}
        known |= {"Content-Type": "application/json"} if data is not None else {}
        port = self.service.web_port
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}", data=data, method=method, headers=known | (headers or {})
        )
        try:
            answer = self._opener.open(request, timeout=PATIENCE_SECONDS)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return Answer(answer.status or 0, dict(answer.headers), answer.read().decode("utf-8", "replace"))

    def contact(self, text: str = "There is a hole in the road.", **more: Any) -> str:
        """A contact that was taken down; its reference."""
        team = more.pop("team", None)
        body = {"sender": {"name": "Sam Resident", "email": "sam@residents.example"}, "text": text} | more
        made = self.call("POST", "/api/v1/contacts", body)
        assert made.status == 201, made.text
        reference = str(made.json["reference"])
        if team:
            done = self.call("POST", f"/api/v1/contacts/{reference}/assign", {"team": team})
            assert done.status == 200, done.text
        return reference

    def late_contact(self, text: str, **more: Any) -> str:
        """A contact that came so long ago that its answer is late; its reference."""
        long_ago = datetime.now(UTC) - timedelta(days=100)  # noqa: TID251 - the service runs by the clock on the wall
        return self.contact(text, received_at=long_ago.isoformat(), **more)

    def change(self, statement: str) -> None:
        """Change the store from outside."""
        with closing(sqlite3.connect(self.service.store_url.removeprefix("sqlite:///"))) as connection:
            connection.execute(statement)
            connection.commit()

    def indexed(self) -> None:
        """Return when everything is found by its words."""
        newest = ask(self.service.store_url, "SELECT max(id) FROM messages")[0][0]
        query = "SELECT max(rowid) FROM message_words"
        wait_until(lambda: ask(self.service.store_url, query)[0][0] == newest, what="the index")


# The store of the first house and its tokens: to let nine people and programs in takes seconds.
_MOVED_IN: list[tuple[bytes, dict[str, str]]] = []


def house_in(directory: Path, more: str = "", limits: str = NO_LIMIT, *, daily_list: bool = False) -> House:
    """A service with its staff, not started yet."""
    mails = directory / "mails"
    service = Service(
        directory, [limits, SECOND_TEAM, FORM, LOOPBACK.format(directory=mails), more], daily_list=daily_list
    )
    password = directory / "password"
    password.write_text(PASSWORD + "\n", encoding="utf-8")
    house = House(service)
    if _MOVED_IN:
        store, tokens = _MOVED_IN[0]
        service.store.write_bytes(store)
        house.tokens.update(tokens)
        return house
    for address, (role, teams) in STAFF.items():
        named = [option for team in teams for option in ("--team", team)]
        run(service, "staff", "add", address, "--role", role, "--password-file", str(password), *named)
    for name, (scopes, of_team) in TOKENS.items():
        options = [option for scope in scopes for option in ("--scope", scope)]
        options += ["--team", of_team] if of_team else []
        house.tokens[name] = run(service, "token", "create", "--name", name, *options).strip()
    _MOVED_IN.append((_whole(service.store), dict(house.tokens)))
    return house


def _whole(store: Path) -> bytes:
    """With what stands in its log of writes still."""
    copy = store.with_suffix(".copy")
    with closing(sqlite3.connect(store)) as database, closing(sqlite3.connect(copy)) as target:
        database.backup(target)
    return copy.read_bytes()


def run(service: Service, *arguments: str) -> str:
    """What a command says, run within this process: one of its own takes a second to start."""
    done = CliRunner().invoke(app, [*arguments, "--config", str(service.config)], env=service.environment)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The house of this file's tests."""
    made = house_in(tmp_path_factory.mktemp("house"))
    with made.service:
        yield made


def url(house: House, path: str) -> str:
    """The address of a page of the console."""
    return f"http://127.0.0.1:{house.service.web_port}/console/{path}"


@pytest.fixture(scope="module")
def browser(needs: Needs) -> Iterator[Browser]:
    """One browser for all tests of a file."""
    needs("chromium")
    with chromium() as chrome:
        yield chrome


@pytest.fixture(scope="module")
def signed_in(browser: Browser, house: House) -> StorageState:
    """What the administrator's browser keeps of having signed in."""
    context = browser.new_context()
    sign_in(context, house.service.web_port, ADMINISTRATOR)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def page(browser: Browser, house: House, signed_in: StorageState) -> Iterator[BrowserPage]:
    """The queue, open at the administrator's; whatever the policy of contents forbids fails the test."""
    context = browser.new_context(storage_state=signed_in)
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    queue = context.new_page()
    queue.goto(url(house, "queue"))
    yield queue
    context.close()
    assert [error for error in errors if "409" not in error and "422" not in error] == []
