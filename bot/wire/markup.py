"""HTML mail as readable text, for messages that come without a plain part."""

import re
from collections.abc import Callable, Iterator

from selectolax.lexbor import LexborHTMLParser

MAX_MARKUP = 500_000
_MAX_TAGS = 10_000

# Attributes say nothing in plain text, and the parser takes quadratic time over thousands in one tag.
_ATTRIBUTES = re.compile(r"""<([a-zA-Z][a-zA-Z0-9]*)[\s/](?:"[^"<]*"|'[^'<]*'|[^<>"']++)*+>""")
_BROKEN_ATTRIBUTES = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*)(?! class=(?:older|below)>)[\s/][^<>]*>?")
_SILENT = ["script", "style", "head", "title", "template", "noscript", "object"]
# Stands for a line end until the document's own white space, which means nothing, is collapsed.
_BREAK = "\x01"
_BREAKS = dict.fromkeys(
    {"address", "article", "aside", "blockquote", "br", "center", "dd", "div", "dl", "dt", "fieldset", "figure"}
    | {"footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav", "ol", "p", "pre"}
    | {"section", "table", "tr", "ul"},
    _BREAK,
)
_BREAKS |= {"li": f"{_BREAK}- ", "td": " ", "th": " "}
_EMPTY_LINES = re.compile(r"\n{3,}")
# What mail programs put around an older mail (Gmail, Yahoo, Apple Mail, Thunderbird), and above one (Outlook).
_AROUND = re.compile(r"\bgmail_quote|\byahoo_quoted|\bmoz-cite-prefix|\btype\s*=\s*[\"']?cite\b", re.IGNORECASE)
_ABOVE = re.compile(r"\b(?:x_)*(?:divRplyFwdMsg|appendonsend|ms-outlook-mobile-reference-message)\b")
_MOST_QUOTES = 20
# Stand for older mail in the text.
_OLDER, _OLDER_BELOW = "\x02", "\x03"


def to_text(markup: str) -> str:
    """The words of an HTML document: one line a block, at most one empty line between, no scripts or styles.

    Only the first MAX_MARKUP characters and 10,000 tags count: time grows with the square of the nesting.
    """
    return _text_of(_parsed(markup, r"<\1>"))


def without_quotes(markup: str) -> str:
    """As `to_text`, without the older mail that the sender's program has marked as such.

    Where nothing else is left, and where words stand below a quotation or between two, it is the whole text.
    """
    whole = to_text(markup)
    tree = _parsed(markup, _marked)
    for _ in range(_MOST_QUOTES):  # anew each time: one quotation may hold others, which go with it
        found = tree.css_first(".older, .below")
        if found is None:
            break
        found.replace_with(_OLDER if found.attributes.get("class") == "older" else _OLDER_BELOW)
    text, _, _ = _text_of(tree).partition(_OLDER_BELOW)
    new, _, rest = text.partition(_OLDER)
    hidden = _OLDER in whole or _OLDER_BELOW in whole
    return new.strip() if new.strip() and not rest.replace(_OLDER, "").strip() and not hidden else whole


def _marked(tag: re.Match[str]) -> str:
    kind = "older" if _AROUND.search(tag[0]) else "below" if _ABOVE.search(tag[0]) else ""
    return f"<{tag[1]} class={kind}>" if kind else f"<{tag[1]}>"


def _parsed(markup: str, tag: str | Callable[[re.Match[str]], str]) -> LexborHTMLParser:
    tags = markup[:MAX_MARKUP].split("<", _MAX_TAGS)
    bare = _ATTRIBUTES.sub(tag, "<".join(tags[:_MAX_TAGS]))
    return LexborHTMLParser(_BROKEN_ATTRIBUTES.sub(r"<\1>", bare))


def _text_of(tree: LexborHTMLParser) -> str:
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
