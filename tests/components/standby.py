"""A hot standby of a PostgreSQL, which takes over when the first one is gone."""

import psycopg

from tests.components.ports import free_port, wait_until
from tests.components.postgres import Postgres, wait_for

_NAME = "standby"


class Standby(Postgres):
    """Follows `primary`, which from the start on tells nobody that something is committed before we have it, too."""

    def __init__(self, primary: Postgres) -> None:
        """Copy the primary, which runs; nothing runs here yet."""
        self._primary = primary
        super().__init__()

    def start(self) -> None:
        """Start, and return when nothing committed can be lost any more."""
        super().start()
        with psycopg.connect(self._primary.url, autocommit=True) as line:
            line.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{_NAME}'")
            line.execute("SELECT pg_reload_conf()")
            wait_until(lambda: _state(line) == "sync", what="a synchronous standby")

    def promote(self) -> None:
        """Become the primary; returns when it takes writes."""
        self._run("pg_ctl", "promote", "-D", self.data, "--wait")
        wait_for(f"{self.url}?target_session_attrs=read-write")

    def either(self, database: str) -> str:
        """The address of a database on whichever of the two takes writes."""
        hosts = "&".join(f"host=127.0.0.1:{port}" for port in (self._primary.port, self.port))
        return f"postgresql://ackbot@/{database}?{hosts}&target_session_attrs=read-write"

    def _make(self) -> None:
        self.port = free_port()
        source = f"host=127.0.0.1 port={self._primary.port} user=ackbot application_name={_NAME}"
        how = ("--checkpoint=fast", "--no-sync", "--write-recovery-conf", "--create-slot", f"--slot={_NAME}")
        self._run("pg_basebackup", "-D", self.data, "-d", source, *how)


def _state(line: "psycopg.Connection[tuple[str]]") -> str:
    row = line.execute("SELECT sync_state FROM pg_stat_replication").fetchone()
    return row[0] if row else ""
