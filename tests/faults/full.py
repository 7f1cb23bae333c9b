"""A file system of a few megabytes for a database's tables, filled on purpose."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.components.postgres import Postgres

MEGABYTES = 200


class Disk:
    """A file system; `full` leaves no byte of it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def full(self) -> Iterator[None]:
        """While the block runs nothing on it can grow."""
        ballast = self.path / "ballast"
        with ballast.open("wb") as file:
            try:
                while True:
                    os.write(file.fileno(), b"x" * 8192)
            except OSError:
                pass
        try:
            yield
        finally:
            ballast.unlink()


@contextmanager
def full_disk(server: Postgres, database: str) -> Iterator[Disk]:
    """The database's tables lie on a file system of their own while the block runs. Only root can do that."""
    path = Path(tempfile.mkdtemp(prefix="disk-", dir="/tmp"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", path], check=True)
    try:
        tables = path / "tables"
        tables.mkdir()
        owner = server.data.stat()
        os.chown(tables, owner.st_uid, owner.st_gid)
        with psycopg.connect(server.url, autocommit=True) as line:
            line.execute(f"CREATE TABLESPACE small LOCATION '{tables}'")
            line.execute(f'ALTER DATABASE "{database}" SET TABLESPACE small')
        try:
            yield Disk(path)
        finally:
            server.stop()
    finally:
        subprocess.run(["umount", path], check=True)
        shutil.rmtree(path)
