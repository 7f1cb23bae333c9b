"""What will be late, team by team, as the store has it."""

from datetime import timedelta

from sqlalchemy import Connection, insert

from bot.channel import Batch
from bot.core.events import Event, EventKind
from bot.core.roles import Scope
from bot.core.spells import Ending, microseconds
from bot.flows.figures import forecast
from bot.flows.figures.forecast import TeamForecast
from bot.flows.intake import receive
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.rulebook import Rulebook
from bot.store import contacts, due_dates
from bot.store.engine import Store
from bot.store.figure_tables import spells
from tests.core.spelling import USUAL
from tests.flows.conftest import NOW, Make, writing

ALL = Scope()
WEEK = timedelta(weeks=1)


def look(connection: Connection, book: Rulebook, scope: Scope = ALL) -> list[TeamForecast]:
    """The forecasts of a Monday morning."""
    return forecast.by_team(connection, scope, NOW, book.clocks.default_calendar)


def answer(connection: Connection, number: int, weeks: int, team: str = "front") -> None:
    """A spell of a contact of long ago that was answered so many weeks before."""
    at = microseconds(NOW - weeks * WEEK)
    row = USUAL._replace(
        contact_id=number, team=team, responded_at=at, ends_at=at, ending=Ending.ANSWERED, latest_at=at
    )
    begin = at - 10 * 24 * 3600 * 1_000_000
    connection.execute(insert(spells), [row._replace(received_at=begin, begins_at=begin)._asdict()])


def receive_three(connection: Connection, book: Rulebook, mail: Make) -> None:
    """Three contacts of today for one team: one that was to be answered long ago, one without a date, one in time."""
    batch = Batch(tuple(mail(number) for number in (1, 2, 3)))
    receive.receive(connection, batch, Reading("inbox"), NOW, book, Capacity())
    dates = {1: NOW - timedelta(days=1), 2: None, 3: NOW + timedelta(days=2)}
    for contact_id, date in dates.items():
        contacts.put(connection, contact_id, {"respond_by": date})


def test_of_an_empty_store_nothing_is_forecast(store: Store, book: Rulebook) -> None:
    """No team has anything open."""
    with writing(store) as connection:
        assert look(connection, book) == []


def test_what_is_open_is_late_already_due_or_without_a_date(store: Store, book: Rulebook, mail: Make) -> None:
    """And before there are eight weeks of history nobody knows what will be late."""
    with writing(store) as connection:
        receive_three(connection, book, mail)
        (row,) = look(connection, book)
        assert (row.team, row.forecast.already, row.undated, row.forecast.due) == ("front", (1,), (2,), (3,))
        assert row.forecast.late is None
        answer(connection, 90, weeks=5)
        assert look(connection, book)[0].forecast.late is None


def test_the_usual_answers_of_the_team_say_what_will_be_late(store: Store, book: Rulebook, mail: Make) -> None:
    """One answer each Monday is for what is late already; with one more on each nothing else becomes late."""
    with writing(store) as connection:
        receive_three(connection, book, mail)
        for number in range(1, 9):
            answer(connection, 100 - number, number)
            answer(connection, 200 - number, number, "other")
        assert look(connection, book)[0].forecast.late == (3,)
        for number in range(1, 9):
            answer(connection, 300 - number, number)
        (row,) = look(connection, book)
        assert (row.forecast.days[0].answers, row.forecast.late) == (2, ())


def test_a_team_that_is_not_seen_has_no_forecast(store: Store, book: Rulebook, mail: Make) -> None:
    """Whoever sees other teams sees neither its contacts nor its answers."""
    with writing(store) as connection:
        receive_three(connection, book, mail)
        answer(connection, 90, weeks=9)
        assert look(connection, book, Scope(frozenset({"other"}), unassigned=False)) == []
        assert look(connection, book, Scope(frozenset({"front"}))) == look(connection, book)


def test_a_first_look_is_the_first_thing_that_staff_did(store: Store, book: Rulebook, mail: Make) -> None:
    """Whatever it was; what the program does by itself is none."""
    with writing(store) as connection:
        receive_three(connection, book, mail)
        later = NOW + timedelta(hours=1)
        for at in (later + timedelta(days=1), later):
            contacts.note(connection, [Event(1, at, EventKind.TAKEN, "staff:olu@example.gov.uk")])
        contacts.note(connection, [Event(2, later, EventKind.ESCALATED)])
        assert due_dates.first_looks(connection, [1, 2, 3]) == {1: microseconds(later)}
        assert due_dates.first_looks(connection, []) == {}
