"""A copy of a SQLite store, made while the service runs; it says of itself that it is a copy."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from bot.store.databases import database_path

COPY_OF = "copy of"
PAGES_AT_ONCE = 2_000


class NotCopied(Exception):
    """There is no copy; the text says why."""


def back_up(url: str, to: Path, now: datetime, progress: Callable[[int, int], None]) -> int:
    """Write a copy of a SQLite store to a new file, whole and flushed, for its owner alone; returns its size in bytes.

    It is the state at one moment: SQLite starts anew by itself where the service writes meanwhile. `progress` is told
    how many pages are done, and of how many. Raises NotCopied.
    """
    unfinished = to.with_name(f"{to.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with (
            closing(sqlite3.connect(f"file:{database_path(url)}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(unfinished)) as target,
        ):
            source.backup(target, pages=PAGES_AT_ONCE, progress=lambda _s, left, of: progress(of - left, of))
            target.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
            stamp = now.isoformat()
            with target:
                target.execute("DELETE FROM cursors WHERE name = ?", (COPY_OF,))
                moved_at = now.replace(tzinfo=None).isoformat(" ", "microseconds")
                target.execute(
                    "INSERT INTO cursors (name, value, moved_at) VALUES (?, ?, ?)", (COPY_OF, stamp, moved_at)
                )
            if (said := target.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
                raise NotCopied(f"the copy is damaged: {said}")
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.replace(to)
    except (OSError, sqlite3.Error) as error:
        raise NotCopied(str(error)) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return to.stat().st_size
