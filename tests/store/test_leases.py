"""Leases and claims between processes on one PostgreSQL: one holder at a time, and a dead one's work is taken back."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from bot.core.deliveries import NewDelivery, Purpose
from bot.store import contacts, leases, outbox
from bot.store.engine import Store
from bot.store.leases import Standing
from tests.components.postgres import Postgres

NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
SPAN = timedelta(seconds=30)
OVER = timedelta(seconds=-1)


@pytest.fixture
def stores(postgres: Postgres) -> Iterator[tuple[Store, Store]]:
    """Two processes' stores: one database."""
    pair = Store(postgres.url_of("fresh")), Store(postgres.url_of("fresh"))
    yield pair
    for store in pair:
        store.let_go()
    postgres.empty("fresh")


def queue(connection: Connection, count: int) -> None:
    """Deliveries of nobody's."""
    new = [
        NewDelivery(f"k{n}", None, Purpose.NOTICE, "post", "a@a.example", f"<{n}@a>", NOW, NOW) for n in range(count)
    ]
    outbox.queue(connection, new)


def test_a_lease_has_one_holder_until_it_runs_out(stores: tuple[Store, Store]) -> None:
    """The other gets it when it has run out or is given up; whoever lost it is told."""
    store, rival = stores

    def renewed(by: Store, holder: str, *names: str, span: timedelta = SPAN) -> Standing:
        return by.write_now(lambda c: leases.renew(c, holder, names, span))

    assert renewed(store, "one", "inbox", "process one") == Standing({"inbox", "process one"}, {"one"}, set())
    assert renewed(rival, "other", "inbox") == Standing(set(), {"one"}, set())
    assert renewed(store, "one", "inbox", span=OVER).names == {"inbox"}
    assert renewed(rival, "other", "inbox").names == {"inbox"}
    assert renewed(store, "one", "inbox").names == set()
    rival.write_now(lambda c: leases.give_up(c, "other"))
    assert renewed(store, "one", "inbox").names == {"inbox"}
    assert store.read_now(leases.living) == {"one"}


def test_two_processes_never_claim_the_same_delivery(stores: tuple[Store, Store]) -> None:
    """While one has not committed yet, the other takes what is left, without waiting."""
    store, rival = stores
    store.write_now(lambda c: queue(c, 10))
    with store._writer_engine.begin() as first, rival._writer_engine.begin() as second:
        mine = outbox.claim(first, "post", NOW, NOW + SPAN, 6, "one")
        theirs = outbox.claim(second, "post", NOW, NOW + SPAN, 6, "other")
    assert (len(mine), len(theirs)) == (6, 4)
    assert not {d.id for d in mine} & {d.id for d in theirs}


def test_a_claim_takes_no_more_than_it_asks_for(stores: tuple[Store, Store]) -> None:
    """Whichever way PostgreSQL goes about it: by some it would look for what is due again for every row."""
    store, _ = stores
    store.write_now(lambda c: queue(c, 10))
    with store._writer_engine.begin() as connection:
        for way in ("hashjoin", "mergejoin", "hashagg", "sort", "material", "memoize"):
            connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        assert len(outbox.claim(connection, "post", NOW, NOW + SPAN, 6, "one")) == 6


def test_what_a_dead_process_had_claimed_is_taken_back(stores: tuple[Store, Store]) -> None:
    """At once when its lease is over; a living one's claims stay, also those of one that begins meanwhile."""
    store, rival = stores
    store.write_now(lambda c: queue(c, 3))
    for holder in ("dead", "alive"):
        store.write_now(lambda c, h=holder: outbox.claim(c, "post", NOW, NOW + SPAN, 1, h))  # type: ignore[misc]
    store.write_now(lambda c: leases.renew(c, "dead", {f"{leases.PROCESS}dead"}, OVER))
    standing = store.write_now(lambda c: leases.renew(c, "alive", {f"{leases.PROCESS}alive"}, SPAN))
    assert (standing.living, standing.claimers) == ({"alive"}, {"alive", "dead"})
    rival.write_now(lambda c: leases.renew(c, "new", {f"{leases.PROCESS}new"}, SPAN))
    rival.write_now(lambda c: outbox.claim(c, "post", NOW, NOW + SPAN, 1, "new"))
    assert store.write_now(lambda c: outbox.take_back(c, leases.LIVING, NOW)) == 1
    (again,) = rival.write_now(lambda c: outbox.claim(c, "post", NOW, NOW + SPAN, 9, "other"))
    assert again.attempts == 2


def test_two_processes_never_use_the_same_number(stores: tuple[Store, Store]) -> None:
    """Also while neither has committed."""
    store, rival = stores
    with store._writer_engine.begin() as first, rival._writer_engine.begin() as second:
        mine, theirs = contacts.numbers(first, 50), contacts.numbers(second, 50)
        assert not set(mine.contacts) & set(theirs.contacts)
    assert list(store.write_now(lambda c: contacts.numbers(c, 0)).messages) == []


def test_a_process_that_ended_long_ago_is_forgotten(stores: tuple[Store, Store]) -> None:
    """Its own lease is; those of the living stay, and what nobody holds now."""
    store, _ = stores
    for holder, span in (("dead", timedelta(days=-2)), ("alive", SPAN)):
        names = {f"{leases.PROCESS}{holder}", f"inbox of {holder}"}
        store.write_now(lambda c, h=holder, n=names, s=span: leases.renew(c, h, n, s))  # type: ignore[misc]
    store.write_now(lambda c: leases.forget_dead(c, timedelta(days=1)))
    names_left = store.read_now(lambda c: set(c.exec_driver_sql("SELECT name FROM leases").scalars()))
    assert names_left == {"inbox of dead", "process alive", "inbox of alive"}
