"""Chromium, driven by Playwright: as Debian packages it, nothing is downloaded; and axe-core in it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from zlib import crc32

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
Scheme = Literal["light", "dark"]
Look = tuple[Scheme, int, dict[str, list[str]]]
LOOKS: tuple[Look, ...] = (
    *(("light", 320, ALL), ("dark", 320, COLOURS), ("light", 768, ALL), ("dark", 1920, ALL), ("light", 1920, COLOURS)),
)
# The usual run tries all rules on a phone, in the scheme whose turn it is, and looks for what is too wide elsewhere.
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
WIDTHS = (768, 1920)
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
    looks = LOOKS if NIGHTLY else ((_scheme_of_this_test(), 320, ALL),)
    violations_of = {}
    for scheme, width, rules in looks:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        violations_of[f"{scheme} {width}"] = page.evaluate(AXE, rules) + [["too wide"]] * is_too_wide(page)
    for width in () if NIGHTLY else WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        violations_of[f"{width}"] = [["too wide"]] * is_too_wide(page)
    return {look: violations for look, violations in violations_of.items() if violations}


def _scheme_of_this_test() -> Scheme:
    """Always the same of a test: half of them look at pages in the light scheme, half in the dark one."""
    return SCHEMES[crc32(os.environ["PYTEST_CURRENT_TEST"].partition(" ")[0].encode()) % len(SCHEMES)]


def is_too_wide(page: Page) -> bool:
    """Whether the page is wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
