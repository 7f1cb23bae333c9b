"""Each sentence of the definitions of the figures, on spells made for it. September 2026 begins on a Tuesday."""

from typing import Any

import pytest

from bot.core.measures import Quantile
from bot.core.spells import SECOND, Ending
from bot.core.tallies import Cells, Times
from tests.core.spelling import ENGLAND, USUAL, answered, at, begun, closed, end_of, figures, period


def test_an_answer_counts_on_the_day_on_which_it_falls_due() -> None:
    """One given in the period and due after it counts in the next period."""
    early = answered("2026-09-30", respond_by=end_of("2026-10-01"), first_respond_by=end_of("2026-10-01"))
    of_september, of_october = figures(early), figures(early, of=period("2026-10-01", "2026-10-31"))
    assert (of_september.respond_due, of_september.answers) == (0, 1)
    assert (of_october.respond_due, of_october.respond_in_time, of_october.answers) == (1, 1, 0)


@pytest.mark.parametrize(("clock", "in_time"), [("23:59:59", 1), ("23:59:59.999999", 1)])
def test_the_last_second_is_in_time(clock: str, in_time: int) -> None:
    """The due date is the last permitted second."""
    assert figures(answered("2026-09-15", clock)).respond_in_time == in_time


def test_midnight_after_the_due_day_is_late() -> None:
    """What comes with the next day is missed, by the cause that staff name."""
    late = figures(answered("2026-09-16", "00:00", cause="volume"))
    assert (late.respond_due, late.respond_in_time, late.respond_missed) == (1, 0, 1)
    assert late.missed_by_cause == {"volume": 1}


def test_an_open_one_past_its_date_is_missed() -> None:
    """Nothing leaves the denominator because nobody answered it."""
    late = figures(USUAL)
    assert (late.respond_due, late.missed_by_cause, late.open, late.overdue) == (1, {"": 1}, 1, 1)


def test_a_date_after_the_cut_off_is_not_counted_yet() -> None:
    """While the period is not over, only what has fallen due by the cut-off counts, answered or not."""
    early = answered("2026-09-10")
    at_noon = figures(USUAL, early, of=period(known_at="2026-09-15"))
    assert (at_noon.respond_due, at_noon.overdue, at_noon.arrivals, at_noon.acknowledge_due) == (0, 0, 2, 2)


def test_a_paused_one_is_in_the_denominator_and_apart() -> None:
    """It keeps the date that it had when its clock was stopped: neither in time nor missed."""
    paused = figures(USUAL._replace(paused_at=at("2026-09-07")))
    assert (paused.respond_due, paused.respond_in_time, paused.respond_paused, paused.respond_missed) == (1, 0, 1, 0)
    assert (paused.open, paused.overdue, paused.pauses) == (1, 0, 1)
    assert (paused.first_due, paused.respond_in_first_time) == (1, 0)


def test_a_pause_after_the_date_is_no_excuse() -> None:
    """A clock that has run out cannot be stopped."""
    late = figures(USUAL._replace(paused_at=at("2026-09-17")))
    assert (late.respond_paused, late.respond_missed, late.overdue) == (0, 1, 1)


def test_an_answer_while_the_clock_stands_is_in_time() -> None:
    """The date that it had was not reached by the clock."""
    assert figures(answered("2026-09-21", paused_at=at("2026-09-07"))).respond_in_time == 1


def test_a_pause_that_ended_after_the_period_stood_at_its_end() -> None:
    """What was paused at the end of the period is so however it went on."""
    stops = f"[[{at('2026-09-28')},{at('2026-10-02')}]]"
    stood = begun("2026-09-25", acknowledge_by=None, respond_by=end_of("2026-10-13"), pauses=stops)
    assert figures(stood).pauses == 1
    later = stood._replace(pauses="", paused_at=at("2026-10-02"))
    assert figures(later).pauses == 0


def test_an_extended_one_is_counted_against_both_dates() -> None:
    """Against the date as last agreed it is in time, against the first one it is not."""
    extended = figures(answered("2026-09-22", respond_by=end_of("2026-09-29"), extensions=2))
    assert (extended.respond_due, extended.respond_in_time, extended.extensions) == (1, 1, 1)
    assert (extended.first_due, extended.respond_in_first_time) == (1, 0)


def test_one_that_was_opened_again_is_in_both_denominators() -> None:
    """The answer that did not help was in time; the second wait has a date of its own."""
    first = answered("2026-09-10", next_word_at=at("2026-09-11"))
    second = begun(
        "2026-09-11", received_at=first.received_at, number=1, respond_by=end_of("2026-09-25"), acknowledge_by=None
    )
    both = figures(first, second)
    assert (both.arrivals, both.respond_due, both.respond_in_time, both.reopenings, both.open) == (1, 2, 1, 1, 1)
    assert (both.endings_of_five_days, both.resolutions_at_first) == (1, 0)


@pytest.mark.parametrize("ending", [Ending.TOLD, Ending.SPAM, Ending.MERGED])
def test_one_closed_by_its_date_is_in_no_denominator(ending: str) -> None:
    """It is counted apart, by its outcome; its time to an answer is none."""
    over = figures(closed("2026-09-15", ending))
    assert (over.respond_due, over.first_due, over.closed_unanswered) == (0, 0, {ending: 1})
    assert over.respond_median is None


def test_one_closed_after_its_date_is_missed() -> None:
    """Closing takes nothing back."""
    over = figures(closed("2026-09-16", Ending.TOLD))
    assert (over.respond_due, over.first_due, over.closed_unanswered, over.missed_by_cause) == (1, 1, {}, {"": 1})


def test_one_merged_is_no_ending() -> None:
    """The matter goes on with another contact."""
    assert figures(closed("2026-09-03", Ending.MERGED)).endings == 0


@pytest.mark.parametrize(
    ("values", "due", "in_time"),
    [
        ({}, 1, 1),
        ({"acknowledged_at": at("2026-09-03", "00:00")}, 1, 0),
        ({"acknowledged_at": end_of("2026-09-02") + SECOND - 1}, 1, 1),
        ({"acknowledged_at": None}, 1, 0),
        ({"acknowledged_at": None, "ends_at": at("2026-09-02"), "ending": Ending.SPAM}, 0, 0),
        ({"acknowledged_at": None, "ends_at": at("2026-09-03"), "ending": Ending.SPAM}, 1, 0),
        ({"ends_at": at("2026-09-02"), "ending": Ending.SPAM}, 1, 1),
        ({"acknowledge_by": None}, 0, 0),
        ({"number": 1}, 0, 0),
    ],
)
def test_an_acknowledgement_counts_by_its_date(values: dict[str, Any], due: int, in_time: int) -> None:
    """What came back has none and is missed; one that ended by the date without it is in no denominator."""
    counted = figures(USUAL._replace(**values))
    assert (counted.acknowledge_due, counted.acknowledge_in_time) == (due, in_time)


def test_an_answer_is_an_acknowledgement() -> None:
    """Where it comes before the acknowledgement, both promises are kept."""
    assert figures(answered("2026-09-02", acknowledged_at=None)).acknowledge_in_time == 1


def test_what_was_only_logged_is_counted_by_its_rule_alone() -> None:
    """Robots and bounces are no contacts received."""
    robot = closed("2026-09-01", Ending.LOGGED, rule="R2", outcome="log")
    counted = figures(robot, closed("2026-08-01", Ending.LOGGED, received_at=at("2026-08-01"), begins_at=0))
    assert (counted.not_owed, counted.arrivals, counted.acknowledge_due, counted.open) == ({"R2": 1}, 0, 0, 0)
    assert counted.acknowledge_median is None


def test_times_count_working_days_from_the_day_of_receipt() -> None:
    """The day of receipt is day 0; a weekend and the days of a pause after its first do not count."""
    times = figures(answered("2026-09-08"), of=period("2026-09-01", "2026-09-30"))
    assert (times.respond_median, times.longest_days, times.gap_median) == (Quantile(5.0), 5, Quantile(5.0))
    stops = f"[[{at('2026-09-03')},{at('2026-09-07')}]]"
    assert figures(answered("2026-09-08", pauses=stops)).respond_median == Quantile(3.0)


def test_open_ones_make_a_median_at_least_so_long() -> None:
    """One stands at its age at the end of the period; what is answered after it was open then."""
    known = [answered("2026-09-02"), answered("2026-09-03")]
    assert figures(*known, USUAL).respond_median == Quantile(2.0)
    after = answered("2026-10-02")
    assert figures(*known, after, USUAL).respond_p90 == Quantile(21.0, is_at_least=True)
    assert figures(known[0], after, USUAL).respond_median == Quantile(21.0, is_at_least=True)
    assert figures(*known, USUAL).respond_mean == Quantile(8.0, is_at_least=True)


def test_an_open_one_of_the_same_days_comes_after_the_finished_ones() -> None:
    """It makes the median uncertain only where it stands at or before its rank."""
    times = Times()
    times.add(4)
    times.add(4, is_open=True)
    assert (times.quantile(5), times.quantile(9)) == (Quantile(4.0), Quantile(4.0, is_at_least=True))
    assert (Times().quantile(5), Times().mean()) == (None, None)


def test_a_median_and_a_mean_say_of_how_many_they_are() -> None:
    """Not of those that were closed without an answer."""
    counted = figures(answered("2026-09-02"), USUAL, *[closed("2026-09-02", Ending.SPAM)] * 3)
    assert counted.arrivals == 5
    of = [time.times for time in (counted.respond_median, counted.respond_mean, counted.respond_p90) if time]
    assert of == [2, 2, 2]


def test_the_time_to_acknowledge_is_that_of_those_that_are_owed_one() -> None:
    """One that was closed without it is left out; one that waits for it is open."""
    spam = closed("2026-09-02", Ending.SPAM, acknowledged_at=None)
    assert figures(spam, answered("2026-09-02")).acknowledge_p90 == Quantile(0.0)
    assert figures(USUAL._replace(acknowledged_at=None)).acknowledge_median == Quantile(21.0, is_at_least=True)


def test_the_gap_is_that_of_contacts_with_both() -> None:
    """One without an acknowledgement has none, one without an answer at least its age."""
    assert figures(answered("2026-09-08", acknowledged_at=None)).gap_median is None
    assert figures(USUAL).gap_median == Quantile(21.0, is_at_least=True)
    assert figures(answered("2026-09-08", acknowledged_at=at("2026-09-09"))).gap_median == Quantile(0.0)


def test_what_is_open_is_counted_by_its_age_at_the_end_of_the_period() -> None:
    """Its last day is the last of the period, and not the day after."""
    days = ["2026-09-30", "2026-09-23", "2026-09-22", "2026-09-16", "2026-09-15", "2026-09-02", "2026-09-01"]
    counted = figures(*(begun(day) for day in days), begun("2026-10-01"))
    assert (counted.open, counted.open_by_age, counted.oldest_days) == (7, (2, 2, 2, 1), 21)


def test_five_working_days_decide_whether_a_matter_was_resolved_at_first() -> None:
    """Answered on a Thursday, it is resolved when the next Thursday is over and nothing more was written."""
    answer = answered("2026-09-10")
    assert figures(answer._replace(next_word_at=at("2026-09-18", "00:00"))).resolutions_at_first == 1
    assert figures(answer._replace(next_word_at=at("2026-09-17", "23:59"))).resolutions_at_first == 0
    young = figures(answer, of=period(known_at="2026-09-17"))
    assert (young.endings, young.endings_of_five_days, young.resolutions_at_first) == (1, 0, 0)


@pytest.mark.parametrize(("ending", "count"), [(Ending.FINISHED, 1), (Ending.SPAM, 0), (Ending.DUPLICATE, 0)])
def test_nothing_is_resolved_where_nobody_had_a_word(ending: str, count: int) -> None:
    """What was closed as spam is an ending, and resolves nothing."""
    counted = figures(closed("2026-09-10", ending))
    assert (counted.endings, counted.answers, counted.resolutions_at_first) == (1, 0, count)


def test_marks_of_those_received() -> None:
    """What staff say goes before what is suggested; a mark counts once for a contact."""
    counted = figures(
        begun("2026-09-02", avoidable="progress", early_words=1, complaint_outcome="upheld", is_undeliverable=True),
        begun("2026-09-02", early_words=2, language="pl", windows_missed=1),
        begun("2026-09-03", number=1, avoidable="progress"),
        begun("2026-08-31", avoidable="unclear", early_words=1, complaint_outcome="refused", is_undeliverable=True),
    )
    assert (counted.avoidable, counted.avoidable_suggested) == ({"progress": 1}, 1)
    assert (counted.complaints, counted.undeliverable, counted.windows_missed) == ({"upheld": 1}, 1, 1)
    assert (counted.languages, counted.reopenings) == ({"en": 1, "pl": 1}, 1)


def test_feedback_and_needs_of_the_answers_of_the_period() -> None:
    """A reply of somebody who was not asked by mail is an opinion, and no reply to a question."""
    counted = figures(
        answered("2026-09-10", asked_at=at("2026-10-01"), opinion="yes", satisfaction="satisfied"),
        answered("2026-09-10", asked_at=at("2026-09-11"), needs="large-print", are_needs_met=True),
        answered("2026-09-10", opinion="no", needs="braille", are_needs_met=False),
        answered("2026-10-01", opinion="no", needs="braille", asked_at=at("2026-10-02")),
    )
    assert (counted.questions, counted.replies, counted.opinions) == (2, 1, {"no": 1, "yes": 1})
    assert (counted.satisfaction, counted.needs_answered, counted.needs_met) == ({"satisfied": 1}, 2, 1)


def test_a_calendar_that_nobody_noted_counts_as_the_usual() -> None:
    """A contact of an unknown calendar is not lost."""
    assert figures(answered("2026-09-08", calendar="")).respond_median == Quantile(5.0)


def test_cells_come_by_fewer_cuts_than_they_are_counted_by() -> None:
    """The whole is the first line; each line is the sum of its cells, and a standard has one for each version."""
    cells = Cells(("channel", "standard"), period(), {}, ENGLAND)
    cells.add([USUAL, answered("2026-09-20", channel="form"), answered("2026-09-10", standard_version="2024")])
    lines = cells.lines(("standard",))
    assert [(names, figure.respond_due) for names, figure in lines] == [
        ({}, 3),
        ({"standard": "email 2023"}, 2),
        ({"standard": "email 2024"}, 1),
    ]
    assert len(cells.lines(("channel", "standard"))) == 4
    assert cells.lines(()) == lines[:1]


def test_a_date_that_was_over_at_the_opening_counts_then() -> None:
    """Closed by its date and opened again after it, it is missed in the period of the opening, and only there."""
    first = closed("2026-09-10", Ending.TOLD)
    second = USUAL._replace(number=1, begins_at=at("2026-10-05"))
    of_september, of_october = figures(first, second), figures(first, second, of=period("2026-10-01", "2026-10-31"))
    assert (of_september.closed_unanswered, of_september.respond_due) == ({"told": 1}, 0)
    assert (of_october.respond_due, of_october.respond_missed, of_october.first_due) == (1, 1, 1)
