"""The whole web application over real HTTP, in this process."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.core.books import Book
from bot.core.standards import standard
from bot.flows.rulebook import Rulebook
from bot.kinds import build_channels, load
from bot.letters import composer
from bot.present import Present
from bot.settings import rulebook
from bot.settings.reading import Settings
from bot.store.engine import Store
from bot.web.site import Site
from tests.rulebooks import altered
from tests.web.pages import Browser, Desk, Open
from tests.web.whole import application

CONFIG = """
[organisation]
name = "Exampleshire Council"
reference_prefix = "EX"
phone = "0300 123 2224"
website = "https://www.example.gov.uk"

[web]
secret = "a secret of the tests, 32 and more"

[[channel]]
name = "website"
kind = "web_form"
replies_by = "post"

[[channel]]
name = "post"
kind = "loopback"
directory = "sent"
sender = "Exampleshire Council <us@example.gov.uk>"
"""
PROMISE = {
    "id": "general",
    "title": "Every contact & <all>",
    "version": "1",
    "valid_from": date(2023, 4, 1),
    "calendar": "england",
    "acknowledge": "1 working day",
    "respond": "10 working days",
    "page": "https://www.example.gov.uk/promise",
}
COMPLAINT = PROMISE | {
    "id": "complaint",
    "title": "Complaints",
    "kinds": ["complaint"],
    "acknowledge": "5 working days",
    "acknowledged_by": "staff",
    "respond_from": "acknowledgement",
    "extend_to": "20 working days",
    "review_by": date(2027, 3, 1),
}
AHEAD = PROMISE | {
    "id": "urgent",
    "title": "Soon",
    "kinds": ["urgent"],
    "respond": "same day",
    "valid_from": date(2099, 1, 1),
}
BOOK = Book(standard(table, "x.toml") for table in (PROMISE, COMPLAINT, AHEAD))

CATALOGUE = """# Pages.
# checked_by = "{by}"
# checked_on = "{on}"
msgid ""
msgstr ""
"Language: {code}\\n"
"Content-Type: text/plain; charset=utf-8\\n"

msgid "Send us a message"
msgstr "{title}"

msgid "Page not found"
msgstr "{title} & 404"

msgid "Your message must be %(limit)s characters or fewer. It has %(count)s"
msgstr "{title}: %(count)s/%(limit)s"

msgid "Use %(limit)s characters or fewer for the name"
msgstr "{title} without the number"
"""
TITLES = {"cy": "Anfonwch neges atom", "pl": "Napisz do nas", "ar": "أرسل إلينا رسالة"}


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An organisation with one form."""
    directory = tmp_path_factory.mktemp("web")
    (directory / "ackbot.toml").write_text(CONFIG, encoding="utf-8")
    return load(directory)


@pytest.fixture
def book(settings: Settings) -> Rulebook:
    """Its promises."""
    return altered(rulebook.build(settings, {"post": "us@example.gov.uk"}), promises=BOOK)


@pytest.fixture
async def store(store_file: Path) -> AsyncIterator[Store]:
    """A new store, open."""
    opened = Store(f"sqlite:///{store_file}")
    opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def desk(store: Store, book: Rulebook) -> Desk:
    """Where the messages go."""
    return Desk(store, book)


@pytest.fixture
def site(settings: Settings, book: Rulebook, store: Store, desk: Desk) -> Site:
    """The site of that organisation."""
    return Site(
        settings=settings,
        book=book,
        store=store,
        present=Present(),
        channels=build_channels(settings),
        composer=composer(settings),
        log=desk.log,
        wake=lambda: None,
        problems=desk.why_not_ready,
        coverage=dict,
        metrics=desk.figures,
    )


@pytest.fixture
async def open_site(site: Site) -> AsyncIterator[Open]:
    """Start the site, with some parts changed, and give a browser-like client without cookies or scripts."""
    clients: list[Browser] = []

    async def start(**changed: Any) -> Browser:
        client: Browser = TestClient(TestServer(application(replace(site, **changed))))
        await client.start_server()
        clients.append(client)
        return client

    yield start
    for client in clients:
        await client.close()


@pytest.fixture
async def browser(open_site: Open) -> Browser:
    """A browser on the site as it is."""
    return await open_site()


@pytest.fixture
def speaking(open_site: Open, site: Site, tmp_path: Path) -> Any:
    """Starts the site with languages, each with a small catalogue of the organisation's own; Welsh is checked."""
    folder = tmp_path / "templates" / "pages" / "locale"
    folder.mkdir(parents=True)
    for code, title in TITLES.items():
        by, on = ("Siân Hughes", "2026-11-02") if code == "cy" else ("", "")
        (folder / f"{code}.po").write_text(CATALOGUE.format(code=code, title=title, by=by, on=on), encoding="utf-8")

    async def start(*languages: str, **more: Any) -> Browser:
        organisation = site.settings.organisation.model_copy(update={"languages": languages, **more})
        return await open_site(settings=replace(site.settings, directory=tmp_path, organisation=organisation))

    return start
