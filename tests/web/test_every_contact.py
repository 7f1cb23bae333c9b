"""Whatever a contact is like, each page of it opens, and every link on it leads somewhere, for every role."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import Connection
from structlog.testing import capture_logs

from bot.core.events import EventKind
from bot.core.roles import Role, Scope
from bot.flows import staffing
from bot.flows.changes import classify
from bot.flows.rulebook import Rulebook, Team
from bot.settings import rulebook
from bot.settings.reading import Settings
from bot.store import audit, staff, tokens
from bot.store.staff import Account
from bot.store.tokens import Token
from bot.web.console.doorkeeper import Doorkeeper
from bot.web.site import Site
from tests.rulebooks import altered
from tests.thoroughness import cases
from tests.web.every_contact import PIXEL, combinations_of, ways
from tests.web.every_contact import Store as Filler
from tests.web.pages import Browser, Open

# Who -> role, teams, and every how manieth contact is opened by them: the page of one role is that of others with
# more or fewer forms on it.
PEOPLE = {
    "administrator": (Role.ADMINISTRATOR, (), 1),
    "lead": (Role.LEAD, (), 29),
    "officer": (Role.OFFICER, (), 17),
    "housing": (Role.OFFICER, ("housing",), 13),
    "reader": (Role.READER, (), 23),
}
LINKS = (("a", "href"), ("form", "action"), ("img", "src"), ("audio", "src"), ("iframe", "src"), ("link", "href"))
MOST_BYTES = 100_000


@pytest.fixture
def rules(settings: Settings) -> Rulebook:
    """The packaged standards, every channel, two teams."""
    book = rulebook.build(settings, {"post": "us@example.gov.uk"})
    teams = {name: Team(name, (f"{name}@example.gov.uk",), "post") for name in ("front", "housing")}
    return altered(book, ways=ways(), teams=teams)


@dataclass
class Walker:
    """Somebody of staff who follows every link once."""

    browser: Browser
    secret: str
    faults: list[str] = field(default_factory=list)
    kinds_of_page: set[tuple[str, str]] = field(default_factory=set)

    async def walk(self, path: str, properties: Iterable[str], expected: tuple[int, ...] = (200,)) -> None:
        """Open a page, and what it leads to where no page of that kind was yet of a contact with such a property."""
        async with self.browser.get(path, headers={"Cookie": f"ackbot={self.secret}"}) as answer:
            content = await answer.read()
            kind = answer.content_type
        if answer.status not in expected:
            self.faults.append(f"{answer.status} {path}")
        if kind != "text/html":
            return
        if len(content) > MOST_BYTES:
            self.faults.append(f"{len(content)} bytes {path}")
        page = LexborHTMLParser(content)
        posted = {form.attributes["action"] for form in page.css("form[method=post][action]")}
        for target in _targets(page, path, self.faults) if _OF_CONTACT.match(path) else ():
            is_of_contact = _OF_CONTACT.match(target)
            kinds_of_page = {(_NUMBER.sub("1", target), which) for which in (properties if is_of_contact else ("",))}
            if not kinds_of_page <= self.kinds_of_page:
                self.kinds_of_page |= kinds_of_page
                # What only a form is posted to has no page of its own, and says so.
                await self.walk(target, properties, (200, 405) if target in posted else (200,))


def _targets(page: LexborHTMLParser, path: str, faults: list[str]) -> list[str]:
    """Where the page leads within the pages of contacts; a fragment must be on the page itself."""
    targets = []
    for tag, attribute in LINKS:
        for node in page.css(f"{tag}[{attribute}]"):
            address = node.attributes[attribute] or ""
            if address.startswith("#"):
                if not page.css(f"[id='{address[1:]}']"):
                    faults.append(f"{address} is not on {path}")
                continue
            parts = urlsplit(urljoin(path, address))
            if parts.netloc or parts.scheme:
                continue
            target = f"{parts.path}{'?' + parts.query if parts.query else ''}"
            if _FOLLOWED.match(target) and not _OTHER_CONTACT.fullmatch(parts.path):
                targets.append(target)
    return targets


_OF_CONTACT = re.compile(r"/console/contacts/")
_FOLLOWED = re.compile(r"/(console|assets)/(?!sign-out)")
# What differs between the addresses of two contacts.
_NUMBER = re.compile(r"EX-[A-Z0-9-]+|(?<=/)[0-9]+|token=.*")
# Each contact has its own turn.
_OTHER_CONTACT = re.compile(r"/console/contacts/[A-Z0-9-]+")


def _moved_in(connection: Connection, book: Rulebook, now: datetime) -> dict[str, str]:
    """Who -> the secret of their session."""
    secrets = {}
    for name, (role, teams, _) in PEOPLE.items():
        account = Account(f"{name}@example.gov.uk", name, role, frozenset(teams), "", now, None)
        staff.add(connection, account)
        secrets[name] = staffing.sign_in(connection, account, "password", now, now)
    return secrets


async def test_every_page_of_every_contact_opens_for_every_role(open_site: Open, site: Site, rules: Rulebook) -> None:
    """No error, no dead link, no page of more than 100 KB; what somebody may not see is not there for them."""
    now = site.now()
    kinds = ("", "a-kind-of-long-ago", *classify.choices("kind", rules))

    def fill(connection: Connection) -> tuple[dict[str, str], list[tuple[str, dict[str, str]]]]:
        filler = Filler(connection, rules, now)
        rows = list(combinations_of(kinds))
        return _moved_in(connection, rules, now), [(filler.add(row), row) for row in rows]

    secrets, entries = await site.store.write(fill)
    browser = await open_site(book=rules)
    faults = []
    for name, (_, teams, step) in PEOPLE.items():
        walker = Walker(browser, secrets[name])
        for reference, row in entries[:: step * cases(7, 1)]:
            hidden = bool(teams) and row["team"] not in teams
            properties = (row["flag"], row["channel"])
            await walker.walk(f"/console/contacts/{reference}", properties, (404,) if hidden else (200,))
        faults += [f"{name}: {fault}" for fault in walker.faults]
    assert faults == []


@dataclass
class Visit:
    """Staff at a site with one contact, which came as a mail with three files, and is of the team front."""

    browser: Browser
    secrets: dict[str, str]
    reference: str
    site: Site

    async def ask(self, path: str, who: str = "officer", **more: Any) -> tuple[int, Mapping[str, str], bytes]:
        """Status, header and content of a page of that contact."""
        headers = {"Cookie": f"ackbot={self.secrets[who]}", **more.pop("headers", {})}
        address = f"/console/contacts/{self.reference}{path}"
        async with self.browser.request(more.pop("method", "GET"), address, headers=headers, **more) as answer:
            return answer.status, answer.headers, await answer.read()


@pytest.fixture
async def visit(open_site: Open, site: Site, rules: Rulebook) -> Visit:
    """One of the contacts, and who works on it."""
    row = dict.fromkeys(("kind", "language", "service"), "")
    row |= {"outcome": "acknowledge", "state": "open", "channel": "email", "flag": "plain", "team": "front"}

    def fill(connection: Connection) -> tuple[dict[str, str], str]:
        filler = Filler(connection, rules, site.now())
        return _moved_in(connection, rules, site.now()), [filler.add(row) for _ in range(3)][-1]

    secrets, reference = await site.store.write(fill)
    return Visit(await open_site(book=rules), secrets, reference, replace(site, book=rules))


async def test_a_file_is_shown_or_saved_and_runs_nothing(visit: Visit) -> None:
    """A picture and a sound as what they are; everything else, and all that is to be saved, as octets with a name."""
    _, _, page = await visit.ask("")
    address = str(LexborHTMLParser(page).css(".files img")[0].attributes["src"])
    files = address.removeprefix(f"/console/contacts/{visit.reference}").removesuffix("/1")
    assert b"This file can harm your computer" in page
    status, headers, content = await visit.ask(f"{files}/1")
    assert (status, headers["Content-Type"], content) == (200, "image/png", PIXEL)
    assert headers["Content-Disposition"] == 'inline; filename="hole.png"'
    assert "sandbox" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    status, headers, content = await visit.ask(f"{files}/2")
    assert (status, headers["Content-Type"], content) == (200, "application/octet-stream", b"MZ")
    assert headers["Content-Disposition"] == "attachment; filename=\"r_port.exe\"; filename*=UTF-8''r%C3%A9port.exe"
    status, headers, content = await visit.ask(f"{files}/3", headers={"Range": "bytes=1-3"})
    assert (status, headers["Content-Type"], content) == (206, "audio/ogg", b"ggS")
    assert headers["Content-Range"] == "bytes 1-3/6"
    assert [(await visit.ask(f"{files}/3", headers={"Range": odd}))[0] for odd in ("bytes=9-", "x", "bytes=-2")] == [
        *(200, 200, 206),
    ]
    _, headers, content = await visit.ask(f"{files}/1?save=1")
    assert (headers["Content-Type"], content) == ("application/octet-stream", PIXEL)
    trail = await visit.site.store.read(lambda c: audit.trail(c, audit.Looking("", Scope()), 50))
    assert [event.details["file"] for event in trail if event.kind == EventKind.MESSAGE_SAVED] == [1, 2]


async def test_a_file_is_there_for_who_sees_its_contact(visit: Visit) -> None:
    """404 for another team, for a number that no file has, and for a message of another contact."""
    files = f"/messages/{3 * 20}/files"
    assert [(await visit.ask(f"{files}/1", who))[0] for who in ("reader", "housing")] == [200, 404]
    assert [(await visit.ask(f"{files}/{number}"))[0] for number in ("0", "4", "x", "9" * 30)] == [404] * 4
    assert (await visit.ask(f"/messages/{20}/files/1"))[0] == 404


async def test_an_error_that_nobody_foresaw_has_a_number(open_site: Open, visit: Visit) -> None:
    """Staff read it, the log has it, a program gets it; what was typed is kept, and nothing of a person is said."""
    broken = await open_site(book=altered(visit.site.book, calendars={}))
    visit.browser = broken
    csrf = Doorkeeper(visit.site).csrf_of(tokens.digest_of(visit.secrets["officer"]))
    with capture_logs() as lines:
        status, _, page = await visit.ask("")
        fields = {"csrf": csrf, "action": "holding-reply", "note": "They rang twice."}
        status_of_form, _, form = await visit.ask("", method="POST", data=fields)
        token = Token("program", frozenset({"contacts:write"}), frozenset(), visit.site.now())
        secret = await visit.site.store.write(lambda c: staffing.create_token(c, token, "staff:ada", visit.site.book))
        header = {"Authorization": f"Bearer {secret}"}
        async with broken.post(f"/api/v1/contacts/{visit.reference}/pause", headers=header, json={}) as answer:
            problem = await answer.json()
    assert (status, status_of_form, answer.status) == (500, 500, 500)
    incidents = [str(line["incident"]) for line in lines if line["event"] == "web.failed"]
    assert len(set(incidents)) == 3
    assert incidents[0].encode() in page
    assert incidents[1].encode() in form
    assert b"They rang twice." in form
    assert problem["incident"] == incidents[2]
    assert "residents.example" not in f"{page!r}{form!r}{problem}{lines}"
    assert {line["where"].rpartition(" > ")[0] != "" for line in lines} == {True}
