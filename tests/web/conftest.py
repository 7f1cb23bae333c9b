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
from bot.flows.promise import published
from bot.web.public.alert_link import Alerts
from bot.web.server import Parts, Questions, application
from channels import web_form
from tests.web.pages import Desk, Open, Site

TEMPLATES = Path(__file__).parents[2] / "templates"


@pytest.fixture
def desk() -> Desk:
    """Where the messages go."""
    return Desk()


@pytest.fixture
def parts(desk: Desk) -> Parts:
    """Parts of an organisation with one form."""
    settings = web_form.Settings(name="website", kind="web_form")
    return Parts(
        organisation_name="Exampleshire Council",
        phone="0300 123 2224",
        website="https://www.example.gov.uk",
        form=web_form.build("website", settings),
        questions=Questions(),
        submit=desk.submit,
        hooks=[],
        log=desk.log,
        problems=desk.why_not_ready,
        coverage=dict,
        metrics=desk.figures,
        notice=None,
        standards=lambda: ROWS,
        alerts=Alerts(desk.look, desk.act),
        sent_mail=None,
        templates=[TEMPLATES],
    )


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
ROWS = published(BOOK, date(2026, 11, 23))


@pytest.fixture
async def open_site(parts: Parts) -> AsyncIterator[Open]:
    """Start the site, with some parts changed, and give a browser-like client without cookies or scripts."""
    clients: list[Site] = []

    async def start(**changed: Any) -> Site:
        client: Site = TestClient(TestServer(application(replace(parts, **changed))))
        await client.start_server()
        clients.append(client)
        return client

    yield start
    for client in clients:
        await client.close()


@pytest.fixture
async def site(open_site: Open) -> Site:
    """The site as configured by `parts`."""
    return await open_site()
