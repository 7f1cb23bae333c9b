"""What is published of whole months: every promise with its line, protected tables, and what it is compared with."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from bot.core import publication_json
from bot.core.events import Event, EventKind
from bot.core.histories import Kind
from bot.core.improvements import Improvement, Stage
from bot.core.publications import Publication
from bot.core.report_columns import COLUMNS, Sort
from bot.core.roles import Scope
from bot.flows.changes.classify import About, classify
from bot.flows.figures import approval, publishing, questions
from bot.flows.figures.publishing import Order
from bot.flows.figures.report import Request, cut_off
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Visitor
from bot.store import contacts as contacts_stored
from bot.store import improvements
from bot.store import reports as stored
from bot.store.engine import Store
from bot.store.sealing import new_key
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import do, logged

LEE = Visitor("staff:lee@example.gov.uk", Scope())
NOVEMBER = date(2026, 11, 1), date(2026, 11, 30)
DECEMBER = date(2026, 12, 1), date(2026, 12, 31)
NEW_YEAR = datetime(2027, 1, 4, 9, tzinfo=UTC)


@pytest.fixture(params=["in clear", "sealed"])
def store(request: pytest.FixtureRequest, store_url: str) -> Iterator[Store]:
    """A new store, once with keys; twelve contacts came in November, and seven of them were answered."""
    opened = Store(store_url, [new_key()] if request.param == "sealed" else [])
    yield opened
    opened.let_go()


@pytest.fixture
def busy(store: Store, book: Rulebook, mail: Make) -> Store:
    """Twelve contacts came, seven were answered in time; the last event is of January."""
    with writing(store) as connection:
        contacts = [logged(connection, book, mail(number)) for number in range(12)]
        for contact in contacts[:7]:
            do(connection, book, contact, Kind.RESPONDED, NOW + timedelta(days=1))
        entry = Improvement("The days were not shown.", "They are now.", NOW.date(), "", "en", LEE.actor, NOW)
        improvements.add(connection, replace(entry, state=Stage.PUBLISHED, published_by=LEE.actor, published_at=NOW))
        improvements.add(connection, replace(entry, problem="Nobody reads this.", state=Stage.DRAFT))
        contacts_stored.note(connection, [Event(None, NEW_YEAR, EventKind.SIGNED_IN)])
    return store


def publication(store: Store, book: Rulebook, days: tuple[date, date], at: int | None = None) -> Publication:
    """Of these days, as the console draws it up."""
    number = store.read_now(partial(cut_off, at=at))
    order = Order("Exampleshire Council", *days, number)
    return store.read_now(partial(publishing.draw_up, order=order, book=book, progress=lambda _: None))


def test_every_promise_has_its_line_beside_the_tables(busy: Store, book: Rulebook) -> None:
    """The answers fell due in December; what was published is text in the language of the report."""
    report = publication(busy, book, DECEMBER)
    (promise,) = report.promises
    assert (promise.standard, promise.version, promise.title) == ("general", "1", "Every contact")
    assert promise.words == "Acknowledge within 1 working day, answer within 10 working days."
    assert {name: promise.row.values[name] for name in ("resp_due", "resp_in_standard", "resp_pct")} == {
        "resp_due": 12,
        "resp_in_standard": 7,
        "resp_pct": 58.3,
    }
    assert promise.row.names == {"standard": "general 1"}
    assert report.whole.values["resp_due"] == 12
    assert set(report.tables) == set(publishing.CUTS)
    assert report.titles["channel"] == {"inbox": "Inbox"}
    assert report.known_at == NEW_YEAR.isoformat()
    assert publication(busy, book, NOVEMBER).improvements == (
        ("2026-11-23", "The days were not shown.", "They are now."),
    )


def test_the_months_before_stand_beside(busy: Store, book: Rulebook) -> None:
    """As many of them: counted now, or as they were published, whatever came to light later."""
    report = publication(busy, book, DECEMBER)
    assert report.before is not None
    assert report.before.values["received"] == 12
    assert report.promises[0].before is not None
    november = publication(busy, book, NOVEMBER)
    whole = replace(november.whole, values={**november.whole.values, "received": 11})
    with writing(busy) as connection:
        number = approval.keep(connection, replace(november, whole=whole), "", LEE, NEW_YEAR, book)
        entry = stored.find(connection, number)
        assert entry is not None
        approval.approve(connection, number, entry.digest, LEE, NEW_YEAR, book)
    assert publication(busy, book, DECEMBER).before == whole


def test_the_same_cut_off_gives_the_same_bytes(busy: Store, book: Rulebook, mail: Make) -> None:
    """Whatever is recorded afterwards."""
    report = publication(busy, book, DECEMBER)
    with writing(busy) as connection:
        logged(connection, book, mail(100))
    again = publication(busy, book, DECEMBER, report.cut_off)
    assert publication_json.write(again) == publication_json.write(report)


def test_what_a_neighbour_hides_is_hidden(busy: Store, book: Rulebook) -> None:
    """Two months beside the one of them that everybody reads: their difference gives away nothing."""
    november = publication(busy, book, NOVEMBER)
    table = november.tables["channel"]
    rows = tuple(replace(row, values={**row.values, "received": ""}) for row in table.rows)
    veiled = replace(november, tables={**november.tables, "channel": replace(table, rows=rows)})
    both = NOVEMBER[0], DECEMBER[1]
    assert publication(busy, book, both).whole.values["received"] == 12
    with writing(busy) as connection:
        number = approval.keep(connection, veiled, "", LEE, NEW_YEAR, book)
        entry = stored.find(connection, number)
        assert entry is not None
        approval.approve(connection, number, entry.digest, LEE, NEW_YEAR, book)
    assert publication(busy, book, both).whole.values["received"] == ""


def test_a_promise_that_nobody_made_use_of_has_its_line(store: Store, book: Rulebook) -> None:
    """With nothing in it; there is nothing to compare where nothing can be counted."""
    with writing(store) as connection:
        contacts_stored.note(connection, [Event(None, NEW_YEAR, EventKind.SIGNED_IN)])
    report = publication(store, book, (date(2027, 1, 1), date(2027, 1, 31)))
    assert [promise.row.values["resp_due"] for promise in report.promises] == [0]
    assert report.promises[0].before is None


def test_answers_to_questions_hide_what_the_report_hides(store: Store, council: Rulebook, mail: Make) -> None:
    """Of the same days at the same event: whoever reads both must learn no more than from one."""
    with writing(store) as connection:
        for number in range(27):
            channel = "foi" if number < 9 else "inbox"
            contact = logged(connection, council, replace(mail(number), channel=channel))
            about = About(service=("bins", "roads")[number % 2], kind="complaint" if number in (10, 11, 12) else None)
            classify(connection, contact.reference, about, LEE.actor, NOW, council)
            if number % 4:
                do(connection, council, contact, Kind.RESPONDED, NOW + timedelta(days=1))
        contacts_stored.note(connection, [Event(None, NEW_YEAR, EventKind.SIGNED_IN)])
    number = store.read_now(partial(cut_off, at=None))
    document = publication(store, council, NOVEMBER, number)
    work = partial(
        questions.draw_up,
        request=Request(*NOVEMBER, at=number),
        organisation="Exampleshire Council",
        book=council,
        progress=lambda _count: None,
    )
    facts = {fact.title: fact.value for a in store.read_now(work).answers for fact in a.facts if not fact.about}
    titles = {column.name: column.title for column in COLUMNS if column.sort is Sort.COUNT}
    both = {name: title for name, title in titles.items() if title in facts}
    assert len(both) > 10
    assert {name: facts[title] for name, title in both.items()} == {name: document.whole.values[name] for name in both}
