"""The page of a report: what it says first, what it hides, how it prints, and as a PDF that is read aloud in order."""

import hashlib
import io
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import page as validator
import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from pypdf import PdfReader
from selectolax.lexbor import LexborHTMLParser

from bot.core.publications import Row, Table
from bot.render import pdf, report_view
from bot.render.report_pages import ReportPages
from tests.components.browser import chromium, faults
from tests.conftest import Needs
from tests.publications import publication, row
from tests.render.letters import TEMPLATES
from tests.render.spoken import spoken
from tests.render.test_letters import elements, root_of, words

PAGES = ReportPages([TEMPLATES])
PAGE = PAGES.page(publication(), state="approved", digest="ab" * 32)
MOST_BYTES = 1_000_000
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
# Of the page of which the picture was taken.
DIGEST = PICTURES / "report.sha256"


@pytest.fixture(scope="module")
def document(needs: Needs) -> bytes:
    """The PDF of that report."""
    needs("pango")
    return pdf.of_page(PAGE.page)


@pytest.fixture(scope="module")
def reader(needs: Needs) -> Iterator[Page]:
    """A page of a browser into which axe-core is loaded."""
    needs("chromium")
    with chromium() as browser:
        context = browser.new_context()
        context.add_init_script(Axe().axe_script)
        yield context.new_page()


def text_of(html: str) -> str:
    """What stands there, in order, with single spaces; charts and style left out."""
    parser = LexborHTMLParser(html)
    for node in parser.css("svg, style, title"):
        node.decompose()
    assert parser.body is not None
    return " ".join(parser.body.text(separator=" ").split())


def test_the_first_page_says_numbers_in_words_and_what_was_missed_first() -> None:
    """Before anything that was kept; with the causes, the change, what people said, and what was done."""
    text = re.sub(r" (?=[.:,])", "", text_of(PAGE.page))
    for sentence in (
        "We did not always keep 1 of our 4 promises: Every contact.",
        "We answered 812 of 901 in time. That is 90 in 100.",
        "In the three months before it was 87 in 100: now it is 3 in 100 more.",
        "We told 899 of 901 people in time that we have their message. That is 99 in 100.",
        "It took at least 9.5 working days until nine of ten had it.",
        "Nobody has said: not shown",
        "Yes: 40",
        "You said: We could not find the days for garden bins.",
        "Nothing was due for: Freedom of information.",
    ):
        assert sentence in text, sentence
    assert text.index("What we did not always keep") < text.index("What we kept every time")


def test_everything_that_somebody_named_is_text() -> None:
    """A title with marks of HTML in it is no HTML, in charts neither."""
    assert "<member>" not in PAGE.page
    assert PAGE.page.count("From a &lt;member&gt; of the council") >= 3


def test_a_number_that_is_not_shown_is_no_length() -> None:
    """Its bar is as long as that of any other hidden number, whatever it was; it is said in words."""
    lines = tuple(row({"service": name}, received=value) for name, value in (("a", "<5"), ("b", ""), ("c", 40)))
    table = Table(("service",), (publication().whole, *lines))
    svg = LexborHTMLParser(PAGES.page(publication(promises=(), tables={"service": table})).page).css_first("svg")
    assert svg is not None
    bars = [(node.attributes["width"], node.attributes["fill"]) for node in svg.css("rect[x]")]
    assert bars == [("240.0", "#14425f"), ("60", "url(#service-hidden)"), ("60", "url(#service-hidden)")]
    assert [node.text() for node in svg.css("text:not([font-weight])")] == ["40", "fewer than 5", "not shown"]


def test_a_chart_has_a_name_a_description_and_its_values_beside_it() -> None:
    """For whoever does not see it; the same values stand in a table."""
    parser = LexborHTMLParser(PAGE.page)
    charts = parser.css("svg")
    assert len(charts) == 3
    for chart in charts:
        title, description = chart.css_first("title"), chart.css_first("desc")
        assert chart.attributes["role"] == "img"
        assert title is not None
        assert description is not None
        assert chart.attributes["aria-labelledby"] == f"{title.attributes['id']} {description.attributes['id']}"
    assert "Every contact: 90 in 100, before 87 in 100" in charts[0].css_first("desc").text()  # type: ignore[union-attr]
    assert "90.1 %" in text_of(PAGE.page)


def test_each_number_opens_where_the_console_says() -> None:
    """Counts, shares, times and reasons of this period, and nothing in a file that leaves."""

    def link(row: Row, name: str, reason: str = "") -> str:
        return f"/contacts/{row.names.get('standard', 'all')}/{name}/{reason}"

    page = LexborHTMLParser(PAGES.page(publication(), link=link).page)
    addresses = {node.attributes["href"] for node in page.css("a")}
    assert {"/contacts/all/resp_in_standard/", "/contacts/general/missed_by_cause/volume"} <= addresses
    assert LexborHTMLParser(PAGE.page).css("a") == []
    cells = [cell for cell in page.css("table:not(:last-of-type) td:nth-of-type(1)") if not cell.css("a")]
    assert [cell.text() for cell in cells if any(sign.isdigit() for sign in cell.text())] == []


@pytest.mark.parametrize(
    ("state", "sentence"), [("draft", "This is a draft."), ("withdrawn", "This report is withdrawn."), ("approved", "")]
)
def test_a_report_that_is_not_approved_says_so_first(state: str, sentence: str) -> None:
    """Before any number."""
    text = text_of(PAGES.page(publication(), state=state).page)
    assert (sentence in text.partition("In short")[0]) if sentence else "draft" not in text


def test_a_report_without_anything_to_compare_says_so() -> None:
    """The first one of an organisation, in a period in which nothing was due."""
    bare = publication(whole=row(), before=None, promises=(), tables={}, improvements=())
    text = text_of(PAGES.page(bare).page)
    assert "No answer was due." in text
    assert "nothing to compare" in text
    assert "Too few people replied" in text


def test_the_page_is_one_small_file_with_its_style_by_its_digest() -> None:
    """Nothing is loaded; no style stands at an element, so that the strictest policy shows it as it is."""
    assert len(PAGE.page.encode()) < MOST_BYTES
    assert PAGE.policy.startswith("'sha256-")
    assert not re.search(r"style=|src=|@import|url\((?!#)|<script", PAGE.page)


def test_the_template_of_an_organisation_goes_before_the_packaged_one(tmp_path: Path) -> None:
    """Such as its own style."""
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "page.css").write_text("h1 { color: green; }", encoding="utf-8")
    page = ReportPages([tmp_path, TEMPLATES]).page(publication())
    assert "h1 { color: green; }" in page.page
    assert page.policy != PAGE.policy


def test_axe_finds_nothing_on_a_report(reader: Page) -> None:
    """Light and dark, from 320 pixels on."""
    body = PAGES.page(publication(), state="draft").page
    reader.route("https://report.example/", lambda route: route.fulfill(body=body, content_type="text/html"))
    reader.goto("https://report.example/")
    reader.unroute("https://report.example/")
    assert faults(reader) == {}


def test_the_pdf_is_accessible(document: bytes) -> None:
    """By every rule of a validator of PDF/UA-1; small, on A4, with title and language."""
    report = validator.validate_pdf_bytes(document, profile=validator.ValidationProfile.PDF_UA_1)
    assert [(failure.rule_id, failure.message) for failure in report.failures] == []
    assert report.is_compliant
    assert len(document) < MOST_BYTES
    file = PdfReader(io.BytesIO(document))
    assert file.metadata
    assert file.metadata.title == "How we kept our promises: July to September 2026 – Exampleshire Council"
    assert root_of(file)["/Lang"] == "en"
    assert [round(float(side)) for side in file.pages[0].mediabox[2:]] == [595, 842]


def test_the_pdf_names_its_charts_and_what_a_heading_is_of(document: bytes) -> None:
    """Every figure has words instead of it, every heading of a table its direction."""
    (tree,) = root_of(PdfReader(io.BytesIO(document)))["/StructTreeRoot"]["/K"]
    parts = elements(tree)
    figures = [part for part in parts if part["/S"] == "/Figure"]
    assert figures[0]["/Alt"] == "Answers in time, of 100 that were due"
    assert all(figure.get("/Alt") for figure in figures)
    headings = [part for part in parts if part["/S"] == "/TH"]
    assert {str(heading["/A"]["/Scope"]) for heading in headings} == {"/Column", "/Row"}
    assert [part["/S"] for part in parts].count("/H1") == 1


def test_the_pdf_is_read_in_the_order_of_the_page(document: bytes) -> None:
    """Heading for heading, row for row: the words of the page in the order of the page."""
    file = PdfReader(io.BytesIO(document))
    order = words(" ".join(spoken(file)))
    assert order == words(text_of(PAGE.page))


def test_the_same_report_gives_the_same_page_and_pdf(document: bytes) -> None:
    """Byte for byte, so that a file can be compared with the one that was approved."""
    assert PAGES.page(replace(publication()), state="approved", digest="ab" * 32) == PAGE
    assert pdf.of_page(PAGE.page) == document


def test_every_table_of_a_report_is_drawn_or_shown() -> None:
    """Those that the publication has, and no other; each begins with the whole."""
    context = report_view.context(publication())
    assert [(cut.id, cut.rows[0].title) for cut in context["cuts"]] == [
        ("service", "Everything"),
        ("channel", "Everything"),
    ]
    assert [entry.title for entry in context["cuts"][0].rows[1:]] == ["Bins & recycling", "Parks", "Nobody has said"]


def test_the_picture_in_the_docs_is_of_its_first_page(document: bytes, tmp_path: Path) -> None:
    """As it is on paper; else `make screenshots`, and look at it."""
    renew = os.environ.get("SCREENSHOTS") == "renew"
    picture = (PICTURES if renew else tmp_path) / "report.png"
    pypdfium2.PdfDocument(document)[0].render(scale=1.2).to_pil().save(picture)
    digest = hashlib.sha256(PAGE.page.encode()).hexdigest()
    if renew:
        DIGEST.write_text(f"{digest}\n", encoding="utf-8")
    assert picture.stat().st_size > 5_000
    assert DIGEST.read_text(encoding="utf-8") == f"{digest}\n", "it is old: make screenshots"
