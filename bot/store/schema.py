"""The state of the schema, and the way forward: Alembic migrations, run by us and never behind anyone's back."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from bot.store.databases import database_path, engine_of, is_shared


class StoreRefused(Exception):
    """The store cannot be used as it is; the text says what to do."""


_ONE_UPGRADE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('ackbot schema'))")
_MIGRATIONS = Path(__file__).parent / "migrations"


def newest() -> str:
    """The revision that this version of the program needs."""
    head = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
    if head is None:
        raise LookupError(f"no migrations in {_MIGRATIONS}")
    return head


def current(url: str) -> str | None:
    """The revision of a store; None for one that does not exist yet or is empty."""
    if not is_shared(url) and not database_path(url).exists():
        return None
    engine = engine_of(url, writes=False)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def upgrade(url: str) -> None:
    """Bring a store to the newest revision; a new SQLite file and its folder are made."""
    if not is_shared(url):
        database_path(url).parent.mkdir(parents=True, exist_ok=True)
    engine = engine_of(url, writes=True)
    try:
        _run(engine)
    finally:
        engine.dispose()


def _run(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(_ONE_UPGRADE_AT_A_TIME)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def prepare(url: str, *, may_upgrade: bool) -> None:
    """Make a new store; refuse one with another schema unless it may be upgraded. Raises StoreRefused."""
    os.umask(0o077)  # the store holds people's words: for its owner alone
    now = current(url)
    if now == newest():
        return
    if now is not None and not may_upgrade:
        raise StoreRefused(
            f"the store has schema {now}, this version needs {newest()}: back it up, then start with --upgrade "
            "or run: ackbot schema upgrade"
        )
    upgrade(url)


@contextmanager
def held_alone(url: str) -> Iterator[None]:
    """Hold a SQLite store for this process; a second one gets StoreRefused. The lock dies with the process.

    A store on PostgreSQL is for several.
    """
    if is_shared(url):
        yield
        return
    path = Path(f"{database_path(url)}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except OSError as error:
            raise StoreRefused(
                f"another Ackbot is running on {database_path(url)}: stop it first, or give this one its own store.url"
            ) from error
        yield
