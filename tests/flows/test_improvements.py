"""Staff write what people said and what was done, publish it and withdraw it; it names nobody."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.core.improvements import Improvement
from bot.core.roles import Scope
from bot.core.topics import Router, Service
from bot.flows import board
from bot.flows.changes.refusals import Refused
from bot.flows.desk import improvements
from bot.flows.desk.improvements import Entry
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Visitor
from bot.store import improvements as stored
from bot.store.engine import Store
from bot.store.tables import events
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import logged
from tests.rulebooks import altered

LEE = Visitor("staff:lee@example.gov.uk", Scope())
ENTRY = Entry("You could not see when bins are emptied.", "It is on our website.", "bins", "en", date(2026, 11, 20))


@pytest.fixture
def council(book: Rulebook) -> Rulebook:
    """One service."""
    return altered(book, router=Router((Service("bins", "Bins"),), (), None))


def write(connection: Connection, book: Rulebook, entry: Entry = ENTRY, number: int = 0) -> int:
    """Lee writes it."""
    return improvements.write(connection, entry, number, LEE, NOW, book)


def public(connection: Connection) -> list[Improvement]:
    """What everybody reads."""
    return stored.published(connection)


def test_a_draft_is_read_by_nobody_until_it_is_published(store: Store, council: Rulebook) -> None:
    """The foot of every page then leads to it; withdrawn, it is gone again."""
    with writing(store) as connection:
        number = write(connection, council)
        assert public(connection) == []
        improvements.publish(connection, number, LEE, NOW, council)
        (entry,) = public(connection)
        assert (entry.problem, entry.published_by, entry.published_at) == (ENTRY.problem, LEE.actor, NOW)
        assert board.read(connection, NOW, council).has_improvements
        with pytest.raises(Refused, match="published already"):
            improvements.publish(connection, number, LEE, NOW, council)
        with pytest.raises(Refused, match="withdraw it first"):
            write(connection, council, number=number)
        improvements.withdraw(connection, number, LEE, NOW)
        assert public(connection) == []
        assert not board.read(connection, NOW, council).has_improvements
        with pytest.raises(Refused, match="not published"):
            improvements.withdraw(connection, number, LEE, NOW)
        kinds = connection.execute(select(events.c.kind, events.c.actor).order_by(events.c.id)).all()
        assert [kind for kind, _ in kinds] == [
            *("improvement written", "improvement published", "improvement withdrawn")
        ]


def test_what_was_withdrawn_is_changed_and_published_anew(store: Store, council: Rulebook) -> None:
    """It is one entry, under its number."""
    with writing(store) as connection:
        number = write(connection, council)
        improvements.publish(connection, number, LEE, NOW, council)
        improvements.withdraw(connection, number, LEE, NOW)
        assert write(connection, council, replace(ENTRY, remedy="It is on every bin."), number) == number
        improvements.publish(connection, number, LEE, NOW, council)
        assert [entry.remedy for entry in public(connection)] == ["It is on every bin."]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"problem": " "}, "problem"),
        ({"remedy": ""}, "remedy"),
        ({"remedy": "a" * 601}, "remedy"),
        ({"day": None}, "day"),
        ({"day": date(2027, 1, 1)}, "day"),
        ({"service": "boats"}, "service"),
        ({"language": "xx"}, "language"),
        ({"references": "nothing"}, "references"),
        ({"references": "EX-0000-0000"}, "references"),
        ({"problem": "Sam of TA1 3DU said so."}, "problem"),
        ({"remedy": "We rang 01632 960 888."}, "remedy"),
    ],
    ids=str,
)
def test_what_is_not_fit_to_be_published_is_refused(
    store: Store, council: Rulebook, change: dict[str, Any], field: str
) -> None:
    """With the field that would put it right, and nothing is kept."""
    with writing(store) as connection:
        with pytest.raises(Refused) as refusal:
            write(connection, council, replace(ENTRY, **change))
        assert refusal.value.field == field
        assert stored.list_all(connection) == []


def test_the_people_of_its_contacts_are_not_named(store: Store, council: Rulebook, mail: Make) -> None:
    """Their names are looked for in the words; the contacts themselves are known to staff alone."""
    with writing(store) as connection:
        contact = logged(connection, council, mail(From="Blodwen Tanner <blodwen@residents.example>"))
        with pytest.raises(Refused, match="Blodwen"):
            write(connection, council, replace(ENTRY, problem="Blodwen waited.", references=contact.reference))
        number = write(connection, council, replace(ENTRY, references=contact.reference))
        improvements.publish(connection, number, LEE, NOW, council)
        assert stored.list_all(connection)[0].contact_ids == (contact.id,)
        assert public(connection)[0].contact_ids == ()


def test_a_lead_ties_only_what_they_see(store: Store, council: Rulebook, mail: Make) -> None:
    """A contact of another team is not there."""
    with writing(store) as connection:
        contact = logged(connection, council, mail())
        other = replace(LEE, scope=Scope(frozenset({"housing"}), unassigned=False))
        entry = replace(ENTRY, references=contact.reference)
        with pytest.raises(Refused, match="there is no contact"):
            improvements.write(connection, entry, 0, other, NOW, council)


def test_an_entry_that_is_not_there_is_unknown(store: Store, council: Rulebook) -> None:
    """Whatever is to be done to it."""
    with writing(store) as connection, pytest.raises(Refused, match="no such entry"):
        improvements.publish(connection, 7, LEE, NOW, council)
