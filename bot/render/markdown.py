"""Converts GOV.UK Notify's Markdown subset to HTML and plain text.

`#` and `##` headings, `*` bullets, `1.` lists, `---`, `^` insets, links, bare addresses, and tables, whose first column
names the row. Emphasis, images, code and HTML are left as they were typed.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.render.plain_text import plain_text

_INSET = re.compile(r"^\^ ?", re.MULTILINE)
_BARE_LINK = re.compile(r"(?<!\]\()(?<![\[\w])https?://[^\s()<>\[\]]*[^\s()<>\[\].,;:!?]")
# A line may break after these without effect; lines without attributes need no encoding in a mail.
_SIZE = re.compile(r"font-size: \d+px; line-height: [\d.]+")
_BLOCK_START = re.compile(r"(<(?:p|h1|h2) [^>]*>)")

# Styles are attributes, because mail programs drop style sheets. No text is smaller than 16 px.
STYLES = {
    "h1": "font-size: 24px; line-height: 1.25; margin: 0 0 20px 0; font-weight: bold",
    "h2": "font-size: 19px; line-height: 1.3; margin: 25px 0 10px 0; font-weight: bold",
    "p": "font-size: 19px; line-height: 1.45; margin: 0 0 18px 0",
    "ul": "font-size: 19px; line-height: 1.45; margin: 0 0 18px 0; padding: 0 0 0 22px",
    "ol": "font-size: 19px; line-height: 1.45; margin: 0 0 18px 0; padding: 0 0 0 22px",
    "table": "font-size: 16px; line-height: 1.35; border-collapse: collapse; width: 100%; margin: 0 0 18px 0",
    "tbody": "vertical-align: top",
    "tr": "border-bottom: 1px solid #767676",
    "th": "text-align: start",
    "a": "color: #1d5a96",
    "hr": "border: 0; border-top: 1px solid #767676; margin: 25px 0",
    "blockquote": "border-left: 8px solid #767676; margin: 0 0 18px 0; padding: 2px 0 2px 15px",
}


# 24 px are 18 points, the least of large print (UKAAF G003); headings are larger in the same measure.
_SIZES_IN_LARGE_PRINT = {
    "h1": "font-size: 36px; line-height: 1.3",
    "h2": "font-size: 30px; line-height: 1.35",
    "p": "font-size: 24px; line-height: 1.5",
    "ul": "font-size: 24px; line-height: 1.5",
    "ol": "font-size: 24px; line-height: 1.5",
    "table": "font-size: 24px; line-height: 1.5",
}
# Outlook knows none of the properties that turn with the direction by themselves (padding-inline-start).
_MIRRORED = {
    "ul": ("padding: 0 0 0 22px", "padding: 0 22px 0 0"),
    "ol": ("padding: 0 0 0 22px", "padding: 0 22px 0 0"),
    "blockquote": ("padding: 2px 0 2px 15px", "padding: 2px 15px 2px 0"),
}


@cache
def styles(direction: str, *, large_print: bool) -> Mapping[str, str]:
    """Return the style of each element of a text in this direction, `ltr` or `rtl`."""
    return {tag: _style_of(tag, direction, large_print=large_print) for tag in STYLES}


def _style_of(tag: str, direction: str, *, large_print: bool) -> str:
    style = STYLES[tag]
    if large_print and tag in _SIZES_IN_LARGE_PRINT:
        style = _SIZE.sub(_SIZES_IN_LARGE_PRINT[tag], style)
    if direction == "rtl":
        style = style.replace("border-left", "border-right").replace(*_MIRRORED.get(tag, ("", "")))
    return style


class Markdown:
    """Converts Markdown to both parts of a mail, whose elements have these styles."""

    def __init__(self, styles_of_elements: Mapping[str, str] = STYLES) -> None:
        self._styles = styles_of_elements
        self._parser = MarkdownIt("zero").enable(["heading", "list", "hr", "link", "blockquote", "escape", "table"])
        # A slot in a link must stay a slot. The target of a link is checked once the constants are filled in.
        self._parser.normalizeLink = lambda url: url  # type: ignore[method-assign]  # the documented way to replace it
        self._parser.validateLink = bool  # type: ignore[assignment, method-assign]  # likewise

    def render(self, source: str) -> tuple[str, str]:
        """Return (plain text, HTML) of the same source."""
        tokens = self._parser.parse(_BARE_LINK.sub(r"[\g<0>](\g<0>)", _INSET.sub("> ", source)))
        _shape_tables(tokens)
        for token in tokens:
            self._style(token)
        page = self._parser.renderer.render(tokens, self._parser.options, {})
        return plain_text(tokens), _BLOCK_START.sub(r"\1\n", page)

    def _style(self, token: Token) -> None:
        for element in (token, *(token.children or ())):
            if element.tag in self._styles and element.nesting >= 0 and element.type != "text":
                element.attrSet("style", self._styles[element.tag])


def _shape_tables(tokens: Sequence[Token]) -> None:
    """Make the first cell of each row its heading: screen readers say it, and that of the column, with each cell."""
    row: list[Token] = []
    for token in tokens:
        if token.type == "table_open":
            token.attrSet("cellpadding", "6")  # once, where a style would stand in every cell
        elif token.type == "th_open":
            token.attrSet("scope", "col")
        elif token.type in ("td_open", "td_close"):
            row.append(token)
        elif token.type == "tr_close" and row:
            _shape(row)
            row.clear()


def _shape(row: Sequence[Token]) -> None:
    opening, closing, *others = row
    opening.tag = closing.tag = "th"
    opening.attrSet("scope", "row")
    for last_opening in others[-2:-1]:
        # A telephone is narrower than the address of many a person: here a long word breaks anywhere.
        last_opening.attrSet("style", "overflow-wrap: anywhere")
