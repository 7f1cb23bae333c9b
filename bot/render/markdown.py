"""Converts GOV.UK Notify's Markdown subset to HTML and plain text.

`#` and `##` headings, `*` bullets, `1.` lists, `---`, `^` insets, links and bare addresses. Emphasis, images, tables,
code and HTML are left as they were typed.
"""

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

_INSET = re.compile(r"^\^ ?", re.MULTILINE)
_BARE_LINK = re.compile(r"(?<!\]\()(?<![\[<\w])https?://[^\s()<>\[\]]*[^\s()<>\[\].,;:!?]")
# A line may break after these without effect; lines without attributes need no encoding in a mail.
_BLOCK_START = re.compile(r"(<(?:p|h1|h2) [^>]*>)")

# Styles are attributes, because mail programs drop style sheets. No text is smaller than 16 px.
STYLES = {
    "h1": "font-size: 24px; line-height: 1.25; margin: 0 0 20px 0; font-weight: bold",
    "h2": "font-size: 19px; line-height: 1.3; margin: 25px 0 10px 0; font-weight: bold",
    "p": "font-size: 19px; line-height: 1.45; margin: 0 0 18px 0",
    "ul": "font-size: 19px; line-height: 1.45; margin: 0 0 18px 0; padding: 0 0 0 22px",
    "ol": "font-size: 19px; line-height: 1.45; margin: 0 0 18px 0; padding: 0 0 0 22px",
    "a": "color: #1d5a96",
    "hr": "border: 0; border-top: 1px solid #767676; margin: 25px 0",
    "blockquote": "border-left: 8px solid #767676; margin: 0 0 18px 0; padding: 2px 0 2px 15px",
}


class Markdown:
    """Converts Markdown to both parts of a mail."""

    def __init__(self) -> None:
        self._parser = MarkdownIt("zero").enable(["heading", "list", "hr", "link", "blockquote", "escape"])
        # A slot in a link must stay a slot. The target of a link is checked once the constants are filled in.
        self._parser.normalizeLink = lambda url: url  # type: ignore[method-assign]  # the documented way to replace it
        self._parser.validateLink = bool  # type: ignore[assignment, method-assign]  # likewise

    def render(self, source: str) -> tuple[str, str]:
        """Return (plain text, HTML) of the same source."""
        tokens = self._parser.parse(_BARE_LINK.sub(r"[\g<0>](\g<0>)", _INSET.sub("> ", source)))
        for token in tokens:
            _style(token)
        page = self._parser.renderer.render(tokens, self._parser.options, {})
        return _as_text(tokens), _BLOCK_START.sub(r"\1\n", page)


def _style(token: Token) -> None:
    for element in (token, *(token.children or ())):
        if element.tag in STYLES and element.nesting >= 0 and element.type != "text":
            element.attrSet("style", STYLES[element.tag])


def _as_text(tokens: Sequence[Token]) -> str:
    """Return the same lines without markup; links written out in full."""
    lines: list[str] = []
    numbers: list[int | None] = []
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            numbers.append(1 if token.type.startswith("ordered") else None)
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            numbers.pop()
            lines.append("")
        elif token.type == "hr":
            lines += ["-" * 40, ""]
        elif token.type == "inline":
            lines.append(_marker(numbers) + _inline_text(token.children or []))
            if not numbers:
                lines.append("")
    return "\n".join(lines).strip("\n") + "\n"


def _marker(numbers: list[int | None]) -> str:
    if not numbers:
        return ""
    number = numbers[-1]
    if number is None:
        return "* "
    numbers[-1] = number + 1
    return f"{number}. "


def _inline_text(children: Sequence[Token]) -> str:
    text, links = "", []
    for child in children:
        if child.type == "link_open":
            links.append((str(child.attrs["href"]), len(text)))
        elif child.type == "link_close":
            target, start = links.pop()
            if text[start:] != target:
                text += f": {target.removeprefix('mailto:').removeprefix('tel:')}"
        else:
            text += child.content
    return text
