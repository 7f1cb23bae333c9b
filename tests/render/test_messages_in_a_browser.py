"""Messages as a mail program shows them, read by axe-core: light and dark, in both directions, narrow and wide."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from bot.render import previews
from bot.render.letters import Letterhead
from bot.render.previews import Format, Reader
from tests.components.browser import chromium, faults
from tests.conftest import Needs
from tests.render.letters import COMPOSER, TEMPLATES

PAGES = [
    *[("acknowledgement", code, Format.HTML) for code in ("en", "cy", "pl", "ar", "ur", "bn", "zh")],
    *[("acknowledgement", code, Format.LARGE_PRINT) for code in ("en", "ar")],
    *[("acknowledgement", "uk", Format.EASY), ("closing", "ar", Format.HTML)],
]


@pytest.fixture(scope="module")
def page(needs: Needs) -> Iterator[Page]:
    """A page into which axe-core is loaded."""
    needs("chromium")
    with chromium() as browser:
        context = browser.new_context()
        context.add_init_script(Axe().axe_script)
        yield context.new_page()


def html_of(name: str, language: str, form: Format) -> str:
    """The message on the invented contact of which everything is known."""
    return previews.on_contacts(COMPOSER, name, Reader(language), form)["everything"].html


def show(page: Page, html: str) -> dict[str, list[list[str]]]:
    """What axe-core finds on it, in each look."""
    page.route("https://mail.example/", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto("https://mail.example/")
    page.unroute("https://mail.example/")
    return faults(page)


@pytest.mark.parametrize(("name", "language", "form"), PAGES)
def test_axe_finds_nothing_on_a_message(page: Page, name: str, language: str, form: Format) -> None:
    """No violation of its rules (WCAG 2.2 AA among them); no page is wider than a window of 320 pixels (400 %)."""
    assert show(page, html_of(name, language, form)) == {}


def test_axe_finds_nothing_on_a_letter(page: Page) -> None:
    """The page that staff print, in two languages of both directions."""
    markup = html_of("acknowledgement", "ar", Format.PDF)
    assert show(page, Letterhead([TEMPLATES]).letter(markup, "EX-7K3M-9QPH", "ar").page) == {}
