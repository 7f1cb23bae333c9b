"""The cost of watching a million open contacts: a tick with nothing due, and a thousand due steps."""

import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, text

from bench import rig
from bot.cli.configuration import rulebook_of
from bot.flows import escalate
from bot.flows.rulebook import Rulebook
from bot.kinds import load
from bot.loops.watching import LOOK_AT_ONCE
from bot.store import clocks, schema
from bot.store.databases import engine_of
from bot.store.engine import Store
from tests.components import service as configured
from tests.components.service import Service

DUE, TICKS = 1_000, 200
# Received on a Monday; nine of ten working days are used when the second next Monday begins.
RECEIVED = "2026-11-16 09:15:00.000000"
RESPOND_BY, NINE_TENTHS, LATER = (
    "2026-11-30 23:59:59.000000",
    "2026-11-30 00:00:00.000000",
    "2026-12-01 00:00:00.000000",
)
NOW = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
_FILL = f"""WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < :count)
    INSERT INTO contacts (id, reference, channel, external_id, state, outcome, rule, reason, sender_address, sender_key,
      team, standard, standard_version, promise, calendar, receipt_rule, received_at, acknowledge_by, acknowledged_at,
      respond_by, receipt_sent_at, assigned_at, respond_step, next_look_at)
    SELECT i, 'OLD-' || i, 'inbox', '<' || i || '@old.example>', 'open', 'acknowledge', '24 person', '',
      'p' || i || '@old.example', 'p' || i || '@old.example', 'front-office', 'general', '2', '10 working days',
      'england', 'same day', '{RECEIVED}', '{RECEIVED}', '{RECEIVED}', '{RESPOND_BY}', '{RECEIVED}', '{RECEIVED}',
      2, '{LATER}' FROM n"""  # noqa: S608 - our own constants
_RAW = (
    "UPDATE contacts SET respond_step = 3, next_look_at = '2026-12-01 00:00:01.000000' WHERE id = :id",
    """INSERT INTO deliveries (key, contact_id, purpose, step, channel, recipient, message_id, state, attempts,
      created_at) VALUES ('raw' || :id, :id, 'alert', 'raw', 'post', 'a@b.example', '<' || :id || '@raw>', 'cancelled',
      0, :at)""",
    "INSERT INTO events (contact_id, at, kind) VALUES (:id, :at, 'raw')",
)


def with_open(count: int) -> None:
    """Fill a SQLite store with open contacts; look with nothing due, then with a thousand that are."""
    with tempfile.TemporaryDirectory() as folder:
        prepared_service = Service(Path(folder), [configured.LMTP.format(port=1), configured.SMTP.format(port=2)])
        path = prepared_service.config / "ackbot.toml"
        path.write_text(path.read_text(encoding="utf-8").replace("env:ACKBOT_SECRET", "s" * 40), encoding="utf-8")
        schema.upgrade(prepared_service.store_url)
        start = time.perf_counter()
        _prepare(prepared_service.store_url, count)
        fill_seconds = time.perf_counter() - start
        store, book = Store(prepared_service.store_url), rulebook_of(load(prepared_service.config))
        idle = [_tick(store, book) for _ in range(TICKS)]
        raw = _raw(prepared_service.store_url)
        due = _due(store, book, prepared_service.store_url)
        store.let_go()
        rig.show(
            benchmark="watching many open contacts",
            open_contacts=count,
            seconds_to_fill=fill_seconds,
            milliseconds_a_tick_with_nothing_due=1000 * statistics.median(idle),
            milliseconds_a_tick_worst=1000 * max(idle),
            seconds_for_due_steps=due,
            due_steps=DUE,
            ratio_to_raw_writes=raw / due,
        )


def _prepare(url: str, count: int) -> None:
    engine = engine_of(url, writes=True)
    with engine.begin() as connection:
        connection.execute(text(_FILL), {"count": count})
    engine.dispose()


def _tick(store: Store, book: Rulebook) -> float:
    """Time what the watching loop does each time that it wakes."""

    def look(connection: Connection) -> None:
        if escalate.escalate(connection, NOW, LOOK_AT_ONCE, book):
            raise RuntimeError("something was due")

    start = time.perf_counter()
    store.write_now(look)
    store.read_now(clocks.next_look)
    return time.perf_counter() - start


def _due(store: Store, book: Rulebook, url: str) -> float:
    """Time the alerts of a thousand contacts that reach nine tenths of their time together."""
    engine = engine_of(url, writes=True)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE contacts SET next_look_at = '{NINE_TENTHS}' WHERE id <= {DUE}"))  # noqa: S608
    start = time.perf_counter()
    while store.write_now(lambda c: escalate.escalate(c, NOW, LOOK_AT_ONCE, book)) == LOOK_AT_ONCE:
        pass
    seconds = time.perf_counter() - start
    with engine.connect() as connection:
        alerts = connection.execute(text("SELECT count(*) FROM deliveries WHERE step = 'respond-90'")).scalar_one()
    engine.dispose()
    if alerts != DUE:
        raise RuntimeError(f"{alerts} alerts, and not {DUE}")
    return seconds


def _raw(url: str) -> float:
    """Time the same writes without logic: three statements a contact, in batches of the same size."""
    engine = engine_of(url, writes=True)
    start = time.perf_counter()
    for first in range(DUE + 1, 2 * DUE + 1, LOOK_AT_ONCE):
        with engine.begin() as connection:
            for number in range(first, first + LOOK_AT_ONCE):
                for statement in _RAW:
                    connection.exec_driver_sql(statement, {"id": number, "at": RECEIVED})
    seconds = time.perf_counter() - start
    engine.dispose()
    return seconds
