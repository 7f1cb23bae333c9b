"""A report of a period is the same for the same cut-off, whatever happens after it, and says what it was counted by."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pytest
from sqlalchemy import Connection

from bot.core.books import Book
from bot.core.calendars import Holiday
from bot.core.disclosure import protect
from bot.core.events import Event, EventKind
from bot.core.histories import Kind
from bot.core.measures import DEFINITIONS, Figures, Quantile
from bot.core.retention import Retention
from bot.core.spells import instant
from bot.core.standards import standard
from bot.core.subkeys import Use, subkey
from bot.flows.changes import forget, recompute, rule_versions
from bot.flows.changes.close import Closing, close, reopen
from bot.flows.changes.refusals import Refused
from bot.flows.changes.respond import respond
from bot.flows.figures import folding
from bot.flows.figures.report import ExactReport, Request, cut_off, draw_up
from bot.flows.people import erase
from bot.flows.rulebook import Rulebook
from bot.store import contacts, settled
from bot.store.engine import Store
from bot.store.sealing import new_key
from bot.wire.report_files import Origin, as_csv
from tests.flows.conftest import NOW, STANDARD, Make, shelf, writing
from tests.flows.desk import after, do, logged
from tests.rulebooks import altered

BUSY = Request(date(2026, 11, 1), date(2026, 12, 31), ("channel", "standard"))


@pytest.fixture(params=["in clear", "sealed"])
def store(request: pytest.FixtureRequest, store_url: str) -> Iterator[Store]:
    """A new store, once with keys."""
    opened = Store(store_url, [new_key()] if request.param == "sealed" else [])
    yield opened
    opened.let_go()


def report_of(store: Store, book: Rulebook, request: Request = BUSY) -> ExactReport:
    """The report as the command draws it up: the cut-off in a transaction of its own."""
    number = store.read_now(partial(cut_off, at=request.at))
    return store.read_now(partial(draw_up, request=replace(request, at=number), book=book, progress=lambda _: None))


def bytes_of(store: Store, book: Rulebook, request: Request) -> str:
    """The bytes of it."""
    exact = report_of(store, book, request)
    days = exact.period.first_day.isoformat(), exact.period.last_day.isoformat()
    known_at = instant(exact.period.known_at).isoformat()
    origin = Origin(*days, exact.period.cut_off, known_at, DEFINITIONS, exact.since)
    return as_csv(protect(exact.lines(), request.cuts), origin) + repr((exact.lines(), exact.calendars))


def whole(report: ExactReport) -> Figures:
    """The first line."""
    (names, figures), *_ = report.lines()
    assert names == {}
    return figures


def fill(store: Store, book: Rulebook, mail: Make) -> int:
    """Six contacts and what became of them; the number of the last event."""
    with writing(store) as connection:
        rule_versions.settle(connection, book, NOW)
        group = [logged(connection, book, mail(number)) for number in range(6)]
        do(connection, book, group[0], Kind.PAUSED, after(1))
        do(connection, book, group[1], Kind.PAUSED, after(1))
        do(connection, book, group[1], Kind.RESUMED, after(3))
        respond(connection, group[2].reference, after(4), book, actor="staff:me")
        reopen(connection, group[2].reference, "staff:me", after(5), book)
        close(connection, group[3].reference, "staff:me", after(5), book, Closing(reason="It is mended."))
        respond(connection, group[4].reference, after(30), book, actor="staff:me")
    return store.read_now(settled.up_to)


def test_every_figure_is_that_of_the_events(store: Store, council: Rulebook, mail: Make) -> None:
    """Of six contacts and one that was opened again, by what was known a month later."""
    fill(store, council, mail)
    figures = whole(report_of(store, council))
    assert (figures.arrivals, figures.acknowledge_due, figures.acknowledge_in_time) == (6, 6, 6)
    assert (figures.respond_due, figures.respond_in_time, figures.respond_paused) == (6, 1, 1)
    assert report_of(store, council).since == {}
    assert (figures.closed_unanswered, figures.reopenings, figures.open) == ({"finished": 1}, 1, 4)
    assert (figures.answers, figures.longest_days) == (2, 22)
    assert figures.respond_median == Quantile(18.0, is_at_least=True)


def test_the_same_cut_off_gives_the_same_bytes(store: Store, council: Rulebook, mail: Make) -> None:
    """After later events, an erasure, the time of keeping, another standard and holiday, however far the table is."""
    request = replace(BUSY, at=fill(store, council, mail))
    first = bytes_of(store, council, request)
    key = subkey(council.secret, Use.FORGOTTEN_NAMES)
    longer = replace_standard(council)
    with writing(store) as connection:
        contact = logged(connection, council, mail(9))
        respond(connection, contact.reference, after(31), council, actor="staff:me")
        erase.erase(connection, "resident2@residents.example", "staff:me", after(32), key)
    assert bytes_of(store, council, request) == first
    while store.write_now(partial(folding.fold, most=7)):
        assert bytes_of(store, council, request) == first
    with writing(store) as connection:
        names = rule_versions.names_changed(connection, longer)
        assert recompute.recompute(connection, 0, names, after(33), longer, dry_run=False).changes
        rule_versions.settle(connection, longer, after(33))
        assert forget.forget(connection, Retention(timedelta(days=30)), after(400), 50, key).forgotten
    assert bytes_of(store, longer, request) == first
    while store.write_now(partial(folding.fold, most=1000)):
        pass
    assert bytes_of(store, longer, request) == first
    assert bytes_of(store, longer, replace(request, at=None)) != first


def replace_standard(book: Rulebook) -> Rulebook:
    """The council with twice the time to answer, and a holiday on 1 December."""
    promises = Book((standard(STANDARD | {"respond": "20 working days"}, "general.toml"),))
    return altered(book, promises=promises, calendars=shelf(proclaimed=(Holiday(date(2026, 12, 1), "A wedding"),)))


def test_a_cut_off_is_a_number_an_instant_or_everything(store: Store, council: Rulebook, mail: Make) -> None:
    """An instant stands for what was recorded by then; what there is not is refused."""
    newest = fill(store, council, mail)
    early = report_of(store, council, replace(BUSY, at=after(2)))
    assert (report_of(store, council).period.cut_off, whole(early).answers) == (newest, 0)
    assert (
        early.period.known_at <= report_of(store, council, replace(BUSY, at=early.period.cut_off + 1)).period.known_at
    )
    for wrong, words in (
        (replace(BUSY, at=newest + 1), f"the newest is {newest}"),
        (replace(BUSY, at=0), "there is no event 0"),
        (replace(BUSY, at=NOW - timedelta(9)), "nothing was recorded by then"),
    ):
        with pytest.raises(Refused, match=words):
            report_of(store, council, wrong)


def test_what_cannot_be_counted_is_refused(store: Store, council: Rulebook, mail: Make) -> None:
    """Days in the wrong order, after what is known, or before every calendar; what there is no cut by."""
    fill(store, council, mail)
    for wrong, field in (
        (replace(BUSY, first_day=date(2027, 1, 1)), "first_day"),
        (replace(BUSY, first_day=date(2027, 2, 1), last_day=date(2027, 3, 1)), "first_day"),
        (replace(BUSY, first_day=date(1999, 1, 1)), "first_day"),
        (replace(BUSY, cuts=("colour",)), "cuts"),
    ):
        with pytest.raises(Refused) as refusal:
            report_of(store, council, wrong)
        assert refusal.value.field == field


def test_a_report_says_since_when_a_figure_is_recorded(store: Store, council: Rulebook, mail: Make) -> None:
    """Where an older program wrote contacts first; nothing is said where all is recorded from the beginning."""
    with writing(store) as connection:
        logged(connection, council, mail())
    assert report_of(store, council).since["avoidable"] == ""
    with writing(store) as connection:
        rule_versions.settle(connection, council, after(2))
    assert report_of(store, council).since["first_due"] == "2026-11-25"


def test_coverage_is_counted_beside_the_contacts(store: Store, council: Rulebook, mail: Make) -> None:
    """A channel that ceases to be covered is a gap, once; what was found later and who gets nothing more, as noted."""

    def note(connection: Connection, kind: EventKind, **details: object) -> None:
        contacts.note(connection, [Event(None, after(1), kind, details=details)])

    with writing(store) as connection:
        for level, before in (("amber", ""), ("red", "amber"), ("green", "red"), ("red", "green")):
            note(connection, EventKind.COVERAGE_CHANGED, channel="post", level=level, level_before=before)
        note(connection, EventKind.MESSAGES_RECONCILED, channel="post", count=3)
        note(connection, EventKind.MESSAGES_RECONCILED, channel="post", count=2)
        note(connection, EventKind.ADDRESS_SUPPRESSED, reason="bounce")
    number = store.read_now(settled.up_to)
    with writing(store) as connection:
        note(connection, EventKind.ADDRESS_SUPPRESSED, reason="bounce")
    counted = report_of(store, council, replace(BUSY, at=number)).coverage
    assert (counted.gaps, counted.late_finds, counted.suppressions) == ({"post": 2}, {"post": 5}, {"bounce": 1})
    assert report_of(store, council, replace(BUSY, last_day=date(2026, 11, 2))).coverage.gaps == {}
