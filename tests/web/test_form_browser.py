"""The form in a real browser on a telephone: without scripts, by keyboard, with two photos."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from bot.store import contacts
from bot.store.engine import Store
from bot.wire.mail import mime
from tests.components.browser import chromium
from tests.components.ports import PATIENCE_SECONDS
from tests.components.service import FORM, LOOPBACK, Service
from tests.conftest import Needs
from tests.wire import sample_files

SERVICES = """
[[service]]
name = "lamps"
title = "Street lamps"
page = "https://www.example.gov.uk/lamps"
other_route = "Call 0300 123 2225"

[[route]]
postcodes = ["TA1"]
area = "west-mill"
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A form with a service and an area."""
    directory = tmp_path_factory.mktemp("form")
    service = Service(directory, [FORM, LOOPBACK.format(directory=directory / "mails")])
    (service.config / "services.toml").write_text(SERVICES, encoding="utf-8")
    with service:
        yield service


@pytest.fixture(scope="module")
def browser(needs: Needs) -> Iterator[Browser]:
    """One browser for all of them."""
    needs("chromium")
    with chromium() as chrome:
        yield chrome


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Two photos of a telephone."""
    paths = [tmp_path / "hole one.jpg", tmp_path / "hole two.png"]
    for path, content in zip(paths, (sample_files.jpeg(), sample_files.png()), strict=True):
        path.write_bytes(content)
    return paths


def opened(context: BrowserContext, service: Service, path: str) -> Page:
    """A page of the form."""
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{service.web_port}{path}")
    return page


def go_on(page: Page, button: str) -> None:
    """Press a button by its value, by keyboard."""
    page.focus(f"button[value={button}]")
    page.keyboard.press("Enter")
    page.wait_for_load_state()


def test_two_photos_are_sent_without_scripts_and_by_keyboard(
    browser: Browser, service: Service, photos: list[Path]
) -> None:
    """On a telephone, with nothing but the keys; the page of thanks names both, and no page has a script."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 640})
    page = opened(context, service, "/?service=lamps")
    page.focus("#message")
    page.keyboard.type("The lamp is out.")
    page.keyboard.press("Tab")
    page.keyboard.type("By the mill")
    page.keyboard.press("Tab")
    page.keyboard.type("TA1 3DU")
    page.keyboard.press("Enter")
    page.wait_for_selector("#email")
    page.fill("#email", "zoe@residents.example")
    page.check("#needs")
    page.keyboard.press("Enter")
    page.wait_for_selector("#files")
    assert "We think that this is in: West mill" in " ".join(page.inner_text("main").split())
    page.set_input_files("#files", photos)
    go_on(page, "send")
    page.wait_for_selector(".reference")
    words = page.inner_text("main")
    assert "hole one.jpg" in words
    assert "hole two.png" in words
    assert "Large print" in words
    store = Store(service.store_url)
    (raw,) = store.read_now(lambda c: contacts.raw_messages_of(c, 1))
    store.let_go()
    files = mime.files(raw)
    assert [file.name for file in files] == ["hole one.jpg", "hole two.png"]
    assert not [file for file in files if sample_files.PLACE in file.content]
    context.close()
