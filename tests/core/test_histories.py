"""The clocks of a contact follow from its standard and its events, whatever staff did."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.core import histories
from bot.core.calendars import calendar
from bot.core.durations import duration
from bot.core.histories import Clocks, Happened, Kind, State, clocks_of, why_not, why_not_so_long
from bot.core.standards import Standard, standard

ENGLAND, UK_ANY = calendar("england"), calendar("uk-any")
MONDAY = datetime(2026, 11, 2, 10, tzinfo=UTC)


def promise(**changes: Any) -> Standard:
    """The ordinary standard, with changes."""
    table = {
        "id": "general",
        "title": "Every contact",
        "version": "1",
        "valid_from": MONDAY.date(),
        "calendar": "england",
        "acknowledge": "1 working day",
        "respond": "10 working days",
    }
    return standard(table | changes, "general.toml")


COMPLAINT = promise(
    acknowledge="5 working days",
    acknowledged_by="staff",
    respond_from="acknowledgement",
    extend_to="20 working days",
)
FOI = promise(basis="law", calendar="uk-any", respond="20 working days", extend_to="40 working days", pause="inclusive")
SAR = promise(
    basis="law",
    respond="1 month, then next working day",
    extend_to="3 months, then next working day",
    pause="inclusive",
)


def at(day: int, month: int = 11, hour: int = 12) -> datetime:
    """An instant of 2026."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


def stand(of: Standard, *happened: Happened, receipt_sent_at: datetime | None = None) -> Clocks:
    """The clocks of a contact received on Monday."""
    return clocks_of(of, MONDAY, happened, UK_ANY if of.calendar == "uk-any" else ENGLAND, receipt_sent_at)


def due_day(clocks: Clocks) -> str:
    """The local day by which the answer is due."""
    assert clocks.respond
    assert clocks.respond.due
    return ENGLAND.day_of(clocks.respond.due).isoformat()


def test_both_clocks_run_apart() -> None:
    """Our receipt stops the first one and not the second."""
    clocks = stand(promise(), receipt_sent_at=at(2))
    assert clocks.acknowledge
    assert (clocks.acknowledge.state, clocks.acknowledge.in_time()) == (State.STOPPED, True)
    assert clocks.respond
    assert (clocks.respond.state, clocks.respond.in_time(), due_day(clocks)) == (State.RUNNING, None, "2026-11-16")


def test_an_early_answer_keeps_both_promises() -> None:
    """Who has the answer needs no receipt."""
    clocks = stand(promise(), Happened(Kind.RESPONDED, at(3)))
    assert clocks.acknowledge
    assert clocks.respond
    assert clocks.acknowledge.in_time()
    assert clocks.respond.in_time()


def test_a_late_answer_breaks_the_promise_from_the_next_second_on() -> None:
    """Due is the last permitted second."""
    last = datetime(2026, 11, 16, 23, 59, 59, 999_999, tzinfo=UTC)
    midnight = datetime(2026, 11, 17, tzinfo=UTC)
    for instant, kept in ((last, True), (midnight, False)):
        respond = stand(promise(), Happened(Kind.RESPONDED, instant)).respond
        assert respond
        assert respond.in_time() is kept


def test_only_staff_acknowledge_a_complaint() -> None:
    """LGSCO Code chapter 7: our receipt is no acknowledgement, and the answer is due from staff's."""
    waiting = stand(COMPLAINT, receipt_sent_at=at(2))
    assert waiting.acknowledge
    assert waiting.acknowledge.state is State.RUNNING
    assert waiting.respond
    assert waiting.respond.state is State.WAITING
    assert due_day(waiting) == "2026-11-23"  # five working days, then ten: the latest that it can be
    started = stand(COMPLAINT, Happened(Kind.ACKNOWLEDGED, at(4)), receipt_sent_at=at(2))
    assert started.acknowledge
    assert started.acknowledge.in_time()
    assert due_day(started) == "2026-11-18"


def test_a_holding_reply_stops_no_clock_to_answer() -> None:
    """It tells the person that we have it, and no more."""
    clocks = stand(promise(), Happened(Kind.HOLDING_REPLY, at(3)))
    assert clocks.acknowledge
    assert clocks.acknowledge.state is State.STOPPED
    assert due_day(clocks) == "2026-11-16"
    # A complaint's time to answer starts with the acknowledgement alone.
    waiting = stand(COMPLAINT, Happened(Kind.HOLDING_REPLY, at(3))).respond
    assert waiting
    assert waiting.state is State.WAITING


@pytest.mark.parametrize(("counting", "due"), [("inclusive", "2026-11-19"), ("after-start", "2026-11-18")])
def test_a_pause_counts_by_its_rule(counting: str, due: str) -> None:
    """From Wednesday to Friday: three days, or the two after the question."""
    pause = Happened(Kind.PAUSED, at(4)), Happened(Kind.RESUMED, at(6))
    assert due_day(stand(promise(pause=counting), *pause)) == due


def test_a_paused_clock_has_no_date() -> None:
    """Nobody knows when the answer to our question comes; an answer of ours meanwhile is in time."""
    paused = Happened(Kind.PAUSED, at(4))
    clocks = stand(promise(), paused)
    assert clocks.respond
    assert (clocks.respond.state, clocks.respond.due, clocks.paused_at) == (State.PAUSED, None, at(4))
    answered = stand(promise(), paused, Happened(Kind.RESPONDED, at(30))).respond
    assert answered
    assert answered.in_time()


def test_a_clarified_request_starts_anew() -> None:
    """FOIA 2000 section 1(3): twenty working days from the day of the clarification; earlier pauses are gone."""
    question = Happened(Kind.PAUSED, at(9))
    assert (
        due_day(stand(FOI, question, Happened(Kind.RESTARTED, at(16)))) == "2026-12-15"
    )  # St Andrew's Day does not count
    for_data = stand(SAR, question, Happened(Kind.RESUMED, at(16)), Happened(Kind.RESTARTED, at(16)))
    assert due_day(for_data) == "2026-12-16"


def test_an_extension_counts_from_the_same_start() -> None:
    """Forty working days from the request; three months with the days of a pause added."""
    more = Happened(Kind.EXTENDED, at(20), duration("40 working days"))
    assert due_day(stand(FOI, more)) == "2026-12-31"
    months = Happened(Kind.EXTENDED, at(20), duration("3 months, then next working day"))
    pause = Happened(Kind.PAUSED, at(3)), Happened(Kind.RESUMED, at(5))
    assert due_day(stand(SAR, *pause, months)) == "2027-02-05"


@pytest.mark.parametrize(
    ("of", "before", "change", "because"),
    [
        (FOI, [], Happened(Kind.EXTENDED, at(5, 12), duration("40 working days")), "told before"),
        (FOI, [Happened(Kind.PAUSED, at(4))], Happened(Kind.EXTENDED, at(5), duration("30 working days")), "resume it"),
        (promise(), [], Happened(Kind.EXTENDED, at(5), duration("11 working days")), "allows no extension"),
        (FOI, [], Happened(Kind.RESUMED, at(5)), "not paused"),
        (FOI, [Happened(Kind.PAUSED, at(4))], Happened(Kind.PAUSED, at(5)), "paused already"),
        (FOI, [], Happened(Kind.PAUSED, at(5, 12)), "has run out"),
        (FOI, [Happened(Kind.RESPONDED, at(4))], Happened(Kind.PAUSED, at(5)), "answered already"),
        (promise(respond="none"), [], Happened(Kind.PAUSED, at(5)), "promises no answer"),
    ],
)
def test_what_cannot_happen_says_why(of: Standard, before: list[Happened], change: Happened, because: str) -> None:
    """A refusal names its reason."""
    assert because in why_not(change, stand(of, *before), of)


@pytest.mark.parametrize(
    ("longer", "because"),
    [
        ("40 working days", ""),
        ("41 working days", "41 working days is too long; at most 40 working days are allowed"),
        ("99999 months", "99999 months is too long; at most 40 working days are allowed"),
        ("20 working days", "20 working days is not later than what is promised now"),
    ],
)
def test_an_extension_is_as_long_as_the_standard_allows(longer: str, because: str) -> None:
    """Longer than what is promised, and no longer than the law's limit, even where no calendar goes so far."""
    assert why_not_so_long(duration(longer), stand(FOI), FOI, UK_ANY) == because


def test_what_can_happen_is_not_refused() -> None:
    """Within the law's limit, before the time is over."""
    for change in (
        Happened(Kind.EXTENDED, at(20), duration("40 working days")),
        Happened(Kind.PAUSED, at(20)),
        Happened(Kind.RESTARTED, at(20)),
        Happened(Kind.HOLDING_REPLY, at(20)),
        Happened(Kind.ACKNOWLEDGED, at(20)),
    ):
        assert why_not(change, stand(FOI), FOI) == ""


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (at(2), "10 working days left"),
        (at(13), "1 working day left"),
        (at(14), "1 working day left"),
        (at(16), "due today"),
        (at(17), "late by 1 working day"),
    ],
)
def test_what_is_left_in_the_unit_of_the_promise(now: datetime, words: str) -> None:
    """A weekend takes nothing away."""
    clocks = stand(promise())
    assert clocks.respond
    assert clocks.duration
    assert histories.time_left(clocks.respond, clocks.duration, ENGLAND, now) == words


def test_many_hours_are_shown_as_days() -> None:
    """Nobody reckons with 865 hours."""
    hours = [
        histories.left_until(at(2), duration("4 hours").unit, ENGLAND, at(2) + timedelta(hours=n)) for n in (5, 865)
    ]
    assert hours == ["late by 5 hours", "late by 36 days"]


def test_shares_leave_the_pause_out() -> None:
    """Half of ten working days is used after five that counted."""
    pause = Happened(Kind.PAUSED, at(4)), Happened(Kind.RESUMED, at(6))
    assert stand(promise()).share_of(0.5, ENGLAND) == datetime(2026, 11, 10, tzinfo=UTC)
    assert stand(promise(), *pause).share_of(0.5, ENGLAND) == datetime(2026, 11, 12, tzinfo=UTC)
    months = stand(SAR, *pause)
    assert months.respond
    assert months.share_of(1.0, ENGLAND) > (months.respond.due or MONDAY)
