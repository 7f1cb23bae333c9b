"""Reports in the console: drawn up, looked at, approved and withdrawn by who leads; saved as files by everybody."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page as BrowserPage

from tests.components.browser import chromium, faults, sign_in
from tests.components.service import ask
from tests.conftest import Needs
from tests.console.conftest import House, house_in

ROWS = "SELECT id, state, revision, reason FROM reports ORDER BY id"


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with a contact of the time before."""
    house = house_in(tmp_path_factory.mktemp("house"))
    with house.service:
        house.contact()
        yield house


@pytest.fixture(scope="module")
def draft(quarter: House) -> str:
    """The address of the draft of the last quarter."""
    lead = quarter.officer("lead")
    form = lead.get("/console/reports").all("form[action='/console/reports'] input")
    fields = {field.attributes["name"] or "": field.attributes.get("value") or "" for field in form}
    page = lead.post("/console/reports", fields)
    assert page.status == 200, page.text
    assert "Look at every number" in page.text
    return f"/console/reports/{ask(quarter.service.store_url, ROWS)[0][0]}"


def test_a_draft_says_so_and_each_number_opens(quarter: House, draft: str) -> None:
    """Into its contacts, for who sees every team; others read the same without."""
    lead, officer = quarter.officer("lead"), quarter.officer("officer", "housing")
    text = lead.get(draft).text
    assert "This is a draft." in text
    assert "/console/figures/contacts?figure=received&amp;from=" in text
    assert "Approve it" in text
    page = officer.get(draft)
    assert page.status == 200
    assert "/console/figures/contacts" not in page.text
    assert "Approve it" not in page.text


def test_axe_finds_nothing_on_a_report(needs: Needs, quarter: House, draft: str) -> None:
    """Nor on the list of them; in both looks and narrow, with the style that the console's policy lets through."""
    needs("chromium")
    with chromium() as browser:
        context = browser.new_context()
        context.add_init_script(Axe().axe_script)
        page: BrowserPage = sign_in(context, quarter.service.web_port, "lee@example.gov.uk")
        for path in (draft, "/console/reports"):
            page.goto(f"http://127.0.0.1:{quarter.service.web_port}{path}")
            assert faults(page) == {}, path


def test_a_report_is_approved_withdrawn_and_drawn_up_anew(quarter: House, draft: str) -> None:
    """By who leads; a refusal says why and changes nothing, and the files are of the numbers that were approved."""
    lead = quarter.officer("lead")
    form = lead.get(draft).hidden()
    stale = lead.post(draft, form | {"action": "approve", "digest": "0" * 64})
    assert (stale.status, "drawn up anew since you looked" in stale.text) == (409, True)
    assert "Everybody can read it now." in lead.post(draft, form | {"action": "approve"}).text
    assert ask(quarter.service.store_url, ROWS)[0][1] == "approved"
    assert lead.post(draft, form | {"action": "approve"}).status == 409
    assert lead.post(draft, form | {"action": "dance"}).status == 400
    assert lead.post(draft, form | {"action": "withdraw"}).status == 422
    assert "It is withdrawn." in lead.post(draft, form | {"action": "withdraw", "reason": "A day is missing."}).text
    assert ask(quarter.service.store_url, ROWS)[0][1:] == ("withdrawn", 0, "A day is missing.")


def test_files_of_a_report_are_saved(needs: Needs, quarter: House, draft: str) -> None:
    """As a page with its style inside, as a PDF, as CSV and as JSON, under the name of its months."""
    needs("pango")
    reader = quarter.officer("reader")
    for ending, begin in (("html", "<!DOCTYPE html>"), ("pdf", "%PDF-1.7"), ("csv", "period_start,"), ("json", "{")):
        page = reader.get(f"{draft}/report.{ending}")
        assert (page.status, page.text.startswith(begin)) == (200, True), ending
        assert page.headers["content-disposition"].endswith(f'.{ending}"'), ending


def test_days_that_are_no_months_are_refused(quarter: House, draft: str) -> None:
    """At the field that would put it right; what is not there is not found."""
    lead = quarter.officer("lead")
    form = lead.get("/console/reports").hidden()
    page = lead.post("/console/reports", form | {"first_day": "2026-07-02", "last_day": "2026-09-30"})
    assert (page.status, "whole calendar months" in page.text) == (422, True)
    assert lead.get("/console/reports/99999").status == 404
