"""The house as text: its files, its functions and what they say about themselves."""

import ast
import gc
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
Function = ast.FunctionDef | ast.AsyncFunctionDef
# A migration is one long list of what to change, and is never touched again.
MIGRATIONS = ROOT / "bot" / "store" / "migrations" / "versions"


@dataclass(frozen=True)
class Source:
    """One Python file: where it is, its lines, and its syntax tree."""

    path: Path
    lines: int
    tree: ast.Module

    @property
    def name(self) -> str:
        """The path as people write it: bot/core/contacts.py."""
        return self.path.relative_to(ROOT).as_posix()

    def functions(self) -> Iterator[Function]:
        """Every function and method, nested ones too."""
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def public(self) -> Iterator[Function | ast.ClassDef]:
        """What the file offers at its top: functions and classes without a leading underscore."""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        return (node for node in self.tree.body if isinstance(node, kinds) and not node.name.startswith("_"))


def sources(*folders: str) -> tuple[Source, ...]:
    """Every Python file of these folders of the repository."""
    paths = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return tuple(_read(path) for path in paths)


def into_a_folder(file: Path) -> Path:
    """Make a module a package of the same name; returns its folder."""
    folder = file.with_suffix("")
    folder.mkdir()
    return file.rename(folder / "__init__.py").parent


@cache
def _read(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    was_on = gc.isenabled()
    gc.disable()  # a syntax tree is many small objects, and none of them is garbage: half of the time went there
    try:
        return Source(path, len(text.splitlines()), ast.parse(text, path))
    finally:
        if was_on:
            gc.enable()
