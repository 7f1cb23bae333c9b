"""Spells for the tests, from what matters in each."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.core import calendars
from bot.core.measures import Figures, Period
from bot.core.spells import Ending, Spell, microseconds
from bot.core.tallies import Tally
from bot.core.working_days import WorkingDays

LONDON = ZoneInfo("Europe/London")
ENGLAND = WorkingDays(calendars.calendar("england"))


def at(day: str, clock: str = "10:00") -> int:
    """An instant of local time."""
    return microseconds(datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=LONDON))


def end_of(day: str) -> int:
    """The last second of a local day, as dates of promises have it."""
    return at(day, "23:59:59")


def period(first_day: str = "2026-09-01", last_day: str = "2026-09-30", known_at: str = "2026-10-20") -> Period:
    """September, as it was known three weeks later."""
    end = date.fromisoformat(last_day) + timedelta(days=1)
    days = date.fromisoformat(first_day), date.fromisoformat(last_day)
    return Period(
        *days, begin=at(first_day, "00:00"), end=at(end.isoformat(), "00:00"), cut_off=9, known_at=at(known_at)
    )


USUAL = Spell(
    contact_id=1,
    number=0,
    received_at=at("2026-09-01"),
    begins_at=at("2026-09-01"),
    channel="post",
    channel_kind="email_imap",
    medium="email",
    visibility="private",
    outcome="acknowledge",
    rule="",
    language="en",
    area="",
    service="waste",
    kind="",
    team="streets",
    standard="email",
    standard_version="2023",
    calendar="england",
    acknowledge_by=end_of("2026-09-02"),
    acknowledged_at=at("2026-09-01", "10:01"),
    first_respond_by=end_of("2026-09-15"),
    respond_by=end_of("2026-09-15"),
    responded_at=None,
    ends_at=None,
    ending=Ending.OPEN,
    paused_at=None,
    pauses="",
    extensions=0,
    is_undeliverable=False,
    windows_missed=0,
    early_words=0,
    next_word_at=None,
    avoidable="",
    cause="",
    complaint_outcome="",
    asked_at=None,
    opinion="",
    satisfaction="",
    needs="",
    are_needs_met=None,
    latest_at=None,
)


def begun(day: str, **values: Any) -> Spell:
    """A spell that began at ten o'clock."""
    return USUAL._replace(received_at=at(day), begins_at=at(day))._replace(**values)


def answered(day: str, clock: str = "10:00", **values: Any) -> Spell:
    """The usual one, which came on Tuesday 1 September 2026, with its answer."""
    moment = at(day, clock)
    return USUAL._replace(responded_at=moment, ends_at=moment, ending=Ending.ANSWERED)._replace(**values)


def closed(day: str, ending: str = Ending.TOLD, **values: Any) -> Spell:
    """The usual one, closed without an answer."""
    return USUAL._replace(ends_at=at(day), ending=ending)._replace(**values)


def figures(*spells: Spell, of: Period | None = None) -> Figures:
    """What is counted of these in September."""
    tally = Tally(of or period(), {"england": ENGLAND}, ENGLAND)
    for spell in spells:
        tally.add(spell)
    return tally.figures()
