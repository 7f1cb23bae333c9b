"""What the last approved report says, for everybody: a page, a part for other sites, files, and beside each promise."""

import csv
import io
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.core import publication_json
from bot.core.publications import Promise, Publication
from bot.core.reports import State
from bot.flows import board
from bot.store import reports
from bot.store.engine import Store
from bot.web.security import CONTENT_POLICY
from bot.web.site import Site
from tests.publications import APPROVED_AT, approved_report, publication, row
from tests.web.pages import Browser, Page
from tests.web.test_standards import lines

Publish = Callable[..., Awaitable[None]]
FILES = ("/performance.json", "/performance.csv", "/performance.csv-metadata.json")


@pytest.fixture
def publish(store: Store) -> Publish:
    """Store a report of these days, approved unless its state is another."""

    async def add(content: Publication | None = None, **changes: Any) -> None:
        await store.write(partial(reports.add, report=approved_report(content, **changes)))

    return add


async def _text(browser: Browser, address: str) -> str:
    answer = await browser.get(address)
    assert answer.status == 200, address
    return await answer.text()


async def test_before_a_report_is_approved_the_page_says_so(browser: Browser, publish: Publish) -> None:
    """A draft is nobody's to read; the files are not there."""
    await publish(state=State.DRAFT, approved_by="", approved_at=None)
    for address in ("/performance", "/performance/embed"):
        page = Page(await _text(browser, address))
        assert "There is no report yet." in page.text("main")
        assert page.all("table") == []
    assert [(await browser.get(address)).status for address in FILES] == [404, 404, 404]


async def test_what_was_missed_stands_first(browser: Browser, publish: Publish) -> None:
    """In words, then what was kept, then what is not shown, and who approved it is not named."""
    await publish()
    text = await _text(browser, "/performance")
    page = Page(text)
    words = page.text("main")
    order = (
        "We did not keep every promise.",
        "What we missed",
        "What we kept",
        "Where we show no numbers",
        "How we count",
    )
    assert [words.index(each) for each in order] == sorted(words.index(each) for each in order)
    assert "Every contact" in words[words.index("What we missed") : words.index("What we kept")]
    assert "Wednesday 1 July 2026" in words
    assert "From a <member> of the council" in words
    assert 'example.gov.uk"' not in text.replace("www.example.gov.uk", "")
    assert "lee@" not in text


async def test_tables_show_what_is_protected_in_words(browser: Browser, publish: Publish) -> None:
    """A share is of a hundred, and nothing but all is a hundred; small numbers are words."""
    await publish()
    page = Page(await _text(browser, "/performance"))
    assert lines(page, "Our promises")["Every contact"][1:] == ["901", "812", "90"]
    assert lines(page, "By service") == {
        "Bins & recycling": ["640", "901", "812", "90"],
        "parks": ["300", "261", "not shown", "not shown"],
        "Everything else": ["fewer than 5", "not shown", "not shown", "not shown"],
    }
    assert all(value == "true" for node in page.all("svg") if (value := node.attributes["aria-hidden"]))


async def test_what_is_not_shown_is_said_to_be_so(browser: Browser, publish: Publish) -> None:
    """Beside a promise that was missed; below the heading that promises no numbers there are none."""
    few = row(resp_due=52, resp_in_standard="", resp_pct="", resp_missed="<5")
    hidden = row(resp_due=23, resp_in_standard=23, resp_pct=100.0, ack_due=24, ack_in_standard="")
    promises = (
        Promise("complaints", "1", "Complaints", "Answer in ten days", few, None),
        Promise("members", "1", "Councillors", "Answer in a week", hidden, None),
    )
    await publish(publication(promises=promises))
    words = Page(await _text(browser, "/performance")).text("main")
    missed, unclear = (words.index(heading) for heading in ("What we missed", "Where we show no numbers"))
    assert "Answered in time, of every 100: not shown. Answers that were due: 52." in words[missed:unclear]
    paragraph = words[unclear : words.index("Our promises")]
    assert "Councillors" in paragraph
    assert "23" not in paragraph
    # What we promised is in English: brackets around it would point away from it where words run from right to left.
    assert "(" not in paragraph


async def test_the_foot_of_every_page_leads_to_it(browser: Browser, publish: Publish, site: Site, store: Store) -> None:
    """Once somebody has approved a report."""

    def refresh(connection: Connection) -> None:
        board.change(connection, APPROVED_AT)
        board.refresh(connection, APPROVED_AT, site.book)

    link = "footer a[href='/performance']"
    assert Page(await _text(browser, "/standards")).all(link) == []
    await publish()
    await store.write(refresh)
    assert Page(await _text(browser, "/standards")).text(link) == "How we kept our promises"


async def test_programs_read_the_same_numbers(browser: Browser, publish: Publish) -> None:
    """As JSON with its licence and digest, and as CSV of which every line is one of the report."""
    await publish()
    facts = json.loads(await _text(browser, "/performance.json"))
    assert facts["licence"]["url"].startswith("https://www.nationalarchives.gov.uk/doc/open-government-licence/")
    assert facts["report"]["whole"]["values"]["resp_pct"] == 90.1
    again = json.dumps(facts["report"], ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    assert publication_json.digest(again) == facts["digest"]
    answer = await browser.get("/performance.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="contacts-2026-q3.csv"'
    text = (await answer.read()).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert text.endswith("\r\n")
    assert [(row["service"], row["channel"]) for row in rows[:4]] == [
        ("", ""),
        ("", "mail"),
        ("", "website"),
        ("bins", ""),
    ]
    assert {row["received"] for row in rows} == {"940", "700", "240", "640", "300", "<5"}


async def test_the_csv_is_described(browser: Browser, publish: Publish) -> None:
    """Its columns in their order, at an address to which the CSV leads, and which leads back."""
    await publish()
    answer = await browser.get("/performance.csv")
    address = answer.headers["Link"].split(">")[0].removeprefix("<")
    facts = json.loads(await _text(browser, address))
    columns = facts["tableSchema"]["columns"]
    assert [column["titles"][0] for column in columns] == (await answer.text()).splitlines()[0].split(",")
    assert (await browser.get(f"/{facts['url']}")).status == 200


@pytest.mark.parametrize("address", FILES)
async def test_whoever_has_a_file_is_told_that_it_is_the_same(browser: Browser, publish: Publish, address: str) -> None:
    """The same bytes each time, with a tag by which they are known; a cache may keep them for a while."""
    await publish()
    first, second = await browser.get(address), await browser.get(address)
    assert await first.read() == await second.read()
    assert first.headers["Cache-Control"] == "public, max-age=300"
    answer = await browser.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (answer.status, await answer.read()) == (304, b"")
    assert (await browser.get(address, headers={"If-None-Match": '"another"'})).status == 200


async def test_any_site_may_show_the_part_and_no_other_page(browser: Browser, publish: Publish) -> None:
    """It has nothing to press or to fill in, no cookie, and its one link leaves the frame."""
    await publish()
    answer = await browser.get("/performance/embed")
    policy = CONTENT_POLICY.replace("frame-ancestors 'none'", "frame-ancestors *")
    assert answer.headers["Content-Security-Policy"] == policy
    assert "Set-Cookie" not in answer.headers
    page = Page(await answer.text())
    assert page.all("script, form, button, input, iframe, style, [style]") == []
    assert [(node.attributes["href"], node.attributes["target"]) for node in page.all("a")] == [
        ("/performance?period=2026-q3", "_top")
    ]
    for address in ("/", "/performance", "/standards"):
        assert "frame-ancestors 'none'" in (await browser.get(address)).headers["Content-Security-Policy"]


async def test_an_earlier_report_is_found_by_its_months(browser: Browser, publish: Publish) -> None:
    """The newest stands at the address itself and leads to the others; no other name is answered."""
    await publish()
    await publish(publication(first_day="2026-04-01", last_day="2026-06-30", cut_off=12))
    page = Page(await _text(browser, "/performance"))
    assert page.value("main li a", "href") == "/performance?period=2026-q2"
    assert "Wednesday 1 April 2026" in Page(await _text(browser, "/performance?period=2026-q2")).text("dl")
    assert json.loads(await _text(browser, "/performance.json?period=2026-q2"))["report"]["cut_off"] == 12
    assert (await browser.get("/performance?period=2026-q1")).status == 404


async def test_each_promise_has_its_last_result_beside_it(browser: Browser, publish: Publish) -> None:
    """A missed one says so in words first; one that the report knows in another version has none."""
    assert "Our last result" not in await _text(browser, "/standards")
    whole = publication().whole
    general = replace(publication().promises[1], version="1", row=replace(whole, names={"standard": "general"}))
    await publish(publication(promises=(general, *publication().promises[2:])))
    rows = lines(Page(await _text(browser, "/standards")), "today")
    expected = "We missed this promise. Answered in time, of every 100: 90 Answers that were due: 901"
    assert rows["Every contact & <all>"][2] == expected
    assert rows["Complaints"][2] == "There is nothing here yet."
    standards = json.loads(await _text(browser, "/standards.json"))["standards"]
    results = {standard["id"]: standard["result"] for standard in standards}
    assert results["general"]["resp_in_standard"] == 812
    assert results["complaint"] is None
