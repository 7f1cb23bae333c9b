"""What is promised, for people and for machines, from the same rows."""

from typing import Any

from bot.core.books import Book
from bot.core.standards import standard
from bot.core.topics import Router, Service
from bot.flows.rulebook import Rulebook
from tests.rulebooks import altered
from tests.web.conftest import BOOK, PROMISE
from tests.web.pages import Browser, Open, Page

BINS = Service("bins", "Bins & recycling", "https://www.example.gov.uk/bins", "Ring 0300 123 2224")
ROADS = Service("roads", "Roads")
OWN = PROMISE | {"id": "roads", "title": "Potholes", "services": ["roads"], "respond": "1 working day"}
NORTH = PROMISE | {"id": "north", "title": "In the north", "areas": ["far-north"], "respond": "20 working days"}


def lines(page: Page, caption: str) -> dict[str, list[str]]:
    """The rows of a table: under the title of each, its cells as a reader hears them, without what is folded."""
    (table,) = [node for node in page.all("table") if caption in (node.css_first("caption") or node).text()]
    rows = {}
    for row in table.css("tbody tr"):
        title, cells = row.css_first("th > span"), row.css("td")
        assert title is not None
        for label in row.css(".label"):
            label.decompose()
        rows[title.text()] = [" ".join(cell.text(separator=" ").split()) for cell in cells]
    return rows


async def test_people_read_one_table_of_what_is_promised_today_and_one_of_what_will_change(browser: Browser) -> None:
    """How soon we say that we have it, how soon we answer, how to reach us; what a file says is no markup."""
    page = Page(await (await browser.get("/standards")).text())
    assert lines(page, "today") == {
        "Every contact & <all>": ["1 working day", "10 working days", "Send us a message Call us on: 0300 123 2224"],
        "Complaints": ["5 working days A person writes to you.", "10 working days", "As at the top of this table"],
    }
    assert lines(page, "later day") == {"Soon": ["Thursday 1 January 2099", "1 working day", "the same day"]}


async def test_the_details_of_a_promise_are_folded_in_its_row(browser: Browser) -> None:
    """For whom it is, from when, how much longer it may take, the next review, where it is published."""
    page = Page(await (await browser.get("/standards")).text())
    first, complaints = (" ".join(node.text(separator=" ").split()) for node in page.all("tbody details")[:2])
    assert "From Saturday 1 April 2023" in first
    assert "review" not in first
    for words in ("It is for Complaint", "When a person has told you", "20 working days", "Monday 1 March 2027"):
        assert words in complaints, words
    assert page.value("dd a", "href") == "https://www.example.gov.uk/promise"
    assert page.value("footer a[href='/standards']", "href") == "/standards"


async def test_every_service_has_a_line_with_the_promise_that_is_for_it(open_site: Open, book: Rulebook) -> None:
    """Its page and the way without the internet; a standard for an area stands beside the general one."""
    promises = Book([*BOOK.standards, standard(OWN, "x.toml"), standard(NORTH, "x.toml")])
    services = altered(book, promises=promises, router=Router([BINS, ROADS], [], None))
    page = Page(await (await (await open_site(book=services)).get("/standards")).text())
    rows = lines(page, "today")
    assert list(rows) == ["Every contact & <all>", "In the north", "Complaints", "Bins & recycling", "Roads"]
    assert rows["Bins & recycling"][1:] == ["10 working days", "Bins & recycling Ring 0300 123 2224"]
    assert rows["Roads"][1:] == ["1 working day", "As at the top of this table"]
    assert "Far north" in page.text("main")


async def test_durations_and_dates_are_in_the_language_of_the_page(speaking: Any) -> None:
    """What the files say stays English, and is marked as English."""
    page = Page(await (await (await speaking("en", "pl")).get("/pl/standards")).text())
    first = page.all("tbody tr")[0].text()
    assert "1 dzień roboczy" in first
    assert "sobota, 1 kwietnia 2023" in first
    assert {node.attributes["lang"] for node in page.all("tbody th > span")} == {"en"}


async def test_machines_read_the_same(browser: Browser) -> None:
    """Every key of a standard, and whether it is in force."""
    rows = (await (await browser.get("/standards.json")).json())["standards"]
    assert [(row["id"], row["in_force"]) for row in rows] == [("general", True), ("complaint", True), ("urgent", False)]
    complaint = rows[1]
    assert complaint["kinds"] == ["complaint"]
    assert (complaint["respond"], complaint["respond_from"]) == ("10 working days", "acknowledgement")
    assert (complaint["valid_from"], complaint["review_by"], complaint["valid_to"]) == ("2023-04-01", "2027-03-01", "")
    assert complaint["page"] == "https://www.example.gov.uk/promise"
