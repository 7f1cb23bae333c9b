"""Hook of MkDocs: what the documents name beyond docs/, so that their links work on the site as in a clone.

Pages of the repository such as SECURITY.md become pages of the site, below project/; any other file that a page links
to lies on the site as it is, below repository/. README.md is what the first page of the site stands for.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
_PAGES = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE")
_SCRIPTS = ROOT / ".cache/docs/scripts"
_LINK = re.compile(r"(?<=\]\()([^)#\s]+)(?=[)#])")


def on_files(files: Files, config: MkDocsConfig, **_: Any) -> Files:
    """Add the scripts, the pages of the repository, and the files that pages link to."""
    for script in sorted(_SCRIPTS.iterdir()):
        files.append(File.generated(config, f"scripts/{script.name}", abs_src_path=str(script)))
    for name in _PAGES:
        files.append(File.generated(config, _on_the_site(name), content=_text(name)))
    linked = {path for file in files.documentation_pages() for path in _paths(file)}
    for path in sorted(path for path in linked if _on_the_site(path).startswith("repository/")):
        files.append(File.generated(config, _on_the_site(path), abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Return the page with the links beyond docs/ as they lead on the site."""
    here = posixpath.dirname(page.file.src_uri)

    def moved(link: re.Match[str]) -> str:
        path = _from_the_root(link[1], page.file)
        return link[1] if path is None else posixpath.relpath(_on_the_site(path), here or ".")

    return _LINK.sub(moved, markdown)


def _text(name: str) -> str:
    text = (ROOT / name).read_text(encoding="utf-8")
    return text if name.endswith(".md") else f"# Licence\n\n```text\n{text}\n```\n"


def _paths(file: File) -> Iterator[str]:
    return (path for link in _LINK.findall(file.content_string) if (path := _from_the_root(link, file)) is not None)


def _from_the_root(link: str, file: File) -> str | None:
    """Return the path in the repository that a link means; None for an address, and where it needs no change."""
    is_of_the_repository = file.src_uri.startswith("project/")
    if ":" in link or not (is_of_the_repository or link.startswith("../")):
        return None
    folder = "" if is_of_the_repository else posixpath.dirname(f"docs/{file.src_uri}")
    return posixpath.normpath(posixpath.join(folder, link))


def _on_the_site(path: str) -> str:
    """Return where a file of the repository is on the site."""
    if path == "README.md":
        return "index.md"
    if path in _PAGES:
        return f"project/{path.removesuffix('.md').lower()}.md"
    within = posixpath.relpath(path, "docs")
    return f"repository/{path}" if within.startswith("../") else within
