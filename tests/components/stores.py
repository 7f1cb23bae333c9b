"""New SQLite stores, each a copy of one: to make it takes longer than most of what is done with it."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from bot.store import schema
from bot.store.databases import database_path


def make_store(url: str) -> None:
    """Make a store with every table at an address where there is none, as `schema.upgrade` does."""
    path = database_path(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(_first(), path)


@cache
def _first() -> Path:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "ackbot.db"
    schema.upgrade(f"sqlite:///{path}")
    path.chmod(0o600)
    return path
