"""Due instants for a million contacts, compared with two well-known libraries; and a new date for every contact."""

import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import businesstimedelta  # type: ignore[import-untyped]
import holidays
import pytz  # type: ignore[import-untyped]
from workalendar.europe import UnitedKingdom  # type: ignore[import-untyped]

from bench import rig
from bot import kinds
from bot.cli.configuration import rulebook_of
from bot.core.books import Book
from bot.core.calendars import Calendar, Calendars, Holiday, calendar
from bot.core.clocks import due
from bot.core.durations import Duration, duration
from bot.flows.changes import recompute, rule_versions
from bot.flows.rulebook import Rulebook
from bot.store import schema
from bot.store.engine import Store
from tests.components.service import ORGANISATION

LONDON = ZoneInfo("Europe/London")
MILLION = 1_000_000
# The promises of a council and their weights: mostly the two general ones.
MIX = (
    (45, "1 working day", "england"),
    (40, "10 working days", "england"),
    (5, "20 working days", "uk-any"),
    (4, "1 month, then next working day", "england"),
    (3, "24 hours", "england"),
    (3, "8 working hours", "england"),
)

Case = tuple[Duration, datetime, Calendar]


def rates() -> None:
    """Measure due instants a second on one core; the tables of the calendars are computed before."""
    calendars = {name: calendar(name) for _, _, name in MIX}
    kinds = [(duration(words), calendars[name]) for _, words, name in MIX]
    chance = random.Random(20261123)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    kinds_of_cases = chance.choices(kinds, [weight for weight, _, _ in MIX], k=MILLION)
    cases = [
        (kind, start + timedelta(seconds=chance.randrange(4 * 365 * 86_400)), where) for kind, where in kinds_of_cases
    ]
    own_rate = _own_rate(cases)
    in_days = [case for case in cases if str(case[0].unit) == "working day" and case[2].name == "england"]
    in_hours = [case for case in cases if str(case[0].unit) == "working hour"]
    _beside("workalendar, working days", in_days, _by_workalendar(), own_rate)
    _beside("businesstimedelta, working hours", in_hours, _by_businesstimedelta(), own_rate)


def _beside(name: str, cases: Sequence[Case], work: Callable[[Case], date], mixed: float) -> None:
    """Measure both on the same cases; the other library on as many as it computes in about three seconds."""
    agreements = sum(work(case) == due(*case).astimezone(LONDON).date() for case in cases[:200])
    some_cases = cases[: max(int(_rate(work, cases[:200]) * 3), 200)]
    rate, own_rate = _rate(work, some_cases), _own_rate(some_cases)
    rig.show(
        benchmark="due instants",
        beside=name,
        due_instants_a_second_of_the_mixed_million=mixed,
        due_instants_a_second_on_the_same_cases=own_rate,
        theirs_a_second=rate,
        ratio_on_the_same_cases=own_rate / rate,
        ratio_of_the_mix=mixed / rate,
        agree_on_the_day=agreements / 200,
    )


def _rate(work: Callable[[Case], object], cases: Sequence[Case]) -> float:
    start = time.process_time()
    for case in cases:
        work(case)
    return len(cases) / (time.process_time() - start)


def _own_rate(cases: Sequence[Case]) -> float:
    start = time.process_time()
    for promise, received_at, where in cases:
        due(promise, received_at, where)
    return len(cases) / (time.process_time() - start)


def _by_workalendar() -> Callable[[Case], date]:
    library_calendar = UnitedKingdom()
    return lambda case: library_calendar.add_working_days(case[1].astimezone(LONDON).date(), case[0].count)


def _by_businesstimedelta() -> Callable[[Case], date]:
    tabled = holidays.country_holidays("GB", subdiv="ENG", years=range(2023, 2030))
    week = (
        businesstimedelta.WorkDayRule(time_of_day(8, 30), time_of_day(17), [0, 1, 2, 3], tz=pytz.timezone(LONDON.key)),
        businesstimedelta.WorkDayRule(time_of_day(8, 30), time_of_day(16, 30), [4], tz=pytz.timezone(LONDON.key)),
    )
    rules = businesstimedelta.Rules([*week, businesstimedelta.HolidayRule(tabled, tz=pytz.timezone(LONDON.key))])

    def due_day(case: Case) -> date:
        ends: datetime = case[1] + businesstimedelta.BusinessTimeDelta(rules, hours=case[0].count)
        return ends.astimezone(LONDON).date()

    return due_day


def all_anew(count: int = MILLION) -> None:
    """Measure looking at so many open contacts, and giving those that move a new date and an event."""
    with tempfile.TemporaryDirectory() as folder:
        store, book, now = _full(Path(folder), count)
        proclaimed = (Holiday(date(2026, 12, 3), "The jubilee"),)
        holiday = Calendars(lambda key: calendar(key.partition(" ")[0], proclaimed=proclaimed))
        _recompute_all(
            "a holiday is proclaimed", store, replace(book, clocks=replace(book.clocks, calendars=holiday)), now
        )
        longer = [
            replace(s, respond=duration("12 working days")) for s in book.clocks.promises.standards if s.id == "general"
        ]
        _recompute_all(
            "a standard is corrected: every date moves",
            store,
            replace(book, clocks=replace(book.clocks, promises=Book(longer))),
            now,
        )


def _recompute_all(why: str, store: Store, book: Rulebook, now: datetime) -> None:
    start, contact_count, moved_count = time.perf_counter(), 0, 0
    names = store.read_now(partial(rule_versions.names_changed, book=book))
    after: int | None = 0
    while after is not None:
        work = partial(recompute.recompute, after_id=after, names=names, now=now, book=book, dry_run=False)
        page = store.write_now(work)
        contact_count, moved_count = contact_count + page.looked_at, moved_count + len(page.changes)
        after = page.last_id
    seconds = time.perf_counter() - start
    rig.show(
        benchmark="dates of open contacts anew, on SQLite",
        because=why,
        contacts=contact_count,
        moved=moved_count,
        seconds=seconds,
        contacts_a_second=contact_count / seconds,
    )


def _full(folder: Path, count: int) -> tuple[Store, Rulebook, datetime]:
    config = folder / "config"
    config.mkdir()
    text = ORGANISATION.format(store=f"sqlite:///{folder}/ackbot.db", web_port=8080).partition("[[team]]")[
        0
    ]  # nothing is sent
    text = text.replace("env:ACKBOT_SECRET", "a secret of the benchmark, 32 and more")
    (config / "ackbot.toml").write_text(text, encoding="utf-8")
    configured = kinds.load(config)
    schema.upgrade(configured.store.url)
    store, book, now = Store(configured.store.url), rulebook_of(configured), datetime(2026, 11, 23, 12, tzinfo=UTC)
    store.write_now(partial(rule_versions.settle, book=book, now=now))
    with closing(sqlite3.connect(folder / "ackbot.db")) as raw:
        raw.executemany(_INSERT, _rows(book, count))
        raw.commit()
    return store, book, now


_INSERT = """INSERT INTO contacts (reference, channel, external_id, state, outcome, rule, reason, standard,
    standard_version, promise, calendar, receipt_rule, received_at, acknowledge_by, respond_by, next_look_at)
    VALUES (?, 'inbox', ?, 'open', 'acknowledge', '', '', 'general', '1', '10 working days', 'england', 'same day',
    ?, ?, ?, ?)"""


def _rows(book: Rulebook, count: int) -> Iterable[tuple[str, ...]]:
    england, (one_day, ten_days) = (
        book.clocks.calendars["england"],
        (duration("1 working day"), duration("10 working days")),
    )
    start = datetime(2026, 9, 1, tzinfo=UTC)
    for number in range(count):
        received_at = start + timedelta(seconds=number * 80 * 86_400 // count)
        dates = (received_at, due(one_day, received_at, england), due(ten_days, received_at, england), received_at)
        yield (f"EX-{number}", f"<{number}@bench>", *(f"{at:%Y-%m-%d %H:%M:%S.%f}" for at in dates))
