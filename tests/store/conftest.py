"""Stores of which several files of this folder need a new one."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.components.postgres import Postgres

_NUMBERS = count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a store without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = f"empty{next(_NUMBERS)}"  # an address of its own: an engine that is used again remembers its store
    yield server.create(name)
    server.drop(name)
