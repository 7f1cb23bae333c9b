"""The revision of the schema, and its upgrade by Alembic migrations, which run only on request."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from bot.store import rules
from bot.store.databases import UNAVAILABLE, database_path, is_shared, reason_of, transaction

# Stored with the rules: the oldest revision whose program still works on this store. A migration that removes or
# changes what an older program needs moves it; one that only adds leaves it unchanged.
SERVES_FROM = "schema serves from"

# Gets the revision of each migration when it has run.
Progress = Callable[[str], None]


class StoreRefused(Exception):
    """The store cannot be used as it is; the text says what to do."""


# Whoever comes second waits as long as the first one takes. A table that others use is not waited for as long: what
# comes behind us would wait, too.
_ONE_UPGRADE_AT_A_TIME = (
    text("SET LOCAL lock_timeout = 0"),
    text("SELECT pg_advisory_xact_lock(hashtext('ackbot schema'))"),
    text("SET LOCAL lock_timeout TO DEFAULT"),
)
_REVISION = text("SELECT version_num FROM alembic_version")
_MIGRATIONS = Path(__file__).parent / "migrations"
_NOT_UPGRADED = "the schema could not be upgraded, and the store is as it was, so run it again"


def newest() -> str:
    """Return the revision that this version of the program needs."""
    if not revisions():
        raise LookupError(f"no migrations in {_MIGRATIONS}")
    return revisions()[-1]


def revisions() -> tuple[str, ...]:
    """Return the revision of every migration, in order: each follows the one before, and its file is named by it."""
    return tuple(sorted(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py")))


def current(url: str) -> str | None:
    """Return the revision of a store; None for one that does not exist yet or is empty. Raises StoreRefused."""
    if not is_shared(url) and not database_path(url).exists():
        return None
    with _refusing("the store cannot be used now"), transaction(url, writes=False) as connection:
        has_revision = inspect(connection).has_table("alembic_version")
        return connection.execute(_REVISION).scalar() if has_revision else None


def upgrade(url: str, revision: str = "head", progress: Progress = lambda _: None) -> None:
    """Upgrade a store to the newest revision (or that one), or leave it as it was; create a SQLite file and its folder.

    It is one transaction: what was interrupted has not begun. Of it and a process that works on the store the database
    may end either, where each waits for the other: then it is run again. Raises StoreRefused.
    """
    # Most starts meet a current schema: they do not spend their time on what they do not need.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    from bot.store.engine import run  # noqa: PLC0415

    if not is_shared(url):
        database_path(url).parent.mkdir(parents=True, exist_ok=True)
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))

    def work(connection: Connection) -> None:
        for statement in _ONE_UPGRADE_AT_A_TIME if connection.dialect.name == "postgresql" else ():
            connection.execute(statement)
        config.attributes |= {"connection": connection, "progress": progress}
        command.upgrade(config, revision)

    with _refusing(_NOT_UPGRADED):
        run(lambda: transaction(url, writes=True), work)


def require(url: str) -> None:
    """Raise StoreRefused where this version cannot work on the store as it is; nothing is changed."""
    now = current(url)
    if now is None:
        raise StoreRefused(f"there is no store yet at {url}; the service makes it: ackbot run")
    if now != newest() and not _serves_older(url, now):
        raise StoreRefused(f"the store has schema {now}, this version needs {newest()}. Run: ackbot schema upgrade")


def prepare(url: str, *, may_upgrade: bool, progress: Progress = lambda _: None) -> None:
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
    upgrade(url, progress=progress)


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
def _refusing(words: str) -> Iterator[None]:
    """Refuse with these words and the reason where the database is in trouble."""
    try:
        yield
    except UNAVAILABLE as error:
        raise StoreRefused(f"{words}: {reason_of(error)}") from error


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
