"""Every page of docs/nights is tried, and is written alike, so that nobody looks for a thing at night."""

import ast

import pytest

from tests.architecture.documents import Page
from tests.architecture.house import sources
from tests.nights.page import FOLDER

PAGES = sorted(FOLDER.glob("*.md"))
HEADINGS = ["What you see", "What it means", "Do this now", "It is over when", "Whom to tell", "Afterwards"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_says_the_same_things_in_the_same_order(path: str) -> None:
    """What is seen, what it means, what to do, how it ends, whom to tell, what comes later."""
    assert Page("night", FOLDER.joinpath(path).read_text(encoding="utf-8")).headings()[1:] == HEADINGS


def test_every_page_is_tried() -> None:
    """Its commands are run, every one of them, where a test opens it as a `Night`."""
    opened = {
        call.args[0].value
        for source in sources("tests/nights")
        for call in ast.walk(source.tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "Night"
        and isinstance(call.args[0], ast.Constant)
    }
    assert opened == {path.stem for path in PAGES}


def test_the_index_leads_to_every_page() -> None:
    """docs/operations.md says by what is seen which page it is."""
    index = (FOLDER.parent / "operations.md").read_text(encoding="utf-8")
    (grid,) = [grid for grid in Page("index", index).grids() if grid.heading == "Which night is it?"]
    assert sorted(row[1].partition("(nights/")[2].removesuffix(")") for row in grid.rows) == [p.name for p in PAGES]
