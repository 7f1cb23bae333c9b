"""Hook of MkDocs: writes a page of CommonMark so that Python-Markdown, which MkDocs has, reads the same in it.

The two differ in lists. CommonMark indents what belongs to an item as far as its first word, Python-Markdown always by
four. A list that follows a paragraph needs an empty line before it, and so does an item after a longer one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt

_PARSER = MarkdownIt("commonmark").enable("table")
_MARKER = re.compile(r"\s*(\d+[.)]|[-*+]) {1,4}")
_INDENT = 4


@dataclass(frozen=True)
class Item:
    """An item of a list: its lines, and the column at which its words begin."""

    first: int
    end: int
    column: int


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return the page with its lists as Python-Markdown wants them."""
    lines = markdown.split("\n")
    tokens = [(token.type, *token.map) for token in _PARSER.parse(markdown) if token.map]
    starts = {first for kind, first, _ in tokens if kind in ("bullet_list_open", "ordered_list_open")}
    items = [Item(first, end, _column(lines[first])) for kind, first, end in tokens if kind == "list_item_open"]
    return "\n".join(_rewritten(lines, starts, items))


def _column(line: str) -> int:
    marker = _MARKER.match(line)
    return marker.end() if marker else len(line)


def _rewritten(lines: Sequence[str], starts: set[int], items: Sequence[Item]) -> Iterator[str]:
    for number, line in enumerate(lines):
        around = [item for item in items if item.first <= number < item.end]
        if number and lines[number - 1].strip() and _wants_a_gap(number, starts, items, lines):
            yield ""
        yield _moved(line, number, around) if around and line.strip() else line


def _wants_a_gap(number: int, starts: set[int], items: Sequence[Item], lines: Sequence[str]) -> bool:
    """Tell whether an empty line must stand before this one."""
    if number in starts:
        return sum(item.first <= number < item.end for item in items) == 1
    before = (lines[item.first : number] for item in items if item.end == number)
    return any(not line.strip() for item_lines in before for line in item_lines)


def _moved(line: str, number: int, items: Sequence[Item]) -> str:
    """Return a line that lies within these items, the outermost first."""
    outer = items[:-1] if items[-1].first == number else items
    column = outer[-1].column if outer else 0
    words = line.lstrip() if line[:column].strip() else line[column:]
    return " " * _INDENT * len(outer) + (re.sub(r"^\s*(\S+) +", r"\1 ", words) if outer is not items else words)
