"""The list from which a contact was opened: what comes next in it, and the way back."""

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, select, update

from bot.core.messages import Inbound
from bot.core.roles import Scope
from bot.flows.changes import respond
from bot.flows.rulebook import Rulebook
from bot.store import contacts, words
from bot.store import tables as t
from bot.store.engine import Store
from bot.web.console.lists import List
from tests.flows.conftest import NOW, book, mail, store, writing
from tests.flows.desk import again, logged

__all__ = ["book", "mail", "store"]
NONSENSE = [
    "",
    "which=everything&team=%00&page=-4",
    "page=99999999999999999999",
    "place=o99999999999999999",
    "place=x1",
    "&".join(["a=b"] * 100),
    "words=" + "w" * 5_000,
    "//evil.example/",
    "state=open'--&received_from=x",
    "\ud800\0%",
]
LONDON = ZoneInfo("Europe/London")
EVERYBODY = Scope()
Make = Callable[..., Inbound]


def _five(c: Connection, book: Rulebook, mail: Make) -> list[str]:
    """Five contacts in the order of their dates: two of the same moment, one with no date as its last."""
    references = [logged(c, book, mail(number, text=f"The bins, {number}")).reference for number in range(5)]
    for reference, days in zip(references, (3, 1, 2, 2, None), strict=True):
        due = NOW + timedelta(days) if days else None
        c.execute(update(t.contacts).where(t.contacts.c.reference == reference).values(respond_by=due))
    return [references[number] for number in (1, 2, 3, 0, 4)]


def _walk(c: Connection, chosen_list: List, first: str) -> list[str]:
    """Every contact that is reached from the first one by the link to the next."""
    references = [first]
    while address := chosen_list.next(c, again(c, references[-1]), EVERYBODY, LONDON, NOW):
        references.append(address.rpartition("/")[2].partition("?")[0])
        assert len(references) < 10
    return references


def test_next_follows_the_order_of_what_falls_due(store: Store, book: Rulebook, mail: Make) -> None:
    """From the first to the last each comes once, those of the same moment and those without a date, too."""
    with writing(store) as c:
        order = _five(c, book, mail)
        assert _walk(c, List.read(""), order[0]) == order


@pytest.mark.parametrize("query", ["state=any", "state=answered", "words=bins", "which=suppressed"])
def test_next_follows_the_newest_first(store: Store, book: Rulebook, mail: Make, query: str) -> None:
    """In every other list the one that came before it is next; in a search the finished ones follow the open ones."""
    with writing(store) as c:
        order = sorted(_five(c, book, mail))
        words.index(c)
        rows = c.execute(select(t.contacts.c.reference).order_by(t.contacts.c.id.desc())).scalars().all()
        if query == "state=answered":
            for reference in rows:
                respond.respond(c, reference, NOW, book, actor="staff:x")
        if query == "words=bins":
            respond.respond(c, rows[0], NOW, book, actor="staff:x")
            rows = [*rows[1:], rows[0]]
        if query == "which=suppressed":
            c.execute(update(t.contacts).values(outcome="log", received_at=NOW))
        assert sorted(rows) == order
        assert _walk(c, List.read(query), rows[0]) == list(rows)


def test_next_is_counted_from_where_the_contact_stood(store: Store, book: Rulebook, mail: Make) -> None:
    """What was done to the contact moves it, or takes it out of the list; the next one is the same."""
    with writing(store) as c:
        order = _five(c, book, mail)
        chosen_list = List.read("which=late")
        later = NOW + timedelta(30)
        carried = List.read(chosen_list.field(again(c, order[1])))
        expected = chosen_list.next(c, again(c, order[1]), EVERYBODY, LONDON, later)
        assert order[2] in expected
        c.execute(update(t.contacts).where(t.contacts.c.reference == order[1]).values(respond_by=NOW + timedelta(99)))
        assert carried.next(c, again(c, order[1]), EVERYBODY, LONDON, later) == expected
        respond.respond(c, order[1], NOW, book, actor="staff:x")
        assert carried.next(c, again(c, order[1]), EVERYBODY, LONDON, later) == expected
        assert List.read(carried.field(again(c, order[1]))) == carried


def test_next_is_of_the_same_list(store: Store, book: Rulebook, mail: Make) -> None:
    """Its filters and what somebody may see hold for the next one, and both stand in its address."""
    with writing(store) as c:
        order = _five(c, book, mail)
        c.execute(update(t.contacts).where(t.contacts.c.reference == order[1]).values(owner="ann@example.gov.uk"))
        chosen_list, first = List.read("owner=ann%40example.gov.uk&page=2"), contacts.find(c, order[0])
        assert first
        address = chosen_list.next(c, first, EVERYBODY, LONDON, NOW)
        assert address == f"/console/contacts/{order[1]}?list=owner%3Dann%2540example.gov.uk%26page%3D2"
        assert chosen_list.next(c, first, Scope(frozenset({"housing"})), LONDON, NOW) == ""
        assert chosen_list.back == "/console/queue?owner=ann%40example.gov.uk&page=2"


def test_nonsense_is_left_out(store: Store, book: Rulebook, mail: Make) -> None:
    """Whatever stands in the address, the way back leads to the queue, and nothing fails."""
    with writing(store) as c:
        first = logged(c, book, mail(1))
        for query in NONSENSE:
            chosen_list = List.read(query)
            assert chosen_list.back.startswith("/console/queue")
            assert "//" not in chosen_list.back
            assert List.read(chosen_list.field(first)).query == chosen_list.query
            assert chosen_list.next(c, first, EVERYBODY, LONDON, NOW) == ""
