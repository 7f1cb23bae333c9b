"""HTML mail as readable text, for messages that come without a plain part."""

import re

from selectolax.lexbor import LexborHTMLParser

MAX_MARKUP = 500_000

_SILENT = ["script", "style", "head", "title", "template", "noscript", "object"]
_BREAKS = frozenset(
    {"address", "article", "aside", "blockquote", "br", "center", "dd", "div", "dl", "dt", "fieldset", "figure"}
    | {"footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre"}
    | {"section", "table", "tr", "ul"}
)
_SPACES = re.compile(r"[ \t\r\n\f\xa0]+")


def to_text(markup: str) -> str:
    """The words of an HTML document: one line a block, at most one empty line between, no scripts or styles."""
    tree = LexborHTMLParser(markup[:MAX_MARKUP])
    tree.strip_tags(_SILENT)
    words: list[str] = []
    if tree.body is not None:
        for node in tree.body.traverse(include_text=True):
            if node.tag == "-text":
                words.append(_SPACES.sub(" ", node.text_content or ""))
            elif node.tag in _BREAKS:
                words.append("\n- " if node.tag == "li" else "\n")
            elif node.tag in ("td", "th"):
                words.append(" ")
    lines = (line.strip() for line in "".join(words).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
