"""The cost of a store with millions of contacts compared with an empty one: start, receiving and watching."""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, text

from bench import rig
from bot.store import clocks, schema
from bot.store.databases import engine_of, is_shared
from bot.store.engine import Store
from tests.components import service as configured
from tests.components.ports import free_port, wait_until
from tests.components.postgres import Postgres
from tests.components.service import Service, ask
from tests.components.sink import Sink

MAILS, ANSWERED, CONNECTIONS = 2_000, 0.9, 10
LOOKS = 300
NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
# Four years of contacts, one in 250 still open; each with its message, its words, its receipt and its events.
_FILL = (
    """INSERT INTO contacts (id, reference, channel, external_id, state, outcome, rule, reason, sender_address,
         sender_key, standard, standard_version, promise, calendar, received_at, acknowledge_by, acknowledged_at,
         respond_by, receipt_sent_at, next_look_at)
       SELECT i, 'OLD-' || i, 'inbox', '<' || i || '@old.example>',
         CASE WHEN i % 250 = 0 THEN 'open' ELSE 'answered' END,
         'acknowledge', '24 a person', '', 'p' || i || '@old.example', 'p' || i || '@old.example', 'general', '1',
         '10 working days', 'england', {at}, {at}, {at}, {at}, {at}, CASE WHEN i % 250 = 0 THEN {later} END FROM {n}""",
    """INSERT INTO messages (id, contact_id, channel, external_id, message_id, digest, received_at, text)
       SELECT i, i, 'inbox', '<' || i || '@old.example>', '<' || i || '@old.example>', 'digest' || i, {at},
         'There is a hole in the road. It has been there for a week, and nobody has come.' FROM {n}""",
    "INSERT INTO raw_messages (message_id, raw) SELECT i, {blob} FROM {n}",
    """INSERT INTO deliveries (id, key, contact_id, purpose, step, channel, recipient, message_id, state, attempts,
         created_at, sent_at)
       SELECT i, i || ':acknowledgement', i, 'acknowledgement', '', 'post', 'p' || i || '@old.example',
         '<ack.' || i || '@example.gov.uk>', 'sent', 1, {at}, {at} FROM {n}""",
    "INSERT INTO events (contact_id, at, kind) SELECT i, {at}, 'logged' FROM {n}",
    "INSERT INTO events (contact_id, at, kind) SELECT i, {at}, 'acknowledgement sent' FROM {n}",
)
_SQLITE = {
    "at": "strftime('%Y-%m-%d %H:%M:%S.000000', '2022-01-01', '+' || (i * 30) || ' seconds')",
    "later": "'2027-01-01 00:00:00.000000'",
    "blob": "randomblob(400)",
}
_POSTGRESQL = {
    "at": "timestamptz '2022-01-01 00:00Z' + i * interval '30 seconds'",
    "later": "timestamptz '2027-01-01 00:00Z'",
    "blob": "decode(repeat(md5(i::text), 25), 'hex')",
}


def empty_and_full(contacts: int) -> None:
    """Measure an empty store and one with so many contacts, on both databases."""
    with Sink() as sink, tempfile.TemporaryDirectory() as folder:
        _measure("SQLite", lambda name: f"sqlite:///{folder}/{name}.db", contacts, sink, Path(folder))
        with Postgres(durable=True) as server:
            _measure("PostgreSQL", server.create, contacts, sink, Path(folder))


def _measure(database: str, make: Callable[[str], str], contacts: int, sink: Sink, folder: Path) -> None:
    figures = []
    for name, count in (("empty", 0), ("full", contacts)):
        url = make(name)
        schema.upgrade(url)
        start_of_fill = time.perf_counter()
        if count:
            _fill(url, count)
        fill_seconds = time.perf_counter() - start_of_fill
        start, rate = _serve(url, sink, folder / database / name)
        figures.append((start, rate, _looks(url)))
        rig.show(
            benchmark="the same service on a small and a large store",
            database=database,
            contacts=count,
            seconds_to_fill=fill_seconds,
            seconds_to_start=start,
            mails_a_second=rate,
            rate_ratio_to_empty=rate / figures[0][1],
            microseconds_a_look=1e6 * figures[-1][2],
            look_ratio_to_empty=figures[-1][2] / figures[0][2],
        )


def _fill(url: str, count: int) -> None:
    shared = is_shared(url)
    words = _POSTGRESQL if shared else _SQLITE
    source = f"generate_series(1, {count}) AS n(i)" if shared else "n"
    numbers = f"WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "  # noqa: S608
    head = "" if shared else numbers
    engine = engine_of(url, writes=True)
    for statement in _FILL:
        with engine.begin() as connection:
            connection.exec_driver_sql(
                (head + statement.format(n=source, **words)).replace("%", "%%" if shared else "%")
            )
    with engine.begin() as connection:
        if shared:
            for table in ("contacts", "messages", "deliveries", "events"):
                connection.execute(text(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))"))  # noqa: S608
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if shared else "ANALYZE")
    engine.dispose()


def _serve(url: str, sink: Sink, folder: Path) -> tuple[float, float]:
    """Return the seconds until the process is ready, and the mails logged and acknowledged a second."""
    port = free_port()
    channels = [configured.LMTP.format(port=port), configured.SMTP.format(port=sink.port), configured.NO_BREAKER]
    service = Service(folder, channels, store_url=url)
    start_of_phase = time.perf_counter()
    with service:
        start = time.perf_counter() - start_of_phase
        last = int(ask(url, "SELECT coalesce(max(id), 0) FROM deliveries")[0][0])
        start_of_phase = time.perf_counter()
        rig.deliver_apart(port, MAILS, CONNECTIONS).wait()
        wait_until(lambda: _sent_count(url, last) >= MAILS * ANSWERED, what="every acknowledgement", seconds=60)
        rate = MAILS / (time.perf_counter() - start_of_phase)
        service.stop()
    return start, rate


def _sent_count(url: str, after: int) -> int:
    query = f"SELECT count(*) FROM deliveries WHERE state = 'sent' AND id > {after:d}"  # noqa: S608
    return int(ask(url, query)[0][0])


def _looks(url: str) -> float:
    """Return the seconds of one look of the watching loop."""
    store = Store(url)

    def look(connection: Connection) -> None:
        clocks.due(connection, NOW, 200)
        clocks.next_look(connection)

    store.write_now(look)
    start = time.perf_counter()
    for _ in range(LOOKS):
        store.write_now(look)
    seconds = time.perf_counter() - start
    store.let_go()
    return seconds / LOOKS
