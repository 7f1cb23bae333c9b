"""Converts HTML mail to readable text, for messages that have no plain part.

What is quoted is quoted as in plain text: each line begins with "> ", once for each level.
"""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser

MAX_MARKUP = 500_000
MAX_TAGS = 10_000

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
# Where a quotation begins and ends, until the lines are known.
_QUOTE, _END, _INDENTATION = "\x02", "\x03", "\x04"
_MARKS = (_BREAK, _QUOTE, _END, _INDENTATION)
_WITHOUT_MARKS = dict.fromkeys(map(ord, _MARKS))
_FORGED = re.compile("&#(?:0{0,9}[1-4]|[xX]0{0,9}[1-4])(?![0-9a-fA-F]);?")
_MARK = re.compile("([\x02-\x04])")
# Gmail and WebKit indent with the same element; nothing is quoted there.
_INDENTED = re.compile(r"<blockquote\s[^<>]{0,500}?(?:border:\s*none|indent-block)[^<>]{0,500}>", re.IGNORECASE)
_CITED = re.compile(r"\bcite\b|(?<!block)quote", re.IGNORECASE)
_QUOTED = re.compile(r"<(/?)blockquote>", re.IGNORECASE)
_MOST_LEVELS = 20
_EMPTY_LINES = re.compile(r"\n{3,}")


def to_text(markup: str, most_tags: int = MAX_TAGS) -> str:
    """Return the text of an HTML document: one line a block, at most one empty line between, no scripts or styles.

    Only the first MAX_MARKUP characters and 10,000 tags are read: time grows with the square of the nesting.
    """
    markup = markup[:MAX_MARKUP]
    if any(mark in markup for mark in _MARKS):
        markup = markup.translate(_WITHOUT_MARKS)
    if "&#" in markup:
        markup = _FORGED.sub("", markup)
    is_quoting = "<blockquote" in markup or "<BLOCKQUOTE" in markup
    if is_quoting:
        markup = _INDENTED.sub(_indented, markup)
    tags = markup[:MAX_MARKUP].split("<", max(most_tags, 1))
    bare = _ATTRIBUTES.sub(r"<\1>", "<".join(tags[: max(most_tags, 1)]))
    bare = _BROKEN_ATTRIBUTES.sub(r"<\1>", bare)
    tree = LexborHTMLParser(_QUOTED.sub(_marked, bare) if is_quoting else bare)
    tree.strip_tags(_SILENT)
    text = " ".join("".join(_words(tree)).split())
    text = text.replace(f" {_BREAK}", _BREAK).replace(f"{_BREAK} ", _BREAK).replace(_BREAK, "\n")
    text = _EMPTY_LINES.sub("\n\n", text).strip()
    return _quoted(text).strip() if is_quoting else text


def _indented(tag: re.Match[str]) -> str:
    return tag[0] if _CITED.search(tag[0]) else f"<blockquote>{_INDENTATION}"


def _marked(tag: re.Match[str]) -> str:
    return f"{_END}{tag[0]}" if tag[1] else f"{tag[0]}{_QUOTE}"


def _quoted(text: str) -> str:
    """Return the lines, each with as many "> " as quotations are open; an end without a beginning is none."""
    lines, levels = list[str](), list[str]()
    for line in text.split("\n"):
        if _QUOTE not in line and _END not in line:
            lines.append(f"{''.join(levels[:_MOST_LEVELS])}{line}".rstrip() if levels else line)
            continue
        for piece in _MARK.split(line):
            if piece == _QUOTE:
                levels.append("> ")
            elif piece == _INDENTATION:
                levels[-1:] = [""]
            elif piece == _END:
                levels[-1:] = []
            elif piece.strip() or not line:
                lines.append(f"{''.join(levels[:_MOST_LEVELS])}{piece.strip()}".rstrip())
    return "\n".join(lines)


def _words(tree: LexborHTMLParser) -> Iterator[str]:
    if tree.body is None:
        return
    for node in tree.body.traverse(include_text=True):
        tag = node.tag
        if tag == "-text":
            yield node.text_content or ""
        elif tag in _BREAKS:
            yield _BREAKS[tag]
