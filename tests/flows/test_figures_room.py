"""The figures room over real histories: what it counts is what the report counts, and what its lists hold."""

from datetime import date
from functools import partial

import pytest
from sqlalchemy import Connection

from bot.core.histories import Kind
from bot.core.roles import Scope
from bot.core.selections import COUNTS, Selection, Topic
from bot.core.stages import Stages
from bot.flows.changes import rule_versions
from bot.flows.changes.close import Closing, close, reopen
from bot.flows.changes.respond import respond
from bot.flows.figures import folding, report, room
from bot.flows.figures.report import Request
from bot.flows.figures.room import Sight
from bot.flows.rulebook import Rulebook
from bot.store import settled
from bot.store.engine import Store
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import after, do, logged

DAYS = (date(2026, 11, 1), date(2026, 12, 31))
TODAY = date(2026, 12, 23)
ALL = Scope()


def fill(connection: Connection, book: Rulebook, mail: Make) -> None:
    """Six contacts, and what became of them within a month."""
    rule_versions.settle(connection, book, NOW)
    contacts = [logged(connection, book, mail(number)) for number in range(6)]
    do(connection, book, contacts[0], Kind.PAUSED, after(1))
    do(connection, book, contacts[1], Kind.PAUSED, after(1))
    do(connection, book, contacts[1], Kind.RESUMED, after(3))
    respond(connection, contacts[1].reference, after(8), book, actor="staff:me")
    respond(connection, contacts[2].reference, after(4), book, actor="staff:me")
    reopen(connection, contacts[2].reference, "staff:me", after(5), book)
    close(connection, contacts[3].reference, "staff:me", after(5), book, Closing(reason="It is mended."))
    respond(connection, contacts[4].reference, after(30), book, actor="staff:me")


@pytest.fixture
def full(store: Store, council: Rulebook, mail: Make) -> Store:
    """A store with these."""
    with writing(store) as connection:
        fill(connection, council, mail)
    return store


def sight(connection: Connection, book: Rulebook, *, scope: Scope = ALL, at: int | None = None, **topic: str) -> Sight:
    """What somebody sees."""
    return room.sight(connection, scope, Topic(topic), at or settled.up_to(connection), book)


def test_the_room_counts_what_the_report_counts(full: Store, council: Rulebook) -> None:
    """The same figures at the same event; and each list is as long as its number."""
    exact = full.read_now(partial(report.draw_up, request=Request(*DAYS), book=council, progress=lambda _count: None))
    with writing(full) as connection:
        view = sight(connection, council)
        span = room.look(connection, view, TODAY, DAYS).period
        assert (span.period, span.figures) == (exact.period, exact.lines()[0][1])
        counts = {name: Selection(column).count(span.figures) for name, column in COUNTS.items()}
        lists = {name: room.behind(connection, view, DAYS, Selection(column)) for name, column in COUNTS.items()}
    assert counts == {name: len(spells) for name, spells in lists.items()}
    assert (counts["received"], counts["reopened"], counts["resp_paused"]) == (6, 1, 1)
    begins = [spell.begins_at for spell in lists["received"]]
    assert begins == sorted(begins, reverse=True)


def test_a_week_is_from_monday_on(full: Store, council: Rulebook) -> None:
    """This week so far, and four before it; together they received what came in these days."""
    with writing(full) as connection:
        view = room.look(connection, sight(connection, council), TODAY, DAYS)
    assert [span.period.first_day.weekday() for span in view.weeks] == [0] * 5
    assert (view.weeks[0].period.last_day, view.weeks[1].period.last_day) == (TODAY, date(2026, 12, 20))
    assert sum(span.figures.arrivals for span in view.weeks) == 6


def test_where_the_time_went(full: Store, council: Rulebook) -> None:
    """Of three answers: two were the first that anybody did; one was looked at on the first day, and then paused."""
    with writing(full) as connection:
        time = room.look(connection, sight(connection, council), TODAY, DAYS).stages
    assert time == Stages(first_look=4 + 22 + 1, team=3, pauses=2, answers=3)


def test_what_contacts_are_about_is_counted_by_service(full: Store, council: Rulebook) -> None:
    """All are about nothing yet, and stand in one line."""
    with writing(full) as connection:
        view = room.look(connection, sight(connection, council), TODAY, DAYS)
        nothing = room.look(connection, sight(connection, council, service="waste"), TODAY, DAYS)
    assert [(row.name, row.figures.arrivals, row.judged, row.avoidable) for row in view.services] == [("", 6, 0, 0)]
    assert nothing.services == ()


def test_another_team_sees_nothing(full: Store, council: Rulebook) -> None:
    """Neither numbers nor contacts."""
    with writing(full) as connection:
        view = sight(connection, council, scope=Scope(frozenset({"other"}), unassigned=False))
        assert room.look(connection, view, TODAY, DAYS).period.figures.arrivals == 0
        assert room.behind(connection, view, DAYS, Selection(COUNTS["received"])) == []


def test_an_old_cut_off_stays_what_it_was(full: Store, council: Rulebook, mail: Make) -> None:
    """However far the table of spells is, and whatever came later."""

    def numbers(connection: Connection, at: int) -> object:
        view = sight(connection, council, at=at)
        return room.look(connection, view, TODAY, DAYS), room.behind(
            connection, view, DAYS, Selection(COUNTS["open_end"])
        )

    at = full.read_now(settled.up_to)
    before = full.read_now(partial(numbers, at=at))
    with writing(full) as connection:
        respond(connection, logged(connection, council, mail(9)).reference, after(31), council, actor="staff:me")
    assert full.read_now(partial(numbers, at=at)) == before
    while full.write_now(partial(folding.fold, most=1000)):
        pass
    assert full.read_now(partial(numbers, at=at)) == before


def test_of_many_answers_the_newest_say_where_the_time_goes(full: Store, council: Rulebook) -> None:
    """More than so many are not looked up one by one."""
    with writing(full) as connection:
        view = sight(connection, council)
        counts = room._Counts(view, room.weeks(TODAY), DAYS)
        (answer,) = [s for s in room.behind(connection, view, DAYS, Selection(COUNTS["answers"])) if s.contact_id == 5]
        for number in range(room.MOST_ANSWERS + 10):
            counts.add(answer._replace(contact_id=1000 + number, responded_at=(answer.responded_at or 0) - number))
    assert len(counts.answers) == room.MOST_ANSWERS
    assert max(spell.contact_id for spell in counts.answers) == 1000 + room.MOST_ANSWERS - 1


def test_weeks_begin_on_monday_also_on_a_sunday() -> None:
    """On a Sunday this week is whole."""
    assert room.weeks(date(2026, 12, 20))[0] == (date(2026, 12, 14), date(2026, 12, 20))
    assert room.weeks(date(2026, 12, 21))[1] == (date(2026, 12, 14), date(2026, 12, 20))
