"""HTML mail as readable text, for messages that come without a plain part."""

import re

from selectolax.lexbor import LexborHTMLParser

MAX_MARKUP = 500_000
_MAX_TAGS = 10_000

# Attributes say nothing in plain text, and the parser takes quadratic time over thousands in one tag.
_ATTRIBUTES = re.compile(r"""<([a-zA-Z][a-zA-Z0-9]*)[\s/](?:"[^"<]*"|'[^'<]*'|[^<>"'])*+>""")
_BROKEN_ATTRIBUTES = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*)[\s/][^<>]*>?")
_SILENT = ["script", "style", "head", "title", "template", "noscript", "object"]
_BREAKS = frozenset(
    {"address", "article", "aside", "blockquote", "br", "center", "dd", "div", "dl", "dt", "fieldset", "figure"}
    | {"footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre"}
    | {"section", "table", "tr", "ul"}
)
_SPACES = re.compile(r"[ \t\r\n\f\xa0]+")


def to_text(markup: str) -> str:
    """The words of an HTML document: one line a block, at most one empty line between, no scripts or styles.

    Only the first MAX_MARKUP characters and 10,000 tags count: time grows with the square of the nesting.
    """
    tags = markup[:MAX_MARKUP].split("<", _MAX_TAGS)
    bare = _ATTRIBUTES.sub(r"<\1>", "<".join(tags[:_MAX_TAGS]))
    tree = LexborHTMLParser(_BROKEN_ATTRIBUTES.sub(r"<\1>", bare))
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
