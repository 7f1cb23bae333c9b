"""Copies a SQLite store while the service runs; the copy contains a mark that it is one."""

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
    """No copy was made; the text says why."""


def back_up(url: str, to: Path, now: datetime, progress: Callable[[int, int], None]) -> int:
    """Write a complete, flushed copy of a SQLite store to a new file for its owner alone; return its size in bytes.

    It is the state at one instant: SQLite starts again by itself if the service writes in the meantime. `progress` gets
    the number of pages copied, and of all pages. Raises NotCopied, and OSError where the file cannot be written.
    """
    unfinished = to.with_name(f"{to.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with (
            closing(sqlite3.connect(f"file:{database_path(url)}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(unfinished)) as target,
        ):
            source.backup(
                target,
                pages=PAGES_AT_ONCE,
                progress=lambda _status, pages_left, pages: progress(pages - pages_left, pages),
            )
            target.execute("PRAGMA journal_mode=DELETE")  # one file without companions
            stamp = now.isoformat()
            with target:
                target.execute("DELETE FROM cursors WHERE name = ?", (COPY_OF,))
                moved_at = now.replace(tzinfo=None).isoformat(" ", "microseconds")
                target.execute(
                    "INSERT INTO cursors (name, value, moved_at) VALUES (?, ?, ?)", (COPY_OF, stamp, moved_at)
                )
            if (result := target.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
                raise NotCopied(f"the copy is damaged: {result}")
        with unfinished.open("rb") as copy_file:
            os.fsync(copy_file.fileno())
        unfinished.replace(to)
    except sqlite3.Error as error:
        raise NotCopied(str(error)) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return to.stat().st_size
