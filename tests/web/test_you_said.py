"""What the organisation made of what people said: a page, JSON and CSV; nothing of it is anybody's own words."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.core.improvements import Improvement, Stage
from bot.flows import board
from bot.store import improvements
from bot.store.engine import Store
from bot.web.site import Site
from tests.web.pages import Browser, Page

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
WELSH = Improvement(
    "=HYPERLINK", "Mae <b>nawr</b> ar-lein.", date(2026, 11, 20), "bins", "cy", "staff:lee", NOW, state=Stage.PUBLISHED
)
DRAFT = replace(WELSH, problem="Not for you yet.", state=Stage.DRAFT)


@pytest.fixture
async def published(browser: Browser, store: Store, site: Site) -> Browser:
    """A browser on a site with one entry that is published, and one that is not."""

    def add(connection: object) -> None:
        for entry in (WELSH, DRAFT):
            improvements.add(connection, entry)  # type: ignore[arg-type]
        board.change(connection, NOW)  # type: ignore[arg-type]
        board.refresh(connection, NOW, site.book)  # type: ignore[arg-type]

    await store.write(add)
    return browser


async def test_everybody_reads_what_is_published(published: Browser) -> None:
    """In the language in which it was written, as words and no markup; the foot of each page leads to it."""
    text = await (await published.get("/you-said")).text()
    page = Page(text)
    assert page.value("dd", "lang") == "cy"
    assert "Mae <b>nawr</b> ar-lein." in page.text("main")
    assert "Friday 20 November 2026: Bins" in page.text("h2")
    assert "Not for you yet" not in text
    assert "staff:lee" not in text
    assert "/you-said" in await (await published.get("/")).text()


async def test_programs_read_the_same(published: Browser) -> None:
    """As JSON, and as CSV with the line ends of RFC 4180, of which no cell is run."""
    rows = json.loads(await (await published.get("/you-said.json")).text())["improvements"]
    assert [(row["day"], row["language"], row["we_did"]) for row in rows] == [("2026-11-20", "cy", WELSH.remedy)]
    answer = await published.get("/you-said.csv")
    assert answer.content_type == "text/csv"
    body = (await answer.read()).decode("utf-8-sig")
    assert body.count("\r\n") == 2
    assert [row["you_said"] for row in csv.DictReader(io.StringIO(body))] == ["'=HYPERLINK"]


async def test_where_nothing_is_published_no_page_leads_there(browser: Browser) -> None:
    """The page itself says so."""
    assert "/you-said" not in await (await browser.get("/")).text()
    assert "There is nothing here yet." in await (await browser.get("/you-said")).text()
