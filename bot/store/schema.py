"""The revision of the schema, and its upgrade by Alembic migrations, which run only on request."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from sqlalchemy import inspect, text

from bot.store import rules
from bot.store.databases import database_path, is_shared, transaction

# Stored with the rules: the oldest revision whose program still works on this store. A migration that removes or
# changes what an older program needs moves it; one that only adds leaves it unchanged.
SERVES_FROM = "schema serves from"


class StoreRefused(Exception):
    """The store cannot be used as it is; the text says what to do."""


_ONE_UPGRADE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('ackbot schema'))")
_REVISION = text("SELECT version_num FROM alembic_version")
_MIGRATIONS = Path(__file__).parent / "migrations"


def newest() -> str:
    """Return the revision that this version of the program needs."""
    if not revisions():
        raise LookupError(f"no migrations in {_MIGRATIONS}")
    return revisions()[-1]


def revisions() -> tuple[str, ...]:
    """Return the revision of every migration, in order: each follows the one before, and its file is named by it."""
    return tuple(sorted(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py")))


def current(url: str) -> str | None:
    """Return the revision of a store; None for one that does not exist yet or is empty."""
    if not is_shared(url) and not database_path(url).exists():
        return None
    with transaction(url, writes=False) as connection:
        has_revision = inspect(connection).has_table("alembic_version")
        return connection.execute(_REVISION).scalar() if has_revision else None


def upgrade(url: str, revision: str = "head") -> None:
    """Upgrade a store to the newest revision (or that one); create a new SQLite file and its folder."""
    # Most starts meet a current schema: they do not spend their time on what they do not need.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

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
    """Create a new store; refuse one with another schema unless it may be upgraded. Raises StoreRefused."""
    os.umask(0o077)  # the store contains people's words: readable by its owner alone
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
    """Tell whether a newer version made this schema and kept all that this one needs."""
    if now is None or now in revisions():
        return False
    with transaction(url, writes=False) as connection:
        oldest = rules.load(connection).get(SERVES_FROM)
    if oldest is None or oldest > newest():
        raise StoreRefused(
            f"the store has schema {now} of a newer version, which this one cannot use: install that one"
        )
    return True


@contextmanager
def exclusive(url: str) -> Iterator[None]:
    """Lock a SQLite store for this process; a second one gets StoreRefused. The lock ends with the process.

    A store on PostgreSQL may be used by several processes.
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
