"""A copy of the house, for what must not be tried on the house itself."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture.house import ROOT


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes a copy of the house without what import rules do not ask about."""

    def copy() -> Path:
        to = tmp_path_factory.mktemp("house")
        for folder in ("bot", "channels"):
            shutil.copytree(ROOT / folder, to / folder, ignore=shutil.ignore_patterns("__pycache__", "_data"))
        shutil.copy(ROOT / "pyproject.toml", to)
        return to

    return copy


@pytest.fixture
def copy(house: Callable[[], Path]) -> Path:
    """A copy of its own."""
    return house()
