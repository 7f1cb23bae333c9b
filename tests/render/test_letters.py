"""Letters in large print: what they say, how large, in which language, and as a PDF that a screen reader can read."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from selectolax.lexbor import LexborHTMLParser

from bot.render import pdf
from bot.render.front_matter import BadTemplate
from bot.render.letters import Letterhead
from tests.conftest import Needs
from tests.render.letters import TEMPLATES

HEAD = Letterhead([TEMPLATES])
# A mail of two languages, with a table and a link behind words.
MAIL = """<!doctype html><html lang="ar" dir="rtl"><head><title>x</title><style>p {color: red}</style></head>
<body style="margin: 0"><div style="max-width: 600px"><div lang="ar" dir="rtl"><h1 style="font-size: 9px">مرحبا</h1>
<p>رقمكم: <bdi dir="ltr">EX-7K3M-9QPH</bdi></p><ul><li><a href="https://example.gov.uk/track/EX/abc">الصفحة</a></li></ul></div>
<div lang="en" dir="ltr"><h1>We have your message</h1>
<p>Write to <a href="mailto:us@example.gov.uk">us@example.gov.uk</a>.<script>harm()</script></p>
<table><thead><tr><th scope="col">What</th><th scope="col">When</th></tr></thead>
<tbody><tr><th scope="row">Bins</th><td>Monday</td></tr></tbody></table></div></div></body></html>"""
POINTS = re.compile(r"(?<![a-z-])font(?:-size)?:\s*(\d+)pt")


@pytest.fixture(scope="module")
def document(needs: Needs) -> PdfReader:
    """The PDF of that mail."""
    needs("pango")
    return PdfReader(io.BytesIO(pdf.of_page(HEAD.letter(MAIL, "What we sent", "ar").page)))


def elements(node: Any) -> list[Any]:
    """Every element of the structure, in the order in which it is read."""
    node = node.get_object()
    if not isinstance(node, dict) or "/S" not in node:
        return []
    below = node.get("/K", [])
    return [node, *(element for child in below if not isinstance(child, int) for element in elements(child))]


def root_of(document: PdfReader) -> Any:
    """The first object, which leads to all others."""
    return document.trailer["/Root"].get_object()


def words(text: str) -> str:
    """The letters alone, whatever separates them."""
    return "".join(re.findall(r"\w+", text))


def test_a_letter_says_what_the_mail_says_without_its_look() -> None:
    """Every word and the address behind words; no style of the mail, no script."""
    page = HEAD.letter(MAIL, "What we sent", "ar").page
    body = LexborHTMLParser(page).body
    assert body is not None
    assert "9px" not in page
    assert "harm" not in page
    assert "color: red" not in page
    for part in ("EX-7K3M-9QPH", "https://example.gov.uk/track/EX/abc", "We have your message", "Monday"):
        assert part in body.text()
    assert body.text().count("us@example.gov.uk") == 1


def test_a_letter_is_in_large_print_on_one_column() -> None:
    """18 point and more (UKAAF G003), A4, without italics or underlining."""
    page = HEAD.letter(MAIL, "What we sent").page
    assert min(int(points) for points in POINTS.findall(page)) == 18
    assert "size: A4" in page
    assert not re.search("italic|underline|columns", page.partition("<style>")[2].partition("*/")[2])


def test_a_letter_has_the_language_of_its_reader_and_of_each_part() -> None:
    """On the page and on the parts, with their direction."""
    parser = LexborHTMLParser(HEAD.letter(MAIL, "What we sent", "ar").page)
    assert [node.attributes.get("dir") for node in parser.css("[lang]")] == ["rtl", "rtl", "ltr"]
    assert HEAD.letter(MAIL, "x", "zh").page.startswith('<!doctype html>\n<html lang="zh-Hans" dir="ltr">')


def test_the_letter_of_an_organisation_goes_before_the_packaged_one(tmp_path: Path) -> None:
    """With its head on top; what is wrong in it is named."""
    (tmp_path / "partials").mkdir()
    own = tmp_path / "partials" / "letter.html"
    own.write_text("<p>Exampleshire Council</p>$content", encoding="utf-8")
    assert (
        Letterhead([tmp_path, TEMPLATES]).letter("<p>Hello</p>", "x").page == "<p>Exampleshire Council</p><p>Hello</p>"
    )
    own.write_text("$nobody", encoding="utf-8")
    with pytest.raises(BadTemplate, match=r"letter\.html: only \$language"):
        Letterhead([tmp_path, TEMPLATES]).letter("", "x")


def test_a_pdf_is_tagged_on_a4_with_title_and_language(document: PdfReader) -> None:
    """As PDF/UA asks (ISO 14289-1)."""
    root = root_of(document)
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "ar"
    assert document.metadata
    assert document.metadata.title == "What we sent"
    assert [round(float(side)) for side in document.pages[0].mediabox[2:]] == [595, 842]
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()


def test_a_pdf_says_what_the_page_says(document: PdfReader) -> None:
    """Word for word, in the part that runs from the left to the right."""
    body = LexborHTMLParser(HEAD.letter(MAIL, "x", "ar").page).css_first("div[lang=en]")
    assert body is not None
    text = words("".join(page.extract_text() for page in document.pages))
    assert words(body.text()) in text
    assert words("EX-7K3M-9QPH") in text


def test_a_pdf_says_the_language_of_each_part_and_what_a_heading_is_of(document: PdfReader) -> None:
    """A screen reader changes its voice, and says the right headings of a cell."""
    (tree,) = root_of(document)["/StructTreeRoot"]["/K"]
    parts = elements(tree)
    assert [part["/Lang"] for part in parts if part["/S"] == "/Div" and "/Lang" in part] == ["ar", "en"]
    headings = [part for part in parts if part["/S"] == "/TH" and "/A" in part]
    assert [heading["/A"]["/Scope"] for heading in headings] == ["/Column", "/Column", "/Row"]
    assert [part["/S"] for part in parts].count("/H1") == 2
    links = [note.get_object() for page in document.pages for note in page.get("/Annots", [])]
    assert [link["/F"] for link in links] == [4, 4]


def test_a_pdf_loads_nothing(needs: Needs) -> None:
    """Neither a file of this computer nor a picture from elsewhere, whatever a page asks for."""
    needs("pango")
    page = '<html lang="en"><title>x</title><body><p>Hello</p><img src="file:///etc/hostname" alt="a picture">'
    (only,) = PdfReader(io.BytesIO(pdf.of_page(page))).pages
    assert only.extract_text().split() == ["Hello", "a", "picture"]
    assert not only.images


def test_a_page_without_end_becomes_no_pdf() -> None:
    """It is refused in words before any work is begun."""
    with pytest.raises(pdf.NoPdf, match="2000000 are the most"):
        pdf.of_page("x" * 2_000_001)
