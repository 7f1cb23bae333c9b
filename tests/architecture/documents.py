"""The documents as a reader sees them: code, tables, links and headings of each page."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.architecture.house import ROOT

FOLDERS = ("bot", "channels", "templates", "config", "docs", "tests", "deploy", "bench", ".ci")
_NOT_OURS = {"__pycache__", "node_modules", "_data", "secrets"}
_STATUS = re.compile(r"^Status: (accepted|superseded by \d{4}), \d{4}-\d{2}-\d{2}\.$", re.MULTILINE)
# Letters, digits, spaces, hyphens and underscores stay in the address of a heading.
_NOT_IN_ADDRESSES = re.compile(r"[^\w\- ]")


@dataclass(frozen=True)
class Grid:
    """A table: the heading above it, the first row, and the other rows, each cell as it is written."""

    heading: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def names(self) -> list[str]:
        """What stands as code in the first column."""
        return [name for row in self.rows for name in re.findall(r"`([^`]+)`", row[0])]


@dataclass(frozen=True)
class Page:
    """One document: its path from the root of the repository, and its text."""

    name: str
    text: str

    @property
    def tokens(self) -> list[Token]:
        """The blocks of the page."""
        return _parsed(self.text)

    def inline(self, kind: str) -> Iterator[Token]:
        """Every piece of this kind within the running text, the tables and the headings."""
        for block in self.tokens:
            yield from (piece for piece in block.children or () if piece.type == kind)

    def spans(self) -> list[str]:
        """What stands between backticks."""
        return [piece.content for piece in self.inline("code_inline")]

    def blocks(self, language: str | None = None) -> list[str]:
        """The blocks of code; with `language` only those that name it behind their fence."""
        kinds = ("fence", "code_block") if language is None else ("fence",)
        return [block.content for block in self.tokens if block.type in kinds and language in (None, block.info)]

    def code_lines(self) -> list[str]:
        """The lines of the blocks of code, each with those that a backslash at its end continues."""
        return [line for block in self.blocks() for line in block.replace("\\\n", " ").splitlines()]

    def links(self) -> list[str]:
        """Where the links and pictures lead."""
        targets = [piece.attrGet("href") for piece in self.inline("link_open")]
        targets += [piece.attrGet("src") for piece in self.inline("image")]
        return [str(target) for target in targets]

    def headings(self) -> list[str]:
        """The words of the headings."""
        return [words.content for mark, words in self._pairs() if mark.type == "heading_open"]

    def anchors(self) -> set[str]:
        """The addresses of the headings within the page."""
        return {_NOT_IN_ADDRESSES.sub("", words.lower()).replace(" ", "-") for words in self.headings()}

    def grids(self) -> list[Grid]:
        """The tables."""
        grids, heading, rows = list[Grid](), "", list[list[str]]()
        for mark, block in self._pairs():
            if mark.type == "heading_open":
                heading = block.content
            elif mark.type == "table_open":
                rows = []
            elif block.type == "tr_open":
                rows.append([])
            elif mark.type in ("th_open", "td_open"):
                rows[-1].append(block.content)
            elif block.type == "table_close":
                header, *others = map(tuple, rows)
                grids.append(Grid(heading, header, tuple(others)))
        return grids

    def _pairs(self) -> Iterator[tuple[Token, Token]]:
        return pairwise(self.tokens)


@cache
def _parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(text)


@cache
def files() -> frozenset[str]:
    """The path of every file of the repository, but of caches and of what is installed."""
    tops = [path for path in ROOT.iterdir() if path.is_file()]
    below = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    ours = (path.relative_to(ROOT) for path in (*tops, *below))
    return frozenset(path.as_posix() for path in ours if not _NOT_OURS & set(path.parts))


@cache
def pages() -> tuple[Page, ...]:
    """Every document that describes what is there now: no history of changes, and no decision that is superseded."""
    names = sorted(name for name in files() if re.fullmatch(r"[A-Z]+\.md|docs/.*\.md", name))
    read = (Page(name, (ROOT / name).read_text(encoding="utf-8")) for name in names if name != "CHANGELOG.md")
    return tuple(page for page in read if not is_decision(page) or status(page) == "accepted")


def is_decision(page: Page) -> bool:
    """Whether the page records a decision."""
    return re.match(r"docs/decisions/\d", page.name) is not None


def status(page: Page) -> str:
    """The status of a decision, "" where none is stated in the form that docs/decisions/README.md gives."""
    stated = _STATUS.search(page.text)
    return stated[1] if stated else ""
