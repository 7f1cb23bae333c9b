"""Events are only added to, and the chain over them shows what was changed all the same, on both databases."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, text, update
from sqlalchemy.exc import IntegrityError

from bot.core import chain as core
from bot.core.chain import Record, Secret, Verification
from bot.core.events import Event, EventKind
from bot.store import chain, contacts, lag, sealing, trail
from bot.store.databases import transaction
from bot.store.engine import Store
from bot.store.tables import event_links, events
from tests.components.postgres import Postgres
from tests.components.stores import make_store
from tests.components.tampering import drop_triggers, tamper

NOW = datetime(2026, 11, 30, 9, 15, tzinfo=UTC)
KEY = b"k" * 32
SECRET, ANOTHER = Secret(b"a" * 32), Secret(b"b" * 32)
CONTACT = (
    "INSERT INTO contacts (id, reference, channel, external_id, state, outcome, rule, reason, received_at) "
    "VALUES (1, 'EX-1', 'inbox', '1', 'logged', 'log', '', '', '2026-11-30')"
)


@dataclass(frozen=True)
class Ledger:
    """A store with six events, of which five have links."""

    url: str
    store: Store

    def verify(self, secret: Secret = SECRET, *heads: bytes) -> Verification:
        """Go through the chain."""
        return self.store.read_now(lambda c: chain.verify(c, Verification(secret, KEY, heads), lambda _count: None))

    def faults(self) -> list[tuple[int, str]]:
        """What does not hold."""
        return [(fault.event, fault.reason) for fault in self.verify().faults]


@pytest.fixture
def keys() -> list[str]:
    """What seals the store."""
    return []


@pytest.fixture
def ledger(store_url: str, keys: list[str]) -> Iterator[Ledger]:
    """Events of a contact, and one of none; the last is not linked yet."""
    store = Store(store_url, keys)
    store.write_now(lambda c: c.execute(text(CONTACT)))
    for number in range(1, 6):
        store.write_now(lambda c, number=number: _note(c, number))  # type: ignore[misc]
    assert store.write_now(lambda c: chain.extend(c, SECRET)) == 5
    store.write_now(lambda c: _note(c, 6))
    yield Ledger(store_url, store)
    store.let_go()


def _note(c: Connection, number: int, kind: EventKind = EventKind.CLOSED) -> None:
    event = Event(None if number == 4 else 1, NOW + timedelta(minutes=number), kind, details={"reason": f"r{number}"})
    contacts.note(c, [replace(event, actor="staff:ann@example.gov.uk")])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET details = '{}' WHERE id = 2",
        "UPDATE events SET at = at WHERE id = 2",
        "DELETE FROM events WHERE id = 2",
        "DELETE FROM events",
    ],
)
def test_the_database_refuses_to_change_an_event(ledger: Ledger, statement: str) -> None:
    """Whatever program asks, one event or all of them."""
    with (
        pytest.raises(IntegrityError, match="events are only added to"),
        transaction(ledger.url, writes=True) as connection,
    ):
        connection.execute(text(statement))


def test_sqlite_refuses_to_replace_an_event(tmp_path: Path) -> None:
    """INSERT OR REPLACE deletes without asking the trigger for that."""
    url = f"sqlite:///{tmp_path}/store.db"
    make_store(url)
    event = "INTO events (id, at, kind) VALUES (1, '2026-11-30', 'closed')"
    with transaction(url, writes=True) as connection:
        connection.execute(text(f"INSERT {event}"))
    with (
        pytest.raises(IntegrityError, match="events are only added to"),
        transaction(url, writes=True) as connection,
    ):
        connection.execute(text(f"INSERT OR REPLACE {event}"))


def test_postgresql_refuses_to_empty_the_table(postgres: Postgres) -> None:
    """TRUNCATE asks no trigger of rows."""
    url = postgres.url_of("fresh")
    with (
        pytest.raises(IntegrityError, match="events are only added to"),
        transaction(url, writes=True) as connection,
    ):
        connection.execute(text("TRUNCATE events"))


@pytest.mark.parametrize("values", [{"id": 99}, {"contact_id": None}, {"kind": "closed again"}, {"at": NOW}])
def test_what_happened_is_never_changed(ledger: Ledger, values: dict[str, Any]) -> None:
    """The gate of the forgetting lets words go, and nothing else."""
    with (
        pytest.raises(IntegrityError, match="events are only added to"),
        transaction(ledger.url, writes=True) as connection,
        trail.gate(connection),
    ):
        connection.execute(update(events).where(events.c.id == 2).values(**values))


def test_the_gate_closes_with_its_block(ledger: Ledger) -> None:
    """What comes after it in the same transaction is refused again, and no later transaction finds it open."""
    with transaction(ledger.url, writes=True) as connection:
        with trail.gate(connection):
            connection.execute(text("UPDATE events SET details = '{}' WHERE id = 2"))
        with pytest.raises(IntegrityError, match="events are only added to"), connection.begin_nested():
            connection.execute(text("UPDATE events SET details = '{}' WHERE id = 3"))
    assert ledger.faults() == [(2, SAID)]


def test_an_untouched_chain_holds(ledger: Ledger) -> None:
    """Every link is judged, and what is not linked yet is counted; a head of any day is in it."""
    first = ledger.store.read_now(lambda c: c.execute(select(event_links.c.link)).scalars().first())
    verification = ledger.verify(SECRET, first or b"")
    assert (verification.holds, verification.count, verification.event) == (True, 5, 5)
    assert ledger.store.read_now(chain.waiting_count) == 1
    assert ledger.store.write_now(lambda c: chain.extend(c, SECRET)) == 1
    assert not ledger.store.read_now(lag.look).has_links_to_make
    assert ledger.verify().event == 6


SAID = "its details, or who did it, were changed"
DONE = "its contact, instant or kind was changed, or an event before it was deleted or put in"
CHANGES: Mapping[str, tuple[tuple[int, str], ...]] = {
    'UPDATE events SET details = \'{"reason": "another"}\' WHERE id = 3': ((3, SAID),),
    "UPDATE events SET actor = 'staff:bob@example.gov.uk' WHERE id = 4": ((4, SAID),),
    "UPDATE events SET at = '2026-11-29 10:00:00.000000' WHERE id = 1": ((1, DONE),),
    "UPDATE events SET contact_id = NULL WHERE id = 5": ((5, DONE),),
    "UPDATE events SET kind = 'responded' WHERE id = 2": ((2, DONE),),
    "DELETE FROM events WHERE id = 2": ((2, "it was deleted"),),
    "DELETE FROM event_links WHERE event_id = 3": ((4, DONE), (3, "it was put in afterwards")),
    "DELETE FROM event_links WHERE event_id = 3; DELETE FROM events WHERE id = 3": ((4, DONE),),
    "UPDATE event_links SET salt = NULL, remainder = link WHERE event_id = 2": (
        (2, "what it says was taken out, and no event says that it was forgotten"),
    ),
}


@pytest.mark.parametrize("statements", CHANGES, ids=range(len(CHANGES)))
def test_a_change_by_hand_is_named(ledger: Ledger, statements: str) -> None:
    """The event, and what was done to it; what follows still holds."""
    tamper(ledger.url, *statements.split(";"))
    assert ledger.faults() == [*CHANGES[statements]]
    assert not ledger.verify().holds


def test_who_has_the_database_and_not_the_secret_makes_no_chain(ledger: Ledger) -> None:
    """Links that follow well from a changed event are known by their proofs, whatever secret they name."""
    tamper(ledger.url, "UPDATE events SET kind = 'responded' WHERE id = 3", "DELETE FROM event_links")
    ledger.store.write_now(lambda c: chain.extend(c, ANOTHER))
    assert not ledger.verify().holds
    with transaction(ledger.url, writes=True) as connection:
        connection.execute(update(event_links).values(secret=SECRET.name))
    assert ledger.faults()[0] == (1, "its link was made by somebody who does not have the secret")


def test_another_secret_goes_on_with_the_chain(ledger: Ledger) -> None:
    """Its links vouch for those before, which are not called broken; without any of its own nothing is proved."""
    before = ledger.verify(ANOTHER)
    assert (before.fault_count, before.holds, before.of_former_secrets) == (0, False, 5)
    ledger.store.write_now(lambda c: chain.extend(c, ANOTHER))
    after = ledger.verify(ANOTHER)
    assert (after.fault_count, after.holds, after.of_former_secrets) == (0, True, 5)


def test_a_head_from_the_log_shows_that_the_end_was_cut_off(ledger: Ledger) -> None:
    """A chain that ends sooner holds by itself; whoever has noted its head knows better."""
    head = ledger.store.read_now(chain.head)[1]
    tamper(ledger.url, "DELETE FROM event_links WHERE event_id > 3", "DELETE FROM events WHERE id > 3")
    assert ledger.verify().holds
    verification = ledger.verify(SECRET, head)
    assert (verification.holds, verification.absent_heads) == (False, {head})


def _link_of(c: Connection, number: int) -> bytes:
    link: bytes = c.execute(select(event_links.c.link).where(event_links.c.event_id == number)).scalar_one()
    return link


def _forget(c: Connection, contact_id: int | None, *ids: int) -> None:
    trail.forget(c, [trail.Remainder(number, "" if contact_id is None else "staff") for number in ids], KEY)
    contacts.note(c, [Event(contact_id, NOW, EventKind.FORGOTTEN)])


def test_what_is_forgotten_leaves_the_chain_as_it_is(ledger: Ledger) -> None:
    """No word and no salt is left, of events with a link and of those that have none yet."""
    ledger.store.write_now(lambda c: _forget(c, 1, 1, 2, 6))
    ledger.store.write_now(lambda c: _forget(c, None, 4))
    ledger.store.write_now(lambda c: chain.extend(c, SECRET))
    verification = ledger.verify()
    assert (verification.holds, verification.count, verification.forgotten_count) == (True, 8, 3)
    rows = ledger.store.read_now(lambda c: c.execute(select(events).order_by(events.c.id)).all())
    assert [(row.actor, json.loads(row.details)) for row in rows[:2]] == [("staff", {})] * 2
    salts = ledger.store.read_now(lambda c: c.execute(select(event_links.c.event_id, event_links.c.salt)).all())
    assert {number for number, salt in salts if salt is None} == {1, 2, 4}


def test_a_forgotten_event_says_nothing_new(ledger: Ledger) -> None:
    """Words that are put into it afterwards are a change like any other."""
    ledger.store.write_now(lambda c: _forget(c, 1, 2))
    tamper(ledger.url, 'UPDATE events SET details = \'{"reason": "another"}\' WHERE id = 2')
    assert ledger.faults() == [(2, "what is left of it was changed after it was forgotten")]


def test_nobody_without_the_secret_calls_a_change_a_forgetting(ledger: Ledger) -> None:
    """Not of an event of a contact, and not of one of none: what is left of them would have to be proved."""
    with transaction(ledger.url, writes=True) as c:
        drop_triggers(c)
        for number, contact_id in ((2, 1), (4, None)):
            proof = core.remainder_proof(_link_of(c, number), "staff:eve", "{}", b"another key")
            c.execute(update(events).where(events.c.id == number).values(actor="staff:eve", details="{}"))
            change = update(event_links).where(event_links.c.event_id == number)
            c.execute(change.values(salt=None, remainder=proof))
            contacts.note(c, [Event(contact_id, NOW, EventKind.FORGOTTEN)])
    ledger.store.write_now(lambda c: chain.extend(c, SECRET))
    assert ledger.faults() == [(n, "what is left of it was changed after it was forgotten") for n in (2, 4)]


def test_what_was_forgotten_under_a_former_secret_is_not_called_changed(ledger: Ledger) -> None:
    """It is counted, as nothing proves it any more."""
    ledger.store.write_now(lambda c: _forget(c, 1, 2))
    ledger.store.write_now(lambda c: chain.extend(c, ANOTHER))
    verification = ledger.store.read_now(
        lambda c: chain.verify(c, Verification(ANOTHER, b"another key"), lambda _count: None)
    )
    assert (verification.holds, verification.unproved_remainders) == (True, 1)


@pytest.mark.parametrize("keys", [[sealing.new_key()]], ids=["sealed"])
def test_sealing_anew_leaves_the_chain_as_it_is(ledger: Ledger) -> None:
    """Its links are of the words, and not of how they are encrypted."""
    ledger.store.write_now(lambda c: sealing.reseal(c, events, None))
    assert ledger.verify().holds
    tamper(ledger.url, "UPDATE events SET details = (SELECT details FROM events WHERE id = 2) WHERE id = 3")
    assert ledger.faults() == [(3, SAID)]


def test_faults_are_counted_and_the_first_are_named() -> None:
    """A trail that was rewritten altogether does not fill the memory."""
    verification, event = Verification(SECRET, KEY), Record(1, 1, NOW, "closed", "staff:ann", "{}")
    link: Any = core.link(core.ORIGIN, event, b"s" * 16, SECRET, SECRET.name)
    for number in range(100):
        verification.take(number, replace(event, kind="opened"), link, forgetting_follows=False)
    assert (len(verification.faults), verification.fault_count) == (verification.MOST_FAULTS, 100)
