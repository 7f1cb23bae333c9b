"""Every public page in a real browser: read by axe-core in light and dark, from both sides, large, without scripts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from bot.core import tracking
from bot.store import reports
from bot.store.databases import transaction
from tests.components.browser import chromium, faults
from tests.components.form import send_form
from tests.components.service import FORM, LOOPBACK, Service, ask
from tests.conftest import Needs
from tests.publications import approved_report

PAGES = (
    *("", "standards", "accessibility", "privacy", "track", "you-said", "nowhere"),
    *("performance", "performance/embed"),
)
ORGANISATION = """languages = ["en", "cy", "ar", "zh"]
opening_hours = { en = "Monday to Friday, 9am to 5pm", cy = "Dydd Llun i ddydd Gwener, 9am i 5pm" }
complaints_url = "https://www.example.gov.uk/complaints"
bsl_url = "https://www.example.gov.uk/bsl"
privacy_url = "https://www.example.gov.uk/privacy"
"""
STATEMENTS = """
[accessibility]
email = "access@example.gov.uk"
tested_on = 2026-11-03
known_faults = ["The map of the parks cannot be used by keyboard."]

[privacy]
email = "dpo@example.gov.uk"
companies = ["Mail Carriers Ltd carries our emails."]
"""
SERVICES = """
[[service]]
name = "bins"
title = "Bins and recycling"
page = "https://www.example.gov.uk/bins"
other_route = "Call 0300 123 2225"
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with everything that pages can speak of, and a report that is approved."""
    directory = tmp_path_factory.mktemp("pages")
    service = Service(directory, [FORM, LOOPBACK.format(directory=directory / "mails"), STATEMENTS])
    main = service.config / "ackbot.toml"
    main.write_text(main.read_text().replace("[organisation]\n", f"[organisation]\n{ORGANISATION}"), encoding="utf-8")
    (service.config / "services.toml").write_text(SERVICES, encoding="utf-8")
    with service:
        with transaction(service.store_url, writes=True) as connection:
            reports.add(connection, approved_report())
        yield service


@pytest.fixture(scope="module")
def browser(needs: Needs) -> Iterator[Browser]:
    """One browser for all of them."""
    needs("chromium")
    with chromium() as chrome:
        yield chrome


@pytest.fixture(scope="module")
def reader(browser: Browser) -> Iterator[Page]:
    """A page into which axe-core is loaded."""
    context = browser.new_context()
    context.add_init_script(Axe().axe_script)
    yield context.new_page()
    context.close()


def url(service: Service, path: str) -> str:
    return f"http://127.0.0.1:{service.web_port}/{path}"


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["", "ar/"])
def test_axe_finds_nothing_on_any_page(reader: Page, service: Service, language: str, path: str) -> None:
    """No violation of axe-core's rules (WCAG 2.2 AA among them), with everything that folds opened."""
    reader.goto(url(service, f"{language}{path}"))
    reader.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
    assert faults(reader) == {}


@pytest.fixture(scope="module")
def tracked(service: Service) -> str:
    """The address of the page of one contact."""
    status, _ = send_form(service, "The lamp is out. The light flickers.")
    assert status == 200
    number, reference, generation = ask(service.store_url, "SELECT id, reference, tracking_generation FROM contacts")[0]
    return f"track/{tracking.path(number, reference, generation, service.environment['ACKBOT_SECRET'].encode())}"


@pytest.mark.parametrize("language", ["", "ar/"])
def test_axe_finds_nothing_on_the_page_of_a_contact(
    reader: Page, service: Service, tracked: str, language: str
) -> None:
    """Where it is, what leads on from there, what a fault says, and the same once it is answered."""
    for page in ("", "/withdraw", "/new-link"):
        reader.goto(url(service, f"{language}{tracked}{page}"))
        assert reader.locator("h1").count() == 1
        assert faults(reader) == {}, page
    reader.goto(url(service, f"{language}{tracked}"))
    reader.locator("main form button").first.press("Enter")
    reader.wait_for_load_state()
    assert faults(reader) == {}
    if language:
        service.command("contacts", "respond", tracked.split("/")[1])
        for page in ("", "/feedback"):
            reader.goto(url(service, f"{language}{tracked}{page}"))
            assert reader.locator("h1").count() == 1
            assert faults(reader) == {}, page


def press(page: Page, action: str) -> None:
    """Press a button of the form by keyboard."""
    page.locator(f"main button[name=go][value={action}]").press("Enter")


@pytest.mark.parametrize("language", ["", "ar/"])
def test_axe_finds_nothing_on_what_the_form_answers(reader: Page, service: Service, language: str) -> None:
    """The page of faults, the next questions, the check, then the page with the reference."""
    reader.goto(url(service, language))
    press(reader, "continue")
    reader.wait_for_selector(".summary")
    assert faults(reader) == {}
    reader.fill("#message", "The lamp is out.")
    for action, selector in (("continue", "#email"), ("continue", "#files"), ("send", ".reference")):
        press(reader, action)
        reader.wait_for_selector(selector)
        assert faults(reader) == {}, selector
        if selector == "#email":
            reader.fill("#email", "sam@residents.example")


def test_a_resident_sends_the_form_in_welsh_by_keyboard(browser: Browser, service: Service) -> None:
    """Past the link to the main content to the language, without scripts, at four times the size."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 256})
    page = context.new_page()
    page.goto(url(service, ""))
    for _ in range(2):
        page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Cymraeg"
    page.keyboard.press("Enter")
    page.wait_for_url("**/cy/")
    page.fill("#message", "Mae'r lamp wedi torri.")
    press(page, "continue")
    page.fill("#email", "sam@residents.example")
    press(page, "continue")
    press(page, "send")
    page.wait_for_selector(".reference")
    assert page.get_attribute("html", "lang") == "cy"
    context.close()


def test_the_language_is_changed_half_way_and_enter_still_goes_on(browser: Browser, service: Service) -> None:
    """The words go along; the key that sends a form by itself presses none of the languages that stand above it."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 256})
    page = context.new_page()
    page.goto(url(service, "cy/"))
    page.fill("#message", "Mae'r lamp wedi torri.")
    press(page, "continue")
    page.fill("#name", "Siân")
    page.locator("nav.languages button", has_text="English").press("Enter")
    page.wait_for_selector("html[lang=en] #name")
    assert page.input_value("#name") == "Siân"
    page.fill("#email", "sian@residents.example")
    page.press("#email", "Enter")
    page.wait_for_selector("#files")
    assert "Mae'r lamp wedi torri." in page.inner_text("html[lang=en] main")
    context.close()


def test_no_page_has_anything_of_a_person_in_its_address_or_title(reader: Page, service: Service) -> None:
    """What was typed stands in neither, when it was refused and when it was taken."""
    reader.goto(url(service, ""))
    reader.fill("#message", "The lamp is out.")
    press(reader, "continue")
    reader.fill("#name", "Sam Resident")
    addresses = []
    for email in ("sam at home", "sam@residents.example"):
        reader.fill("#email", email)
        press(reader, "continue")
        reader.wait_for_load_state()
        addresses += [reader.url, reader.title()]
    press(reader, "send")
    reader.wait_for_selector(".reference")
    addresses += [reader.url, reader.title()]
    assert not [text for text in addresses if "sam" in text.lower() or "lamp" in text.lower()]


def test_the_table_of_promises_stacks_on_a_phone(reader: Page, service: Service) -> None:
    """Each cell has its heading beside it, and nothing is wider than the window."""
    reader.goto(url(service, "standards"))
    reader.set_viewport_size({"width": 320, "height": 900})
    assert reader.locator(".stacked .label").first.is_visible()
    assert not reader.locator(".stacked thead").first.is_visible()
    reader.set_viewport_size({"width": 1280, "height": 900})
    assert not reader.locator(".stacked .label").first.is_visible()


def test_pages_are_small(service: Service) -> None:
    """60 KB with style sheet and icon, in the language whose letters take the most octets."""
    folder = Path(__file__).parents[2] / "templates" / "pages"
    assets = sum((folder / name).stat().st_size for name in ("style.css", "icon.svg"))
    for path in PAGES:
        assert len(service.get(f"/ar/{path}")[1].encode()) + assets < 60_000, path
