"""The site of documents, as far as it can be judged without building it (`make docs` does)."""

import fnmatch
from collections.abc import Iterator
from typing import Any

import yaml

from tests.architecture.documents import files
from tests.architecture.house import ROOT

NAVIGATION = "docs/.nav.yml"


def test_every_page_is_in_the_navigation() -> None:
    """Each document of docs/ is named by one line of the navigation, or by one pattern."""
    patterns = list(_patterns(yaml.safe_load((ROOT / NAVIGATION).read_text(encoding="utf-8"))["nav"]))
    names = [name.removeprefix("docs/") for name in files() if name.startswith("docs/") and name.endswith(".md")]
    assert {name for name in names if sum(fnmatch.fnmatchcase(name, pattern) for pattern in patterns) != 1} == set()


def test_the_navigation_names_no_page_that_is_not_there() -> None:
    """Each line of it leads to a document of docs/, or to one of the repository that the site has, too."""
    pages = {name.removeprefix("docs/") for name in files()}
    tops = {f"project/{name.removesuffix('.md').lower()}.md" for name in files() if "/" not in name}
    patterns = _patterns(yaml.safe_load((ROOT / NAVIGATION).read_text(encoding="utf-8"))["nav"])
    assert {pattern for pattern in patterns if not fnmatch.filter(pages | tops, pattern)} == set()


def _patterns(entries: list[Any]) -> Iterator[str]:
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        for below in entry.values() if isinstance(entry, dict) else ():
            yield from [below] if isinstance(below, str) else _patterns(below)
