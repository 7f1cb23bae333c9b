"""A store of the oldest program goes through every migration; an interruption leaves it as it was."""

import json
import os
import re
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Inspector, Table, inspect, text

from bot.present import REHEARSAL, Present
from bot.store import cursors, databases, rules, schema
from bot.store.databases import is_shared, transaction
from tests.components import service as configured
from tests.components.ports import free_port, wait_until
from tests.components.postgres import Postgres
from tests.components.service import Service, ask
from tests.store import first_store
from tests.thoroughness import rows

# From here on old and new programs run side by side.
SIDE_BY_SIDE = "0004"
# The day after the last promise of that store.
TOO_LATE = ("--pretend-now", "2026-12-08T10:00+00:00")
UNLINKED = "SELECT id FROM events WHERE id NOT IN (SELECT event_id FROM event_links) AND at < '2026-12-08'"


@pytest.fixture
def old_url(empty_url: str) -> str:
    """The address of the oldest program's store."""
    first_store.put(empty_url)
    return empty_url


@pytest.fixture
def fresh_url(empty_url: str, request: pytest.FixtureRequest) -> str:
    """The address of a store on the same database that this version has made."""
    if is_shared(empty_url):
        server: Postgres = request.getfixturevalue("postgres")
        return server.url_of("fresh")
    return f"sqlite:///{request.getfixturevalue('fresh_file')}"


def _content(url: str, tables: dict[str, Table] | None = None) -> tuple[dict[str, Table], dict[str, list[Any]]]:
    with transaction(url, writes=False) as connection:
        tables = tables or first_store.first_tables(connection)
        return tables, first_store.content(connection, tables)


def _killed_in(url: str, revision: str) -> int:
    """Upgrade in a process of its own, which is killed when it has run that migration, and before it ends."""
    with warnings.catch_warnings():
        # Python warns of a fork where there are threads: none of ours is at work here.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        try:
            schema.upgrade(url, revision, progress=lambda _: os.kill(os.getpid(), signal.SIGKILL))
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_every_migration_keeps_what_was_there_and_can_be_killed(old_url: str) -> None:
    """Killed in its middle it has changed nothing; run again, every row has what it had."""
    tables, before = _content(old_url)
    revisions = schema.revisions()
    interrupted = rows(revisions[1:], each=3)
    for earlier, revision in pairwise(revisions):
        if revision in interrupted:
            assert _killed_in(old_url, revision) == -signal.SIGKILL
            assert schema.current(old_url) == earlier
        schema.upgrade(old_url, revision)
        assert _content(old_url, tables)[1] == before, revision
    assert schema.current(old_url) == schema.newest()


def test_a_store_that_grew_old_is_laid_out_as_a_new_one(old_url: str, fresh_url: str) -> None:
    """Columns, keys, checks, indexes and triggers."""
    schema.upgrade(old_url)
    with transaction(old_url, writes=False) as old, transaction(fresh_url, writes=False) as new:
        assert _layout(inspect(old)) == _layout(inspect(new))
        assert _triggers(old) == _triggers(new)


def _layout(inspector: Inspector) -> dict[str, dict[str, list[str]]]:
    """Each table: its columns, keys, checks and indexes, in no order."""
    parts: dict[str, Any] = {
        "columns": inspector.get_multi_columns(),
        "key": inspector.get_multi_pk_constraint(),
        "foreign keys": inspector.get_multi_foreign_keys(),
        "unique": inspector.get_multi_unique_constraints(),
        "checks": inspector.get_multi_check_constraints(),
        "indexes": inspector.get_multi_indexes(),
    }
    return {
        table: {
            part: sorted(map(_words, [items[None, table]] if part == "key" else items[None, table] or ()))
            for part, items in parts.items()
        }
        for table in inspector.get_table_names()
    }


def _words(part: Any) -> str:
    """What the database says of it. On SQLite a text is a text, whatever length was written down once."""
    return re.sub(r"VARCHAR(\(\d+\))?", "TEXT", json.dumps(part, default=str, sort_keys=True))


def test_an_older_program_has_all_that_it_knows_on_a_newer_schema(empty_url: str) -> None:
    """A later migration only adds: nothing that was there is gone or another, and nothing new must be filled in.

    Where one cannot, it moves the mark `schema serves from`, and older programs do not start.
    """
    schema.upgrade(empty_url, SIDE_BY_SIDE)
    before, mark = _layout_of(empty_url), _serves_from(empty_url)
    for revision in schema.revisions()[schema.revisions().index(SIDE_BY_SIDE) + 1 :]:
        schema.upgrade(empty_url, revision)
        after = _layout_of(empty_url)
        if _serves_from(empty_url) == mark:
            assert not list(_in_the_way_of_older(before, after)), revision
        before, mark = after, _serves_from(empty_url)


def _layout_of(url: str) -> dict[str, dict[str, list[str]]]:
    with transaction(url, writes=False) as connection:
        return _layout(inspect(connection))


def _serves_from(url: str) -> str:
    with transaction(url, writes=False) as connection:
        return rules.load(connection)[schema.SERVES_FROM]


def _in_the_way_of_older(
    before: dict[str, dict[str, list[str]]], after: dict[str, dict[str, list[str]]]
) -> Iterator[str]:
    """Yield what a program that knows the layout of before would stumble over in that of after."""
    for table, parts in before.items():
        if table not in after:
            yield f"{table} is gone"
            continue
        for part in ("columns", "key", "foreign keys", "unique", "checks"):
            old, new = set(parts[part]), set(after[table][part])
            gone = {item for item in old - new if '"computed"' not in item}
            more = {item for item in new - old if part != "columns" or not _fills_itself(item)}
            yield from (f"{table}: {part}: {item}" for item in gone | more)


def _fills_itself(column: str) -> bool:
    facts = json.loads(column)
    return facts["nullable"] or facts["default"] is not None or "computed" in facts


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("contacts", "ALTER TABLE contacts ADD COLUMN must INTEGER NOT NULL"),
        ("contacts", "ALTER TABLE contacts DROP COLUMN promise"),
        ("cursors", "DROP TABLE cursors"),
        ("deliveries", "ALTER TABLE deliveries ALTER COLUMN holder SET NOT NULL"),
        ("deliveries", "ALTER TABLE deliveries ADD CONSTRAINT few CHECK (attempts < 3)"),
        ("messages", "ALTER TABLE messages ADD CONSTRAINT alone UNIQUE (message_id)"),
    ],
    ids=lambda words: words if " " in words else "",
)
def test_a_migration_that_an_older_program_stumbles_over_is_noticed(
    postgres: Postgres, table: str, change: str
) -> None:
    """A column that must be filled in, or anything taken away or made narrower."""
    with transaction(postgres.url_of("fresh"), writes=True) as connection:
        before = _layout(inspect(connection))
        connection.execute(text(change))
        faults = list(_in_the_way_of_older(before, _layout(inspect(connection))))
        connection.rollback()
    assert [fault for fault in faults if fault.startswith(table)]


def _triggers(connection: Any) -> set[Any]:
    query = {
        "sqlite": "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT event_object_table, trigger_name, action_statement FROM information_schema.triggers",
    }
    return {tuple(row) for row in connection.execute(text(query[connection.dialect.name]))}


def test_the_service_goes_on_where_the_oldest_program_was_killed(old_url: str, tmp_path: Path) -> None:
    """What waited leaves once, what had left does not; an open contact is alerted, answered, and at rest."""
    port = free_port()
    channels = [configured.LMTP.format(port=port), configured.FORM, configured.LOOPBACK]
    with transaction(old_url, writes=True) as connection:
        cursors.put(connection, REHEARSAL, Present().as_text(), Present().now())
    with Service(tmp_path, channels, store_url=old_url).start("--upgrade", *TOO_LATE) as service:
        waited = "SELECT contact_id FROM deliveries WHERE purpose = 'acknowledgement' AND state = 'sent' AND id > 21"
        wait_until(lambda: len(ask(old_url, waited)) == 2, what="the receipts that waited")
        alerted = "SELECT DISTINCT contact_id FROM deliveries WHERE purpose = 'alert' AND state = 'sent' AND id > 23"
        wait_until(lambda: {12, 13, 14} <= {row[0] for row in ask(old_url, alerted)}, what="alerts of what is overdue")
        ((reference,),) = ask(old_url, "SELECT reference FROM contacts WHERE id = 12")
        _command(service, "contacts", "respond", reference)
        assert ask(old_url, "SELECT state, next_look_at FROM contacts WHERE id = 12") == [("answered", None)]
        wait_until(lambda: not ask(old_url, UNLINKED), what="a trail with every event of before")
        assert service.stop() == 0
        _command(service, "audit", "verify")
        if not is_shared(old_url):
            _command(service, "figures", "rebuild", may_differ=True)
            _command(service, "figures", "rebuild", "--check")
    receipts = [path for path in (tmp_path / "sent").iterdir() if b"\nMessage-ID: <ack." in path.read_bytes()]
    assert len(receipts) == 2


def _command(service: Service, *arguments: str, may_differ: bool = False) -> None:
    assert service.command(*arguments, check=False).exit_code in (0, int(may_differ))


def test_of_two_processes_that_upgrade_at_once_one_waits(postgres: Postgres, tmp_path: Path) -> None:
    """Both start with --upgrade on the oldest store, and both become ready."""
    url = postgres.create("together")
    first_store.put(url)
    with ExitStack() as processes:
        pair = [Service(tmp_path / name, [configured.LOOPBACK], store_url=url) for name in ("first", "second")]
        for service in pair:
            processes.callback(service.kill)
            service.start("--upgrade", wait=False)
        wait_until(lambda: all(service.started() for service in pair), what="both")
        assert schema.current(url) == schema.newest()
        assert [service.stop() for service in pair] == [0, 0]
    postgres.drop("together")


@pytest.fixture
def impatient_url(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A store of the oldest program on a database that lets nobody wait for a lock."""
    monkeypatch.setitem(databases._SESSION, "lock_timeout", "50ms")
    url = postgres.create("impatient")
    first_store.put(url)
    yield url
    postgres.drop("impatient")


def test_who_waits_for_another_upgrade_is_not_ended_for_waiting(impatient_url: str) -> None:
    """The database ends whoever waits too long for a table; another upgrade may take minutes."""
    waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory' AND now() - query_start > '200ms'"
    with psycopg.connect(impatient_url) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtext('ackbot schema'))")
        upgrade = threading.Thread(target=schema.upgrade, args=(impatient_url,))
        upgrade.start()
        wait_until(lambda: bool(ask(impatient_url, waits)), what="an upgrade that waits")
    upgrade.join()
    assert schema.current(impatient_url) == schema.newest()


def test_an_upgrade_that_a_table_in_use_prevents_changes_nothing(impatient_url: str) -> None:
    """It is refused in plain words after some seconds, as whoever comes behind it would wait, too."""
    with psycopg.connect(impatient_url) as other:
        other.execute("LOCK TABLE deliveries")
        with pytest.raises(schema.StoreRefused, match=r"the store is as it was, so run it again: .*lock timeout"):
            schema.upgrade(impatient_url)
    assert schema.current(impatient_url) == first_store.FIRST
    schema.upgrade(impatient_url)
    assert schema.current(impatient_url) == schema.newest()


@pytest.fixture
def written_down(tmp_path: Path) -> Service:
    """A configuration whose store is the oldest program's file; nothing runs."""
    service = Service(tmp_path, [configured.LOOPBACK])
    first_store.put(service.store_url)
    return service


def test_the_command_says_each_step(written_down: Service) -> None:
    """Where the store stands, what must be done, each migration, and where it stands now."""
    before = written_down.command("schema", "status", check=False)
    assert (before.exit_code, "store: 0001" in before.stdout, "ackbot schema upgrade" in before.stderr) == (
        1,
        True,
        True,
    )
    upgrade = written_down.command("schema", "upgrade")
    assert [line.split()[0] for line in upgrade.stderr.splitlines()] == [*schema.revisions()[1:]]
    assert f"at 0001 and is at {schema.newest()} now" in upgrade.stdout
    assert written_down.command("schema", "status").exit_code == 0


def test_a_file_in_use_is_not_upgraded(written_down: Service) -> None:
    """On SQLite the old program must be stopped first; the command says so, and changes nothing."""
    with schema.exclusive(written_down.store_url):
        refusal = written_down.command("schema", "upgrade", check=False)
    assert (refusal.exit_code, "another Ackbot is running" in refusal.stderr) == (2, True)
    assert schema.current(written_down.store_url) == first_store.FIRST


def test_commands_work_on_a_schema_of_a_newer_version_that_serves_this_one(written_down: Service) -> None:
    """As the service does while processes are replaced; one that does not serve it is refused, with what to do."""
    url = written_down.store_url
    schema.upgrade(url)
    with transaction(url, writes=True) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert len(written_down.contacts()) == 14
    status = written_down.command("schema", "status", check=False)
    assert (status.exit_code, "this one works on it" in status.stdout) == (1, True)
    with transaction(url, writes=True) as connection:
        connection.execute(text("UPDATE rules SET value = '9998' WHERE name = :name"), {"name": schema.SERVES_FROM})
    for command in (["contacts", "list"], ["schema", "status"], ["schema", "upgrade"]):
        refusal = written_down.command(*command, check=False)
        assert refusal.exit_code
        assert "of a newer version, which this one cannot use: install that one" in refusal.stderr


def test_a_database_that_is_not_there_is_said_in_a_line(tmp_path: Path) -> None:
    """Every command that needs the store ends with what the database's driver says, and no traceback."""
    service = Service(tmp_path, [configured.LOOPBACK], store_url=f"postgresql://ackbot@127.0.0.1:{free_port()}/ackbot")
    for command in (["contacts", "list"], ["schema", "status"], ["schema", "upgrade"], ["run"]):
        refusal = service.command(*command, check=False)
        assert refusal.exit_code in (1, 2)
        assert "the store cannot be used now: connection failed" in refusal.stderr
        assert len(refusal.stderr.splitlines()) == 1
