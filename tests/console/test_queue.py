"""The queue: what falls due next first, filters in the address, search, views, and a spreadsheet without traps."""

import csv
import io
from collections.abc import Iterator

import pytest

from tests.components.officer import Page
from tests.components.service import ask
from tests.console.conftest import House, house_in


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with contacts of both teams."""
    made = house_in(tmp_path_factory.mktemp("filled"))
    with made.service:
        made.contact("The café's bins overflow.", subject="Bins", sender={"name": "Zoë Brown", "email": "z@a.example"})
        made.contact("Damp in the bedroom.", subject="Damp", team="housing", service="housing")
        made.contact("It is for information.", subject="=HYPERLINK(1)", sender={"name": "@SUM(1)", "phone": "01632960"})
        made.indexed()
        yield made


def _references(page: Page) -> list[str]:
    return [one.text() for one in page.all("table.queue th[scope=row] a")]


def test_what_falls_due_next_comes_first(filled: House) -> None:
    """An earlier promise stands above a later one."""
    store = filled.service.store_url
    expected = [row[0] for row in ask(store, "SELECT reference FROM contacts WHERE state = 'open' ORDER BY due_at, id")]
    assert _references(filled.officer("lead").get("/console/queue")) == expected


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ("team=housing", {"Damp"}),
        ("service=housing", {"Damp"}),
        ("channel=desk", {"Bins", "Damp", "=HYPERLINK(1)"}),
        ("channel=website", set()),
        ("state=answered", set()),
        ("which=unassigned", {"Bins", "=HYPERLINK(1)"}),
        ("which=suppressed", {"=HYPERLINK(1)"}),
        ("which=urgent", set()),
        ("words=overflow", {"Bins"}),
        ("words=CAFE", {"Bins"}),
        ("words=zoe+brow", {"Bins"}),
        ("words=z@a.example", {"Bins"}),
        ("words=damp+bed", {"Damp"}),
        ("words=nothing+like+it", set()),
        ("words=%22%29+OR+1%3D1+--", set()),
        ("state=open%27+OR+1%3D1", {"Bins", "Damp", "=HYPERLINK(1)"}),
        ("page=99999", set()),
    ],
)
def test_filters_stand_in_the_address(filled: House, query: str, subjects: set[str]) -> None:
    """Each filter and each search shows what it says, whatever is typed into it."""
    page = filled.officer("lead").get(f"/console/queue?{query}")
    assert page.status == 200
    found = {one.text().split("\n")[0].strip() for one in page.all("td[data-label=About]")}
    assert {subject for subject in subjects if any(one.startswith(subject) for one in found)} == subjects
    assert len(found) == len(subjects)


def test_a_reference_leads_straight_to_its_contact(filled: House) -> None:
    """Typed into the search as somebody reads it out on the phone."""
    officer = filled.officer("lead")
    reference = _references(officer.get("/console/queue"))[0]
    page = officer.get(f"/console/queue?words={reference.lower().replace('-', '+')}")
    assert page.url.endswith(f"/console/contacts/{reference}")


def test_a_spreadsheet_runs_nothing(filled: House) -> None:
    """A cell that a spreadsheet program would take for a formula begins with a quote mark (CSV injection)."""
    page = filled.officer("lead").get("/console/queue.csv")
    assert page.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(page.text.lstrip("\ufeff"))))
    assert {row["subject"] for row in rows} == {"Bins", "Damp", "'=HYPERLINK(1)"}
    assert "'@SUM(1)" in {row["sender_name"] for row in rows}


def test_a_view_is_kept_under_its_name(filled: House) -> None:
    """A filtered list can be kept and found again by who kept it alone, and forgotten."""
    lead, other = filled.officer("lead"), filled.officer("administrator")
    page = lead.get("/console/queue?team=housing")
    lead.post("/console/views", {**page.hidden(), "query": "team=housing", "name": "Our damp"})
    kept = lead.get("/console/queue")
    link = next(one for one in kept.all(".views a") if one.text() == "Our damp")
    assert _references(lead.get(str(link.attributes["href"]))) == _references(page)
    assert "Our damp" not in other.get("/console/queue").words()
    number = str(kept.all(".views button")[0].attributes["value"])
    hidden = other.get("/console/queue").hidden()
    other.post("/console/views", {**hidden, "drop": number})
    assert "Our damp" in lead.get("/console/queue").words()
    lead.post("/console/views", {**kept.hidden(), "drop": number})
    assert "Our damp" not in lead.get("/console/queue").words()


def test_of_very_common_words_the_page_says_that_it_is_cut(filled: House) -> None:
    """Nobody takes what is shown for all that there is."""
    lead = filled.officer("lead")
    filled.change(
        "WITH RECURSIVE n(i) AS (VALUES (-10000) UNION ALL SELECT i + 1 FROM n WHERE i < -1) "
        "INSERT INTO message_words (rowid, contact_id, words) SELECT i, 1, 'zebra' FROM n"
    )
    assert "only the newest 10,000" in lead.get("/console/queue?words=zebra").words()
    assert "only the newest 10,000" not in lead.get("/console/queue?words=bins").words()


def test_another_teams_contact_is_not_there(filled: House) -> None:
    """Who sees one team finds nothing of another: not in the queue, not by words, not by its reference."""
    officer, lead = filled.officer("officer"), filled.officer("lead")
    reference = _references(lead.get("/console/queue?team=housing"))[0]
    assert reference not in officer.get("/console/queue").text
    assert reference not in officer.get("/console/queue?words=damp").text
    assert reference not in officer.get("/console/queue.csv").text
    page = officer.get(f"/console/contacts/{reference}")
    assert page.status == 404
    assert "Damp" not in page.text
    done = officer.post(f"/console/contacts/{reference}", {**page.hidden(), "action": "respond"})
    assert done.status in (403, 404)
    assert reference in lead.get("/console/audit").words()
