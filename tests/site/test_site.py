"""The site of documents as `make docs` has built it, opened from its folder, without a network."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from unicodedata import normalize
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, Page
from pypdf import PdfReader
from selectolax.lexbor import LexborHTMLParser

from tests.architecture import documents
from tests.architecture.house import ROOT
from tests.components.browser import ALL, AXE, chromium
from tests.conftest import Needs

SITE = ROOT / "build/site"
# What it prints is every page again, and 404.html is urls for at any address.
APART = {SITE / "print.html", SITE / "404.html"}
FILES = sorted(set(SITE.rglob("*.html")) - APART)
DOCUMENTS = [page for page in documents.pages() if page.name.startswith("docs/")]
COUNTED = ("li", "pre", "table", "h1", "h2", "h3", "blockquote", "img")
LOOKED_AT = ("index.html", "flow.html", "channels.html", "decisions/index.html", "reference/api-calls.html")
# What the theme does not keep: contrast beyond WCAG AA in its colours for code, and the order of its own controls.
NOT_OURS = {"color-contrast-enhanced", "focus-order-semantics", "landmark-unique"}


@pytest.fixture(scope="module")
def browser(needs: Needs) -> Iterator[Browser]:
    """One browser for all of them."""
    needs("chromium")
    with chromium() as chrome:
        yield chrome


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that asks nobody but the folder of the site for anything."""
    context = browser.new_context()
    context.add_init_script(Axe().axe_script)
    urls: list[str] = []
    context.on("request", lambda request: urls.append(request.url))
    yield context.new_page()
    context.close()
    assert [url for url in urls if not url.startswith(("file:", "data:", "blob:", "about:"))] == []


def _tree(path: Path) -> LexborHTMLParser:
    return LexborHTMLParser(path.read_text(encoding="utf-8"))


def _html_of(name: str) -> Path:
    return SITE / re.sub(r"README\.md$", "index.md", name.removeprefix("docs/")).replace(".md", ".html")


def _targets(path: Path) -> Iterator[str]:
    for node in _tree(path).css("a[href], img[src], link[href], script[src]"):
        yield unquote(node.attributes.get("href") or node.attributes.get("src") or "")


@pytest.mark.parametrize("document", DOCUMENTS, ids=[page.name for page in DOCUMENTS])
def test_a_page_reads_as_it_does_in_a_clone(document: documents.Page) -> None:
    """It has as many items of lists, blocks of code, tables and headings as a reader of CommonMark sees."""
    plain = LexborHTMLParser(MarkdownIt("commonmark").enable("table").render(document.text))
    content = _tree(_html_of(document.name)).css_first("article")
    assert content is not None

    def counts(css: LexborHTMLParser) -> dict[str, int]:
        return {name: len(css.css(name)) for name in COUNTED}

    assert counts(LexborHTMLParser(content.html or "")) == counts(plain)


def test_every_link_within_the_site_leads_somewhere() -> None:
    """To a file of the site, and to a heading that is there; elsewhere by https, or on this machine."""
    names = {path: {node.attributes.get("id") for node in _tree(path).css("[id]")} for path in (*FILES, *APART)}
    wrong = []
    for path in FILES:
        for target in _targets(path):
            parts = urlsplit(target)
            if parts.scheme:
                wrong += [] if re.match(r"https:|mailto:|http://127\.0\.0\.1[:/]", target) else [(path.name, target)]
                continue
            aim = (path.parent / parts.path).resolve() if parts.path else path
            aim = aim / "index.html" if aim.is_dir() else aim
            anchor_is_there = not parts.fragment or parts.fragment in names.get(aim, set())
            wrong += [] if aim.is_file() and anchor_is_there else [(path.name, target)]
    assert wrong == []


def test_every_page_says_that_it_is_in_british_english() -> None:
    """A screen reader chooses its voice by it."""
    assert {path.name for path in FILES if not _tree(path).css_matches('html[lang="en-GB"]')} == set()


@pytest.mark.parametrize("name", LOOKED_AT)
def test_a_page_can_be_used_by_everybody(page: Page, name: str) -> None:
    """axe-core finds no fault in it, on a phone and on a desk."""
    faults = []
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto((SITE / name).as_uri())
        faults += [fault for fault in page.evaluate(AXE, ALL) if fault[0] not in NOT_OURS]
    assert faults == []


def test_the_keyboard_goes_past_the_navigation(page: Page) -> None:
    """The first stop is a link to the content."""
    page.goto((SITE / "flow.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className").split()[0] == "md-skip"
    page.keyboard.press("Enter")
    page.wait_for_url("**/flow.html#*")


def test_the_search_works_from_a_folder(page: Page) -> None:
    """By the keyboard alone: a word leads to pages that have it."""
    page.goto((SITE / "index.html").as_uri())
    page.keyboard.press("/")
    page.keyboard.type("one_receipt_within_minutes")
    page.wait_for_selector(".md-search-result__link")
    assert page.locator(".md-search-result__link").count() > 1


def test_a_diagram_is_drawn(page: Page) -> None:
    """By the script that lies on the site."""
    page.goto((SITE / "flow.html").as_uri())
    page.wait_for_selector("div.mermaid", state="attached")


def test_all_of_it_prints(page: Page) -> None:
    """One page holds every other, and prints to a PDF that has the title of each."""
    titles = {path: _tree(path).css_first("article h1") for path in FILES}
    page.goto((SITE / "print.html").as_uri())
    pdf = PdfReader(BytesIO(page.pdf()))
    # A PDF may have a sign of its own for two letters, such as "fi".
    text = "".join(normalize("NFKC", "".join(sheet.extract_text() for sheet in pdf.pages)).split())
    words = {path.name: "".join(node.text(deep=False).split()) for path, node in titles.items() if node}
    assert {name: title for name, title in words.items() if title not in text} == {}
