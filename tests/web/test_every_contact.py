"""Whatever a contact is like, each page of it opens, and every link on it leads somewhere, for every role."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urljoin, urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import Connection

from bot.core.roles import Role
from bot.flows import staffing
from bot.flows.changes import classify
from bot.flows.rulebook import Rulebook, Team
from bot.settings import rulebook
from bot.settings.reading import Settings
from bot.store import staff
from bot.store.staff import Account
from bot.web.site import Site
from tests.rulebooks import altered
from tests.web.every_contact import Store as Filler
from tests.web.every_contact import combinations_of, ways
from tests.web.pages import Browser, Open

# Who -> role, teams, and every how manieth contact is opened by them: the page of one role is that of others with
# more or fewer forms on it.
PEOPLE = {
    "administrator": (Role.ADMINISTRATOR, (), 1),
    "lead": (Role.LEAD, (), 11),
    "officer": (Role.OFFICER, (), 7),
    "housing": (Role.OFFICER, ("housing",), 5),
    "reader": (Role.READER, (), 9),
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
        for target in _targets(LexborHTMLParser(content), path, self.faults) if _OF_CONTACT.match(path) else ():
            is_of_contact = _OF_CONTACT.match(target)
            kinds_of_page = {(_NUMBER.sub("1", target), which) for which in (properties if is_of_contact else ("",))}
            if not kinds_of_page <= self.kinds_of_page:
                self.kinds_of_page |= kinds_of_page
                await self.walk(target, properties)


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

    secrets, made = await site.store.write(fill)
    browser = await open_site(book=rules)
    faults = []
    for name, (_, teams, step) in PEOPLE.items():
        walker = Walker(browser, secrets[name])
        for reference, row in made[::step]:
            hidden = bool(teams) and row["team"] not in teams
            properties = (row["flag"], row["channel"])
            await walker.walk(f"/console/contacts/{reference}", properties, (404,) if hidden else (200,))
        faults += [f"{name}: {fault}" for fault in walker.faults]
    assert faults == []
