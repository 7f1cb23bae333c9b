"""The accessibility statement and the privacy notice."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.core.nations import Nation
from bot.settings.public_pages import AccessibilitySettings, PrivacySettings
from bot.settings.retention import RetentionSettings
from bot.web.site import Site
from tests.web.pages import Open, Page


@pytest.fixture
def read_with(open_site: Open, site: Site) -> Any:
    """Reads a page of an organisation that is configured so."""

    async def read(path: str, organisation: dict[str, Any] | None = None, **tables: Any) -> Page:
        own = site.settings.organisation.model_copy(update=organisation or {})
        browser = await open_site(settings=replace(site.settings, organisation=own, **tables))
        return Page(await (await browser.get(path)).text())

    return read


def words(page: Page) -> str:
    return " ".join(page.first("main").text(separator=" ").split())


async def test_the_statement_says_what_was_tried_and_what_does_not_work(read_with: Any) -> None:
    """From the configuration; without it, that nobody has tried the pages here."""
    tested = AccessibilitySettings(
        tested_on=date(2026, 11, 3), known_faults=("The map has no words.",), email="access@example.gov.uk"
    )
    text = words(await read_with("/accessibility", accessibility=tested))
    for sentence in ("Tuesday 3 November 2026", "The map has no words.", "access@example.gov.uk", "10 working days"):
        assert sentence in text
    assert "meet all of it" not in text
    assert "not tried all pages ourselves" in words(await read_with("/accessibility"))
    flawless = tested.model_copy(update={"known_faults": ()})
    assert "meet all of it" in words(await read_with("/accessibility", accessibility=flawless))


@pytest.mark.parametrize(
    ("nation", "equality", "ombudsman"),
    [
        (Nation.ENGLAND, "Equality Advisory and Support Service", "Local Government and Social Care Ombudsman"),
        (Nation.WALES, "Equality Advisory and Support Service", "Public Services Ombudsman for Wales"),
        (Nation.SCOTLAND, "Equality Advisory and Support Service", "Scottish Public Services Ombudsman"),
        (Nation.NORTHERN_IRELAND, "Equality Commission for Northern Ireland", "Northern Ireland Public Services"),
    ],
)
async def test_people_turn_to_the_bodies_of_their_nation(
    read_with: Any, nation: Nation, equality: str, ombudsman: str
) -> None:
    """Who enforces accessibility (SI 2018/952), and who looks at complaints about a council."""
    assert equality in words(await read_with("/accessibility", {"nation": nation}))
    assert ombudsman in words(await read_with("/standards", {"nation": nation}))


async def test_the_notice_has_the_times_after_which_the_store_is_cleared(read_with: Any) -> None:
    """In months where it is about so many, else in days; a kind of the configuration beside the packaged ones."""
    times = RetentionSettings(days=100, direct_message_days=31, kinds={"foi": 2_192})
    page = await read_with("/privacy", retention=times)
    lines = {row.css("th")[0].text(): row.css("td")[0].text() for row in page.all("tbody tr")}
    assert lines["Most messages"] == "100 days"
    assert lines["Private messages on social networks"] == "1 month"
    (long,) = [kinds for kinds, time in lines.items() if time == "72 months"]
    assert "Freedom of Information request" in long
    assert "Complaint, second stage" in long


async def test_the_notice_names_whom_to_ask_and_leads_on_to_that_of_the_organisation(read_with: Any) -> None:
    """UK GDPR, article 13(1)(b) and (e); without a notice of its own this one stands alone."""
    notice = PrivacySettings(email="dpo@example.gov.uk", address="Town Hall", companies=("Mail Carriers Ltd",))
    page = await read_with("/privacy", {"privacy_url": "https://www.example.gov.uk/privacy"}, privacy=notice)
    for sentence in (
        "dpo@example.gov.uk",
        "Town Hall",
        "Mail Carriers Ltd",
        "Information Commissioner",
        "0303 123 1113",
    ):
        assert sentence in words(page)
    assert page.first("main a[href='https://www.example.gov.uk/privacy']") is not None
    assert "More about privacy" not in words(await read_with("/privacy"))


async def test_the_foot_of_every_page_says_when_we_are_there_and_how_else_to_reach_us(read_with: Any) -> None:
    """Opening hours, British Sign Language, how to complain: what is configured, and nothing where it is not."""
    more = {
        "opening_hours": {"en": "Monday to Friday, 9am to 5pm"},
        "bsl_url": "https://bsl.example.gov.uk/",
        "complaints_url": "https://www.example.gov.uk/complain",
    }
    page = await read_with("/nowhere", more)
    assert "Monday to Friday, 9am to 5pm" in page.text("footer")
    assert page.first("footer a[href='https://bsl.example.gov.uk/']") is not None
    assert page.first("footer a[href='https://www.example.gov.uk/complain']") is not None
    bare = await read_with("/nowhere")
    assert "When we are there" not in bare.text("footer")
    assert "complain" not in bare.text("footer").lower()
