"""Quotations of HTML mail look as in plain text, so that answers between them are new words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.wire import markup
from tests.thoroughness import cases

GMAIL = '<blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px solid">'
APPLE = '<blockquote type="cite" style="border: none">'
INDENT = '<blockquote style="margin:0 0 0 40px;border:none;padding:0px">'


@st.composite
def pages(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Draw a page of nested quotations, and its lines."""
    html, lines, level = "", list[str](), 0
    for number in range(draw(st.integers(1, 12))):
        step = draw(st.sampled_from(["open", "close", "text", "text", "line"]))
        if step == "open":
            html, level = html + draw(st.sampled_from(["<blockquote>", "<BLOCKQUOTE>", GMAIL, APPLE])), level + 1
        elif step == "close" and level:
            html, level = html + "</blockquote>", level - 1
        mark = draw(st.sampled_from(["<p>{}</p>", "<div>{}</div>", "<div><b>{}</b></div>"]))
        html += mark.format(f"line {number}")
        lines.append("> " * level + f"line {number}")
    return html, lines


@settings(max_examples=cases(50, 1_000), deadline=None)
@given(pages())
def test_every_line_has_the_depth_of_its_quotation(page: tuple[str, list[str]]) -> None:
    """Each level is one angle bracket and a space, on every line of the block."""
    html, lines = page
    text = markup.to_text(f"<html><body>{html}</body></html>")
    assert [line for line in text.split("\n") if line.strip("> ")] == lines


def test_an_empty_line_of_a_quotation_is_quoted() -> None:
    """Without a space at its end."""
    assert markup.to_text("<blockquote>a<br><br>b</blockquote>c") == "> a\n>\n> b\nc"


def test_a_stray_end_quotes_nothing() -> None:
    """Broken pages have ends without beginnings, and beginnings without ends."""
    assert markup.to_text("</blockquote>a<blockquote>b") == "a\n> b"


@pytest.mark.parametrize(
    "opening", [INDENT, '<blockquote class="webkit-indent-blockquote" style="margin: 0 0 0 40px">']
)
def test_what_is_only_indented_is_not_quoted(opening: str) -> None:
    """Gmail and WebKit indent with the same element; what stands in it was written by the sender."""
    assert markup.to_text(f"{GMAIL}old</blockquote>{opening}new</blockquote>end") == "> old\nnew\nend"


@pytest.mark.parametrize("forged", ["\x01", "\x02", "\x03\x02", "&#2;", "&#x0002;", "&#x1", "&#4;"])
def test_a_page_cannot_forge_a_quotation(forged: str) -> None:
    """The signs that stand for line ends and quotations meanwhile are taken out of what a sender wrote."""
    text = markup.to_text(f"<p>I {forged} need help</p><blockquote>x</blockquote>").replace("  ", " ")
    assert text.startswith("I need help\n")
