"""Converts HTML mail to readable text, for messages that have no plain part."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser

MAX_MARKUP = 500_000
_MAX_TAGS = 10_000

# Attributes add nothing to plain text, and the parser takes quadratic time over thousands in one tag.
_ATTRIBUTES = re.compile(r"""<([a-zA-Z][a-zA-Z0-9]*)[\s/](?:"[^"<]*"|'[^'<]*'|[^<>"']++)*+>""")
_BROKEN_ATTRIBUTES = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*)[\s/][^<>]*>?")
_SILENT = ["script", "style", "head", "title", "template", "noscript", "object"]
# Stands for a line end until the insignificant white space of the document is collapsed.
_BREAK = "\x01"
_BREAKS = dict.fromkeys(
    {"address", "article", "aside", "blockquote", "br", "center", "dd", "div", "dl", "dt", "fieldset", "figure"}
    | {"footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav", "ol", "p", "pre"}
    | {"section", "table", "tr", "ul"},
    _BREAK,
)
_BREAKS |= {"li": f"{_BREAK}- ", "td": " ", "th": " "}
_EMPTY_LINES = re.compile(r"\n{3,}")


def to_text(markup: str) -> str:
    """Return the text of an HTML document: one line a block, at most one empty line between, no scripts or styles.

    Only the first MAX_MARKUP characters and 10,000 tags are read: time grows with the square of the nesting.
    """
    tags = markup[:MAX_MARKUP].split("<", _MAX_TAGS)
    bare = _ATTRIBUTES.sub(r"<\1>", "<".join(tags[:_MAX_TAGS]))
    tree = LexborHTMLParser(_BROKEN_ATTRIBUTES.sub(r"<\1>", bare))
    tree.strip_tags(_SILENT)
    text = " ".join("".join(_words(tree)).split())
    text = text.replace(f" {_BREAK}", _BREAK).replace(f"{_BREAK} ", _BREAK).replace(_BREAK, "\n")
    return _EMPTY_LINES.sub("\n\n", text).strip()


def _words(tree: LexborHTMLParser) -> Iterator[str]:
    if tree.body is None:
        return
    for node in tree.body.traverse(include_text=True):
        tag = node.tag
        if tag == "-text":
            yield node.text_content or ""
        elif tag in _BREAKS:
            yield _BREAKS[tag]
