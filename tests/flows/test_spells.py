"""The spells of contacts follow from their events, wherever the table stands and whatever has been changed since."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import pytest

from bot.core.histories import Kind
from bot.core.spells import Spell, microseconds
from bot.flows.changes.close import reopen
from bot.flows.changes.respond import respond
from bot.flows.figures import folding
from bot.flows.rulebook import Rulebook
from bot.store import settled
from bot.store.engine import Store
from bot.store.sealing import new_key
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import after, again, do, logged

BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 12, 1, tzinfo=UTC)


@pytest.fixture(params=["in clear", "sealed"])
def store(request: pytest.FixtureRequest, store_url: str) -> Iterator[Store]:
    """A new store, once with keys."""
    made = Store(store_url, [new_key()] if request.param == "sealed" else [])
    yield made
    made.let_go()


def spells_at(store: Store, cut_off: int | None = None) -> list[Spell]:
    """Every spell as it stood at that event, or as it stands now."""
    number = store.read_now(settled.up_to) if cut_off is None else cut_off
    return store.read_now(lambda c: sorted(folding.spells_at(c, number, BEGIN, END, lambda _: None)))


def fold_all(store: Store, most: int = 1_000) -> None:
    """Bring the table up to date."""
    while store.write_now(partial(folding.fold, most=most)):
        pass


def test_a_contact_has_one_spell_more_for_each_time_that_it_opens_again(
    store: Store, book: Rulebook, mail: Make
) -> None:
    """The first until its answer, by the date that was agreed last; the next from then on, with a date of its own."""
    with writing(store) as connection:
        contact = logged(connection, book, mail())
        do(connection, book, contact, Kind.PAUSED, after(1))
        do(connection, book, contact, Kind.RESUMED, after(3))
        agreed = again(connection, contact.reference)
        respond(connection, contact.reference, after(4), book, actor="staff:me")
    fold_all(store)
    (spell,) = spells_at(store)
    assert spell.acknowledged_at == microseconds(NOW)
    assert spell.respond_by == microseconds(agreed.respond_by or NOW)
    assert (spell.ending, spell.responded_at) == ("answered", microseconds(after(4)))
    assert spell.pauses == f"[[{microseconds(after(1))}, {microseconds(after(3))}]]"
    with writing(store) as connection:
        reopen(connection, contact.reference, "staff:me", after(5), book)
    first, second = spells_at(store)
    assert first == spell
    assert (second.begins_at, second.ending, second.acknowledge_by) == (microseconds(after(5)), "", None)
