"""The cost of what is asked again and again follows what is due, not what is stored: SQLite uses an index for each."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from bot.store import clocks, contacts, known, outbox, retention, schema
from bot.store.databases import sqlite_engine
from bot.store.engine import Work

NOW = datetime(2026, 11, 23, tzinfo=UTC)
_ALERT = outbox.Delivery(1, "k", None, "alert", "", "post", "a@b.example", "<1@b.example>", "sending", 1, NOW)
ASKED_ALWAYS: dict[str, Work[object]] = {
    "claim": lambda c: outbox.claim(c, "post", NOW, NOW, 50),
    "next delivery": lambda c: outbox.next_due(c, "post"),
    "waiting": outbox.waiting_count,
    "oldest receipt": outbox.oldest_receipt,
    "due contacts": lambda c: clocks.due(c, NOW, 50),
    "next look": clocks.next_look,
    "dates": lambda c: clocks.dates(c, 0, 50),
    "clock events": lambda c: contacts.clock_events(c, [1, 2]),
    "acknowledgements": lambda c: outbox.acknowledgements_of(c, [1, 2]),
    "owed by a team": lambda c: clocks.open_of_team(c, "front", NOW, NOW),
    "open contacts": contacts.open_count,
    "by reference": lambda c: contacts.find(c, "EX-7K3M-9QPH"),
    "by number": lambda c: contacts.with_id(c, [1, 2]),
    "history": lambda c: contacts.events_of(c, 1),
    "words": lambda c: contacts.messages_of(c, 1),
    "forgettable": lambda c: retention.forgettable(c, NOW, {"complaint": NOW}, 50),
    "known messages": lambda c: known.seen(c, ["<1@a.example>"]),
    "answered messages": lambda c: known.answered(c, ["<1@a.example>"]),
    "receipts of late": lambda c: known.of_late(c, ["a@b.example"], NOW, NOW),
    "receipts of a domain": lambda c: known.of_domain(c, "b.example", NOW, 50),
    "sent before": lambda c: known.sent_before(c, [1, 2]),
    "waiting of a person": lambda c: known.waiting(c, "a@b.example"),
    "receipts since": lambda c: known.receipts_since(c, NOW),
    "deliveries": lambda c: known.delivered(c, [1, 2]),
    "not acknowledged": lambda c: contacts.not_acknowledged(c, NOW),
    "logged by a rule": lambda c: contacts.count_logged(c, "2 our own mail", NOW),
    "events of a kind": lambda c: contacts.count_events(c, 1, "follow-up", NOW),
    "receipt came back": lambda c: contacts.unacknowledged(c, 1, NOW),
    "hold": outbox.hold,
    "held": outbox.held,
    "what is under way": lambda c: outbox.under_way(c, [1, 2]),
    "sent under a name": lambda c: known.sent_as(c, ["x"]),
    "conversations": lambda c: known.in_conversations(c, ["x"]),
    "alerts of a person": lambda c: outbox.claim_alerts(c, _ALERT, NOW, NOW, 50),
    "alerts of late": lambda c: outbox.alerted(c, "a@b.example", NOW, {1}),
    "release": lambda c: outbox.release(c, NOW),
    "late alerts": lambda c: outbox.late_alerts(c, NOW),
    "owners": clocks.owners,
}


@pytest.mark.parametrize("name", ASKED_ALWAYS)
def test_nothing_is_scanned(tmp_path: Path, name: str) -> None:
    """No plan reads a whole table."""
    plans = _plans(tmp_path, ASKED_ALWAYS[name])
    assert plans
    # `due` is no table, but the few rows that a claim has found by an index.
    assert not [line for line in plans if line.startswith("SCAN") and "USING" not in line and line != "SCAN due"]


def test_the_oldest_receipt_is_sought_among_what_waits(tmp_path: Path) -> None:
    """In the order of their age all receipts ever sent would come first."""
    (plan,) = _plans(tmp_path, outbox.oldest_receipt)
    assert "ix_deliveries_waiting" in plan


def _plans(tmp_path: Path, work: Work[object]) -> list[str]:
    url = f"sqlite:///{tmp_path}/ackbot.db"
    schema.upgrade(url)
    engine = sqlite_engine(url, begin="BEGIN")
    said: list[tuple[str, object]] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _cur, sql, values, *_: said.append((sql, values)))
    with engine.connect() as connection:
        work(connection)
        plans = [line for sql, values in said for line in _plan(connection, sql, values)]
    engine.dispose()
    return plans


def _plan(connection: Connection, sql: str, values: object) -> list[str]:
    raw = connection.connection.driver_connection
    assert raw is not None
    return [] if sql == "BEGIN" else [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
