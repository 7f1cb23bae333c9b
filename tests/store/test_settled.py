"""Whoever reads events in pieces passes none by, though PostgreSQL may commit a lower number after a higher one."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, text

from bot.core.events import Event, EventKind
from bot.core.roles import Scope
from bot.store import audit, contacts, rules, settled
from bot.store.engine import Store
from bot.store.sealing import reseal
from bot.store.tables import events
from tests.components.tampering import tamper

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
pytestmark = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A new store with one contact."""
    made = Store(store_url)
    made.write_now(
        lambda c: c.execute(
            text(
                "INSERT INTO contacts (id, reference, channel, external_id, state, outcome, rule, reason, received_at) "
                "VALUES (1, 'EX-1', 'inbox', '1', 'logged', 'log', '', '', now())"
            )
        )
    )
    yield made
    made.let_go()


def _note(c: Connection, actor: str) -> None:
    contacts.note(c, [Event(1, NOW, EventKind.LOGGED, actor)])


def _read(store: Store, after: int = 0) -> list[str]:
    up_to = store.read_now(settled.up_to)
    return [event.actor for event in store.read_now(lambda c: audit.stream(c, after, up_to, Scope(), 9))[0]]


def test_what_may_still_be_passed_by_is_waited_for(store: Store) -> None:
    """Until the earlier one is committed, or never will be; whichever transaction was the first to write anything."""
    engine = store._writer_engine
    assert store.read_now(settled.up_to) == 0
    for outcome, seen in (("commit", ["first", "second"]), ("rollback", ["second"])):
        with engine.connect() as first, engine.connect() as second:
            rules.keep(second, {"x": outcome}, NOW)  # it has its number of a transaction before the other has
            earlier = first.begin()
            _note(first, "first")
            _note(second, "second")
            second.commit()
            assert _read(store) == []
            getattr(earlier, outcome)()
            assert _read(store) == seen
        tamper(store.url, "DELETE FROM events")


def test_what_is_sealed_anew_is_still_read(store: Store) -> None:
    """Changing old events while somebody else writes hides none of them."""
    for number in range(3):
        store.write_now(lambda c, number=number: _note(c, str(number)))  # type: ignore[misc]
    with store._writer_engine.begin() as other:
        rules.keep(other, {"x": "y"}, NOW)
        store.write_now(lambda c: reseal(c, events, None))
        assert _read(store) == ["0", "1", "2"]


def test_events_of_the_same_transaction_wait_for_its_end(store: Store) -> None:
    """A follower may be told of others' events in a transaction in which some are written."""
    store.write_now(lambda c: _note(c, "old"))
    with store._writer_engine.begin() as c:
        _note(c, "own")
        assert [event.actor for event in audit.stream(c, 0, settled.up_to(c), Scope(), 9)[0]] == ["old"]
