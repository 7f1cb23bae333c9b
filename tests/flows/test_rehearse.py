"""A ladder is tried with invented contacts: the same seed gives the same days, and what is broken is named."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.core import alerting
from bot.core.alerting import Bundle, Restraint
from bot.flows import escalate
from bot.flows.outgoing import deliver
from bot.flows.outgoing.deliver import Attempt
from bot.flows.rehearse import Outcome, Rehearsal, Scenario
from bot.flows.rulebook import Rulebook, Team
from bot.store import outbox
from bot.store.engine import Store
from tests.flows.conftest import writing
from tests.rulebooks import altered

pytestmark = pytest.mark.slow

BEGIN = datetime(2026, 12, 14, 8, 0, tzinfo=UTC)  # Monday
DOWN, UP = datetime(2026, 12, 22, 12, 0, tzinfo=UTC), datetime(2026, 12, 29, 12, 0, tzinfo=UTC)
SCENARIO = Scenario(BEGIN, 21, 30, seed=7)


@pytest.fixture
def ladder(book: Rulebook) -> Rulebook:
    """A team with a lead and a manager."""
    above = {"lead": ("lead@example.gov.uk",), "manager": ("manager@example.gov.uk",)}
    return altered(book, teams={"front": Team("front", ("staff@example.gov.uk",), "post", above)})


@pytest.fixture
def store(store_file: Path) -> Iterator[Store]:
    """A throw-away store, as the command has one."""
    throw_away = Store(f"sqlite:///{store_file}")
    yield throw_away
    throw_away.let_go()


def lived(store: Store, scenario: Scenario, book: Rulebook) -> tuple[Outcome, list[date]]:
    """What came of the scenario on an empty store, which is empty again afterwards; and the days that were lived."""
    days: list[date] = []
    with writing(store) as connection:
        outcome = Rehearsal(connection, scenario, book).run(days.append)
        connection.rollback()
    return outcome, days


def test_the_same_seed_gives_the_same_messages(store: Store, ladder: Rulebook) -> None:
    """Every contact comes, most are answered, nothing is broken; with another seed it is another story."""
    outcome, days = lived(store, SCENARIO, ladder)
    assert (outcome.contacts, outcome.broken) == (30, [])
    assert 15 < outcome.answered < 30
    assert days == sorted(set(days))
    assert outcome.messages
    assert lived(store, SCENARIO, ladder)[0].messages == outcome.messages
    assert lived(store, replace(SCENARIO, seed=8), ladder)[0].messages != outcome.messages


def test_only_staff_are_listed_and_only_on_working_days(store: Store, ladder: Rulebook) -> None:
    """Receipts leave without being listed; once a working day each person has one list."""
    outcome, _ = lived(store, SCENARIO, ladder)
    assert {message.purpose for message in outcome.messages} == {"alert", "digest"}
    people = {"staff@example.gov.uk", "lead@example.gov.uk", "manager@example.gov.uk"}
    assert {message.person for message in outcome.messages} <= people
    assert all(ladder.clocks.default_calendar.is_working_day(message.day) for message in outcome.messages)
    lists = Counter((message.person, message.day) for message in outcome.messages if message.purpose == "digest")
    assert set(lists.values()) == {1}


def test_nothing_happens_while_the_service_is_down(store: Store, ladder: Rulebook) -> None:
    """What fell due then is told once it is up again, and no step twice."""
    outcome, days = lived(store, replace(SCENARIO, down=DOWN, up=UP), ladder)
    assert outcome.broken == []
    assert outcome.contacts == 30
    assert not [message for message in outcome.messages if DOWN <= message.at < UP]
    assert [message for message in outcome.messages if message.at >= UP]
    assert not [day for day in days if DOWN.date() < day < UP.date()]


def test_without_a_way_to_answer_nobody_writes(store: Store, ladder: Rulebook) -> None:
    """There is nothing to rehearse but empty lists, which are not sent."""
    ways = {name: replace(way, outlet=None) for name, way in ladder.ways.items()}
    outcome, _ = lived(store, replace(SCENARIO, days=3), altered(ladder, ways=ways))
    assert (outcome.contacts, outcome.messages, outcome.broken) == (0, [], [])


def test_too_many_messages_within_an_hour_are_named(
    store: Store, ladder: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cap that nobody keeps is found by the judge."""
    monkeypatch.setattr(alerting, "bundle", lambda *_: Bundle.APART)
    outcome, _ = lived(store, SCENARIO, altered(ladder, restraint=Restraint(join_above=0, an_hour=1)))
    assert outcome.broken
    assert all("more than 1 messages within the hour" in words for words in outcome.broken)


def test_steps_that_are_not_taken_are_named(store: Store, ladder: Rulebook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody looks after the contacts, each open one has steps behind it that were due."""
    monkeypatch.setattr(escalate, "escalate", lambda *_: 0)
    monkeypatch.setattr("bot.store.clocks.next_look", lambda *_: None)
    outcome, _ = lived(store, SCENARIO, ladder)
    assert outcome.broken
    assert all("0 steps taken" in words for words in outcome.broken)


def test_an_alert_that_is_told_twice_is_named(store: Store, ladder: Rulebook, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is never noted as sent is sent again, and the judge counts."""
    record = deliver.record

    def forgetful(connection: Connection, attempts: Sequence[Attempt], book: Rulebook) -> None:
        record(connection, [attempt for attempt in attempts if attempt.delivery.purpose != "alert"], book)

    monkeypatch.setattr(deliver, "record", forgetful)
    outcome, _ = lived(store, SCENARIO, ladder)
    assert any(" times to staff@example.gov.uk" in words for words in outcome.broken)


def test_an_alert_after_the_answer_is_named(store: Store, ladder: Rulebook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody asks whether it is still wanted, what waits for the office to open leaves after all."""
    monkeypatch.setattr(alerting, "is_wanted", lambda *_: True)
    monkeypatch.setattr(outbox, "cancel_waiting", lambda *_: [])
    outcome, _ = lived(store, SCENARIO, altered(ladder, restraint=Restraint(office=ladder.clocks.default_calendar)))
    assert any(", answered at " in words for words in outcome.broken)
