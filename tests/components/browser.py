"""Chromium, driven by Playwright: as Debian packages it, nothing is downloaded; and axe-core in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.components.daemons import program
from tests.components.officer import PASSWORD
from tests.components.ports import PATIENCE_SECONDS
from tests.thoroughness import NIGHTLY

ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--in-process-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
# All rules at each width and in each scheme; of the other scheme at the same width the colours alone can differ.
# Rules that are off unless they are asked for are on, too: those of WCAG 2.2, of AAA and the experimental ones.
ALL, COLOURS = {"resultTypes": ["violations"]}, {"resultTypes": ["violations"], "runOnly": ["cat.color"]}
Look = tuple[Literal["light", "dark"], int, dict[str, list[str]]]
LOOKS: tuple[Look, ...] = (
    *(("light", 320, ALL), ("dark", 320, COLOURS), ("light", 768, ALL), ("dark", 1920, ALL), ("light", 1920, COLOURS)),
)
# All rules on a phone, and the colours of the other scheme: the usual run. In the others it looks for what is too wide.
USUAL = (0, 1)
AXE = """options => axe.run({
  ...options,
  rules: options.runOnly ? {} : Object.fromEntries(axe.getRules().map(rule => [rule.ruleId, {enabled: true}]))
}).then(read => read.violations.map(fault => [fault.id, fault.nodes[0].html]))"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser of our own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def sign_in(context: BrowserContext, port: int, address: str) -> Page:
    """A new page on which this person is signed in, by keyboard alone."""
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{port}/console/sign-in")
    page.focus("#address")
    page.keyboard.type(address)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/queue")
    return page


def faults(page: Page) -> dict[str, list[list[str]]]:
    """What axe-core finds on the page in each look, and where the page is wider than the window."""
    violations_of = {}
    for number, (scheme, width, rules) in enumerate(LOOKS):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        violations = page.evaluate(AXE, rules) if NIGHTLY or number in USUAL else []
        violations_of[f"{scheme} {width}"] = violations + [["too wide"]] * is_too_wide(page)
    return {look: violations for look, violations in violations_of.items() if violations}


def is_too_wide(page: Page) -> bool:
    """Whether the page is wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
