"""What the documents name is there: paths, links, modules, tables and states. A wrong word in a page is noticed."""

import fnmatch
import importlib
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import get_args

import pytest

from bot.core import contacts, deliveries, intakes
from bot.store.tables import metadata
from tests.architecture.documents import FOLDERS, Page, files, is_decision, pages, status
from tests.architecture.house import ROOT
from tests.architecture.test_names import NEVER
from tests.architecture.test_site import NAVIGATION

# The database's own index, so no table of SQLAlchemy's.
TABLES = {*metadata.tables, "message_words"}
# A name that is wrong on purpose, in a test of misspelt templates.
MISSPELT = {"aknowledgement.md"}
HERE = "tests/architecture/test_docs.py"
_PATH = re.compile(rf"({'|'.join(map(re.escape, FOLDERS))})/[\w.*/-]+|[\w.*/-]*\.(py|toml|md|yaml|yml|html|sh|lock)")
_MODULE = re.compile(r"(bot|channels|tests|bench)(\.\w+)+")
_DOCUMENT = re.compile(r"(?<![\w./-])\w[\w./-]*\.md\b")
# What the reader replaces is in capitals: channels/KIND.py.
_PLACEHOLDER = re.compile(r"[A-Z]{4,}")
_ARROW = re.compile(r"^ *(\w+) --> (\w+)(?::.*)?$", re.MULTILINE)


def wrong_paths(page: Page) -> Iterator[str]:
    """Paths that lead nowhere; the end of one is enough, such as `calendars/holidays.toml`."""
    words = (word for line in page.code_lines() for word in line.split() if word.partition("/")[0] in FOLDERS)
    return (span for span in (*page.spans(), *words) if _PATH.fullmatch(span) and not _exists(span.rstrip("/")))


def wrong_links(page: Page) -> Iterator[str]:
    """Links to pages, or to headings within pages, that are not there."""
    for link in page.links():
        target, _, anchor = link.partition("#")
        path = (ROOT / page.name).parent / target if target else ROOT / page.name
        if "://" not in link and not _leads_somewhere(path.resolve().relative_to(ROOT).as_posix(), anchor):
            yield link


def wrong_modules(page: Page) -> Iterator[str]:
    """Modules, classes and functions that cannot be imported."""
    return (span for span in page.spans() if _MODULE.fullmatch(span) and not _is_importable(span))


CHECKS = (wrong_paths, wrong_links, wrong_modules)
MISTAKES = (
    (wrong_paths, "See `bot/rehearsal.py`."),
    (wrong_paths, "See `channels/KIND.txt`."),
    (wrong_paths, "See `holiday.toml`."),
    (wrong_paths, "    cp config/ackbot.tml elsewhere"),
    (wrong_links, "See [flow](docs/flows.md)."),
    (wrong_links, "See [flow](docs/flow.md#no-such-heading)."),
    (wrong_modules, "See `bot.core.threads.invented`."),
    (wrong_modules, "See `bot.cupboard`."),
)


@pytest.mark.parametrize("check", CHECKS)
def test_what_a_page_names_is_there(check: Callable[[Page], Iterator[str]]) -> None:
    """Every path, link and module in the documents leads somewhere."""
    assert not {page.name: wrong for page in pages() if (wrong := list(check(page)))}


@pytest.mark.parametrize(("check", "text"), MISTAKES, ids=[text for _, text in MISTAKES])
def test_a_mistake_in_a_page_is_noticed(check: Callable[[Page], Iterator[str]], text: str) -> None:
    """One wrong word in a document is a fault."""
    assert len(list(check(Page("README.md", text)))) == 1


def test_every_page_can_be_reached() -> None:
    """README.md leads to every document, at the latest by the index of the decisions or of the nights."""
    leading = [
        _page("README.md"),
        _page("docs/decisions/README.md"),
        _page("docs/operations.md"),
        _page("docs/index.md"),
    ]
    reached = {_target(page, link) for page in leading for link in page.links() if "://" not in link}
    assert not {page.name for page in pages()} - reached - {"README.md"}


def test_every_decision_has_a_date_and_a_status() -> None:
    """Each says `Status: accepted, DATE.` or `Status: superseded by NNNN, DATE.`, and the index says the same."""
    index = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")
    names = [name for name in files() if re.fullmatch(r"docs/decisions/\d{4}-.*\.md", name)]
    decisions = [Page(name, (ROOT / name).read_text(encoding="utf-8")) for name in sorted(names)]
    assert decisions
    assert all(map(is_decision, decisions))
    for decision in decisions:
        assert status(decision), f"{decision.name} has no status"
        row = next(line for line in index.splitlines() if decision.name.rpartition("/")[2] in line)
        assert f"| {status(decision)} |" in row
        assert decision.headings()[0].partition(". ")[2] in row
    numbers = [decision.name.rpartition("/")[2][:4] for decision in decisions]
    assert len(numbers) == len(set(numbers)), "two decisions have one number"


def test_the_tables_are_those_of_the_store() -> None:
    """docs/flow.md lists every table of the store, and no other."""
    (grid,) = [grid for grid in _page("docs/flow.md").grids() if grid.header[0] == "table"]
    assert {name for row in grid.rows for name in row[0].split(", ")} == TABLES


def test_the_picture_of_a_delivery_is_what_the_code_allows() -> None:
    """The arrows between the states of a delivery in docs/flow.md are the moves of `bot.core.deliveries`."""
    (picture,) = [block for block in _page("docs/flow.md").blocks("mermaid") if "stateDiagram" in block]
    arrows = {(before.replace("_", "-"), after.replace("_", "-")) for before, after in _ARROW.findall(picture)}
    assert arrows == {(before.value, after.value) for before, moves in deliveries.MOVES.items() for after in moves}


def test_the_glossary_defines_what_is_stored() -> None:
    """docs/glossary.md has every table, and every state and outcome of a contact and of a delivery."""
    defined = {name for grid in _page("docs/glossary.md").grids() for name in grid.names}
    outcomes = get_args(intakes.Outcome)
    assert defined >= {*TABLES, *contacts.State, *deliveries.State, *outcomes}


def test_the_glossary_says_which_words_not_to_use() -> None:
    """Each word that columns and keys of log lines may not have stands in the last column of docs/glossary.md."""
    avoided = {
        word
        for grid in _page("docs/glossary.md").grids()
        for *_, cell in grid.rows
        for word in re.findall(r"\w+", cell)
    }
    assert not NEVER - {word.lower() for word in avoided}


def test_no_document_is_cited_that_a_clone_lacks() -> None:
    """What code, configuration and tests name as NAME.md is a document, or a template, of this repository."""
    cited = {
        f"{name}: {document}"
        for name in files()
        if name.endswith((".py", ".toml", ".yaml", ".yml", ".json", ".html", ".sh")) or name == "Makefile"
        for document in _DOCUMENT.findall((ROOT / name).read_text(encoding="utf-8"))
        if name not in (HERE, NAVIGATION) and document not in MISSPELT and not _exists(document)
    }
    assert not cited


def _page(name: str) -> Page:
    return next(page for page in pages() if page.name == name)


def _target(page: Page, link: str) -> str:
    return ((ROOT / page.name).parent / link.partition("#")[0]).resolve().relative_to(ROOT).as_posix()


def _exists(path: str) -> bool:
    return path in _known() or any(
        fnmatch.fnmatchcase(f"/{name}", f"*/{_PLACEHOLDER.sub('*', path)}") for name in _known()
    )


@cache
def _known() -> frozenset[str]:
    """Every file with its folders; of one that the reader makes from an example, the name without that ending."""
    folders = {name.rsplit("/", depth)[0] for name in files() for depth in range(1, name.count("/") + 1)}
    return frozenset({name.removesuffix(".example") for name in files()} | folders)


def _leads_somewhere(target: str, anchor: str) -> bool:
    if not anchor:
        return target in _known()
    return target in files() and anchor in Page(target, (ROOT / target).read_text(encoding="utf-8")).anchors()


def _is_importable(name: str) -> bool:
    """Whether it is a module, or something within one."""
    room, _, last = name.rpartition(".")
    try:
        return last in dir(importlib.import_module(room)) or bool(importlib.import_module(name))
    except ImportError:
        return False
