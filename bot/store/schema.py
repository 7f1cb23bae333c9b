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
from sqlalchemy import text

from bot.store import rules
from bot.store.databases import database_path, is_shared, transaction

# Kept with the rules: the oldest schema whose program still works on this store. A migration that takes away or changes
# what an older program needs moves it; one that only adds leaves it as it is.
SERVES_FROM = "schema serves from"


class StoreRefused(Exception):
    """The store cannot be used as it is; the text says what to do."""


_ONE_UPGRADE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('ackbot schema'))")
_MIGRATIONS = Path(__file__).parent / "migrations"


def newest() -> str:
    """The revision that this version of the program needs."""
    head = scripts().get_current_head()
    if head is None:
        raise LookupError(f"no migrations in {_MIGRATIONS}")
    return head


def current(url: str) -> str | None:
    """The revision of a store; None for one that does not exist yet or is empty."""
    if not is_shared(url) and not database_path(url).exists():
        return None
    with transaction(url, writes=False) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(url: str, revision: str = "head") -> None:
    """Bring a store to the newest revision (or that one); a new SQLite file and its folder are made."""
    if not is_shared(url):
        database_path(url).parent.mkdir(parents=True, exist_ok=True)
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with transaction(url, writes=True) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(_ONE_UPGRADE_AT_A_TIME)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def prepare(url: str, *, may_upgrade: bool) -> None:
    """Make a new store; refuse one with another schema unless it may be upgraded. Raises StoreRefused."""
    os.umask(0o077)  # the store holds people's words: for its owner alone
    now = current(url)
    if now == newest() or _serves_older(url, now):
        return
    if now is not None and not may_upgrade:
        raise StoreRefused(
            f"the store has schema {now}, this version needs {newest()}: back it up, then start with --upgrade "
            "or run: ackbot schema upgrade"
        )
    upgrade(url)


def _serves_older(url: str, now: str | None) -> bool:
    """Whether a newer version made this schema and left all that this one needs, so that both can run side by side."""
    if now is None or now in {script.revision for script in scripts().walk_revisions()}:
        return False
    with transaction(url, writes=False) as connection:
        oldest = rules.kept(connection).get(SERVES_FROM)
    if oldest is None or oldest > newest():
        raise StoreRefused(
            f"the store has schema {now} of a newer version, which this one cannot use: install that one"
        )
    return True


def scripts() -> ScriptDirectory:
    """Every migration."""
    return ScriptDirectory(str(_MIGRATIONS))


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
