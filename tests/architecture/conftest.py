"""A copy of the house, for what must not be tried on the house itself."""

import shutil
from pathlib import Path

import pytest

from tests.architecture.house import ROOT


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The house without what import rules do not ask about."""
    for folder in ("bot", "channels"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "_data"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path
