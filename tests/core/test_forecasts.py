"""What will be late: by hand, and against a queue that is worked off day by day."""

from collections import deque
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core import calendars, forecasts
from bot.core.forecasts import Forecast, Promised

CALENDAR = calendars.calendar("england")
# A Wednesday at ten.
TODAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
HOURS_OF_WEEKS = 24 * 7 * 3


def due(contact_id: int, days: int) -> Promised:
    """A contact whose answer is promised by the end of so many days from today."""
    return Promised(contact_id, CALENDAR.last_second(TODAY + timedelta(days=days)))


def of(contacts: list[Promised], answers: list[int] | None) -> Forecast:
    """The forecast for them, with a rate for each of the first days and none for the others."""
    padded = None if answers is None else (answers + [0] * forecasts.DAYS)[: forecasts.DAYS]
    return forecasts.forecast(contacts, padded, NOW, CALENDAR)


def test_the_next_days_begin_today_and_leave_days_off_out() -> None:
    """Ten of them; on a Saturday they begin on Monday."""
    days = forecasts.next_days(TODAY, CALENDAR)
    assert (days[0], days[3], days[-1], len(days)) == (TODAY, date(2026, 11, 30), date(2026, 12, 8), 10)
    assert forecasts.next_days(date(2026, 11, 28), CALENDAR)[0] == date(2026, 11, 30)


def test_who_stands_behind_the_answers_of_their_day_is_late() -> None:
    """Three are due tomorrow, and two are answered by then; what is due later waits for its own day."""
    result = of([due(1, 1), due(2, 1), due(3, 1), due(4, 2)], [1, 1, 2])
    assert [day.due for day in result.days[:3]] == [(), (1, 2, 3), (4,)]
    assert [day.late for day in result.days[:3]] == [(), (3,), ()]
    assert (result.due, result.late) == ((1, 2, 3, 4), (3,))


def test_what_is_late_already_is_answered_first() -> None:
    """And is no forecast: it stands apart."""
    result = of([due(1, -7), due(2, 0)], [1])
    assert (result.already, result.late) == ((1,), (2,))


def test_without_answers_everything_becomes_late_on_its_day() -> None:
    """At a rate of none what is late is what is due."""
    result = of([due(1, 0), due(2, 5)], [])
    assert result.late == result.due == (1, 2)


def test_what_falls_due_on_a_day_off_must_be_answered_on_the_working_day_before() -> None:
    """A Saturday's counts with Friday; what is due behind the tenth day is not of the forecast."""
    result = of([due(1, 3), due(2, 13), due(3, 14)], [])
    assert (result.days[2].due, result.days[-1].due, result.after) == ((1,), (2,), (3,))


def test_before_eight_weeks_nothing_is_said_of_what_will_be_late() -> None:
    """What falls due is known all the same."""
    result = of([due(1, 1)], None)
    assert (result.days[1].due, result.days[1].late, result.late, result.due) == ((1,), None, None, (1,))
    known = [forecasts.is_known(first, TODAY) for first in (None, TODAY - timedelta(55), TODAY - timedelta(56))]
    assert known == [False, False, True]


def test_the_usual_number_is_the_median_of_the_same_weekday() -> None:
    """Of eight Wednesdays the fourth smallest number, without today; a bank holiday does not count as a day without."""
    answers = {TODAY - timedelta(weeks=week): week for week in range(1, 9)} | {TODAY: 100}
    assert forecasts.usual_answers(answers, TODAY, TODAY, CALENDAR) == 4
    after_august = date(2026, 9, 9)
    monday, holiday = date(2026, 9, 14), date(2026, 8, 31)
    mondays = [monday - timedelta(weeks=week) for week in range(1, 9)]
    assert holiday in mondays
    of_seven = {day: number for number, day in enumerate(mondays) if day != holiday}
    assert forecasts.usual_answers(of_seven, monday, after_august, CALENDAR) == sorted(of_seven.values())[3]


def test_of_today_only_what_is_not_answered_yet_can_be_expected() -> None:
    """Five are usual, and three are answered at ten; who works faster than usual leaves nothing below nought."""
    usual = {TODAY - timedelta(weeks=week): 5 for week in range(1, 9)}
    assert forecasts.rates(usual | {TODAY: 3}, TODAY, CALENDAR)[0] == 2
    assert forecasts.rates(usual | {TODAY: 9}, TODAY, CALENDAR)[0] == 0
    assert forecasts.rates(usual, TODAY, CALENDAR)[:2] == (5, 0)


def test_teams_are_added_up_and_the_unknown_stays_unknown() -> None:
    """No team answers for another: one is late though the other has nothing to do."""
    idle, busy = of([], [5]), of([due(1, 0), due(2, 0)], [1])
    whole = forecasts.together([idle, busy])
    assert (whole.days[0].answers, whole.late, whole.due) == (6, (2,), (1, 2))
    assert forecasts.together([idle, of([due(1, 0)], None)]).late is None


@given(
    hours=st.lists(st.integers(-100, HOURS_OF_WEEKS), max_size=40),
    answers=st.lists(st.integers(0, 4), min_size=forecasts.DAYS, max_size=forecasts.DAYS),
    start=st.integers(0, 70 * 24),
)
def test_a_queue_that_is_worked_off_day_by_day_says_the_same(hours: list[int], answers: list[int], start: int) -> None:
    """Each working day so many are answered, the oldest date first; late is who is answered after, or not at all."""
    now = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=start)
    contacts = [Promised(number, now + timedelta(hours=hour)) for number, hour in enumerate(hours)]
    result = forecasts.forecast(contacts, answers, now, CALENDAR)
    queue = deque(sorted(contacts, key=lambda contact: contact.due_at))
    late = [contact.contact_id for contact in queue if contact.due_at < now]
    days = [day.day for day in result.days]
    in_time = set()
    for day, count in zip(days, answers, strict=True):
        for _ in range(min(count, len(queue))):
            contact = queue.popleft()
            # Who is due before the first working day gets that day.
            if CALENDAR.day_of(contact.due_at) >= day or day == days[0]:
                in_time.add(contact.contact_id)
    named = {*result.already, *result.due, *result.after}
    assert named == set(range(len(hours)))
    assert list(result.already) == late
    assert set(result.late or ()) == {i for i in result.due if i not in in_time}
