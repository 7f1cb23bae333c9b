"""No function of the outbox makes a delivery move in a way that the table of moves forbids, on either database."""

import ast
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import DBAPIError

from bot.core.deliveries import HELD, MOVES, WAITING, NewDelivery, Purpose, Settlement, State
from bot.store import holds, outbox, staff_answers
from bot.store.conditions import IS_HELD
from bot.store.databases import engine_of
from bot.store.tables import contacts, deliveries
from tests.architecture.house import ROOT
from tests.thoroughness import cases

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ALLOWED = ", ".join(f"'{source} {target}'" for source, targets in MOVES.items() for target in targets)
TRIGGERS = {
    "sqlite": (
        f"""CREATE TRIGGER only_moves BEFORE UPDATE OF state ON deliveries
        WHEN OLD.state != NEW.state AND OLD.state || ' ' || NEW.state NOT IN ({ALLOWED})
        BEGIN SELECT RAISE(ABORT, 'forbidden move'); END""",
    ),
    "postgresql": (
        f"""CREATE FUNCTION only_moves() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF OLD.state != NEW.state AND OLD.state || ' ' || NEW.state NOT IN ({ALLOWED})
        THEN RAISE EXCEPTION 'forbidden move from % to %', OLD.state, NEW.state; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER only_moves BEFORE UPDATE OF state ON deliveries
        FOR EACH ROW EXECUTE FUNCTION only_moves()""",
    ),
}


@pytest.fixture
def connection(store_url: str) -> Iterator[Connection]:
    """A transaction on each database, which refuses what the table forbids; nothing of it stays."""
    engine = engine_of(store_url, writes=True)
    with engine.connect() as begun:
        for statement in TRIGGERS[begun.dialect.name]:
            begun.execute(text(statement))
        facts = {"channel": "inbox", "state": "logged", "outcome": "log", "rule": "", "reason": "", "received_at": NOW}
        for number in (1, 2):
            begun.execute(insert(contacts).values(id=number, reference=str(number), external_id=str(number), **facts))
        yield begun
        begun.rollback()
    engine.dispose()


@dataclass(frozen=True)
class Step:
    """One call of a function: which delivery, contact or holder it is about, when, and what comes of it."""

    function: str
    number: int
    minutes: int
    state: State

    @property
    def at(self) -> datetime:
        """When it happens."""
        return NOW + timedelta(minutes=self.minutes)

    @property
    def holder(self) -> str:
        """One of two processes, and one of its claims."""
        return f"{'ab'[self.number % 2] * outbox.HOLDER_LENGTH}:{self.number}"


def _ids(connection: Connection, step: Step) -> list[int]:
    """The number of one of the deliveries, if there is any."""
    numbers = list(connection.execute(select(deliveries.c.id).order_by(deliveries.c.id)).scalars())
    return [numbers[step.number % len(numbers)]] if numbers else []


def _queue(connection: Connection, step: Step) -> None:
    name = f"{step.number} {step.minutes} {step.state}"
    claimed = step.state is State.SENDING
    new = NewDelivery(
        key=name,
        contact_id=step.number % 3 or None,
        purpose=list(Purpose)[step.number % len(Purpose)],
        channel="post",
        recipient="a@a.example",
        message_id=name,
        created_at=NOW,
        next_attempt_at=step.at if claimed or step.number % 4 else HELD,
        state=State.SENDING if claimed else State.CREATED,
        attempts=int(claimed),
        holder=step.holder if claimed else None,
    )
    outbox.queue(connection, [new])


def _claim(connection: Connection, step: Step) -> None:
    outbox.claim(connection, "post", step.at, step.at + timedelta(minutes=20), 1 + step.number, step.holder)


def _claim_like(connection: Connection, step: Step) -> None:
    for number in _ids(connection, step):
        like = outbox.with_id(connection, number)
        assert like is not None
        purpose = (Purpose.ALERT, Purpose.URGENT)[step.number % 2]
        outbox.claim_like(connection, replace(like, purpose=purpose), step.at, step.at + timedelta(minutes=20), 3)


def _settle(connection: Connection, step: Step) -> None:
    left = step.at if step.state is State.SENT else None
    again = step.at if step.state in WAITING else None
    outbox.settle(connection, [Settlement(number, step.state, again, left) for number in _ids(connection, step)])


def _came_back(connection: Connection, step: Step) -> None:
    again = step.at + timedelta(minutes=60) if step.number % 2 else None
    for number in _ids(connection, step):
        delivery = outbox.with_id(connection, number)
        assert delivery is not None
        outbox.came_back(connection, delivery, "full", step.at, again)


def _arrive(connection: Connection, step: Step) -> None:
    for number in _ids(connection, step):
        delivery = outbox.with_id(connection, number)
        assert delivery is not None
        outbox.arrive(connection, delivery, step.at)


CHANGES: dict[str, Callable[[Connection, Step], object]] = {
    "queue": _queue,
    "claim": _claim,
    "claim_like": _claim_like,
    "settle": _settle,
    "came_back": _came_back,
    "arrive": _arrive,
    "join": lambda c, step: outbox.join(c, 1, _ids(c, step)),
    "release_all": lambda c, step: outbox.release_all(c, step.at),
    "take_back": lambda c, step: outbox.take_back(c, {step.holder[: outbox.HOLDER_LENGTH]}, step.at),
    "give_back": lambda c, step: outbox.give_back(c, step.holder[: outbox.HOLDER_LENGTH], step.at),
    "give_back_claims": lambda c, step: outbox.give_back_claims(c, [step.holder], step.at),
    "bring_forward": lambda c, step: outbox.bring_forward(c, step.at),
    "cancel_waiting": lambda c, step: outbox.cancel_waiting(c, 1 + step.number % 2),
    "hold": lambda c, _: holds.hold(c),
    "hold_what_leaves_by_itself": lambda c, _: holds.hold_what_leaves_by_itself(c),
    "hold_what_may_have_left": lambda c, _: holds.hold_what_may_have_left(c),
    "release": lambda c, step: holds.release(c, step.at, step.number % 3 or None),
}
# What staff type waits in the outbox, too.
OF_ANSWERS: dict[str, Callable[[Connection, Step], object]] = {
    "answer taken back": lambda c, step: [staff_answers.take_back(c, number) for number in _ids(c, step)],
    "answer handed over": lambda c, step: [staff_answers.hand_over(c, number, step.at) for number in _ids(c, step)],
    "answers cancelled": lambda c, step: staff_answers.cancel(c, 1 + step.number % 2),
}
WALK = CHANGES | OF_ANSWERS
_PAIRS = [(source, target) for source, target in product(State, State) if source != target]
READS = frozenset(
    {"acknowledgements_of", "delivery_of", "fates", "late_alerts", "next_due", "of_contact"}
    | {"among", "contact_ids", "count", "departures"}
    | {"message_times", "oldest_receipt", "row_of", "standing", "under_way", "waiting_count", "waiting_for", "with_id"}
)
steps = st.builds(Step, st.sampled_from(sorted(WALK)), st.integers(0, 7), st.integers(0, 90), st.sampled_from(State))
# Without something in the outbox nothing moves.
queued = st.builds(Step, st.just("queue"), st.integers(0, 7), st.integers(0, 5), st.sampled_from(State))


@settings(max_examples=cases(20, 500), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.lists(queued, min_size=1, max_size=6), then=st.lists(steps, max_size=25))
def test_whatever_the_outbox_is_asked_every_move_is_one_of_the_table(
    connection: Connection, first: list[Step], then: list[Step]
) -> None:
    """Any functions in any order, about deliveries in any state: the database refuses none of their moves."""
    with connection.begin_nested() as undone:
        for step in (*first, *then):
            WALK[step.function](connection, step)
        undone.rollback()


def test_the_walk_knows_every_function_of_the_outbox() -> None:
    """A new one is walked, or is said to read alone."""
    public = {
        name
        for module in (outbox, holds)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }
    # One builds the statement that all others use, one queues words anew.
    assert public - {"moving", "renew"} == CHANGES.keys() | READS


def test_recording_obeys_the_table(connection: Connection) -> None:
    """What became of an attempt is recorded where it may follow, and nothing of it elsewhere."""
    for source, target in _PAIRS:
        number = _in_state(connection, source, None, str(target))
        outbox.settle(connection, [Settlement(number, target, error="words")])
        query = select(deliveries.c.state, deliveries.c.last_error).where(deliveries.c.id == number)
        expected = (target, "words") if target in MOVES[source] else (source, "")
        assert tuple(connection.execute(query).one()) == expected


def test_the_database_of_this_test_refuses_what_the_table_does(connection: Connection) -> None:
    """It lets nothing else through, or the walk would show nothing."""
    refused = set()
    for source, target in _PAIRS:
        with connection.begin_nested() as undone:
            _in_state(connection, source, None)
            try:
                connection.execute(text("UPDATE deliveries SET state = :state"), {"state": target.value})
            except DBAPIError:
                refused.add((source, target))
            undone.rollback()
    assert refused == {(source, target) for source, target in _PAIRS if target not in MOVES[source]}


def test_a_statement_for_a_forbidden_move_cannot_be_made() -> None:
    """It is refused before there is any row."""
    with pytest.raises(ValueError, match="no delivery moves to created from cancelled, sent"):
        outbox.moving(State.CREATED, State.SENDING, State.CANCELLED, State.SENT)


def test_held_is_what_waits_without_a_time(connection: Connection) -> None:
    """It has one of the two states that wait, and no time for its next attempt."""
    numbers = {state: _in_state(connection, state, HELD) for state in State}
    for state in State:
        _in_state(connection, state, NOW)
    held = connection.execute(select(deliveries.c.id).where(IS_HELD)).scalars().all()
    assert sorted(held) == sorted(numbers[state] for state in WAITING)


def _in_state(connection: Connection, state: State, next_attempt_at: datetime | None, note: str = "") -> int:
    name = f"{state} {next_attempt_at} {note}"
    facts = {"purpose": "notice", "step": "", "channel": "post", "recipient": "", "created_at": NOW}
    facts |= {"key": name, "message_id": name, "state": state.value, "next_attempt_at": next_attempt_at}
    number: int = connection.execute(insert(deliveries).values(facts).returning(deliveries.c.id)).scalar_one()
    return number


def test_one_function_alone_changes_the_state_of_a_delivery() -> None:
    """Every other statement that changes deliveries leaves their state alone."""
    writers = set()
    for path in (ROOT / "bot").rglob("*.py"):
        if "migrations" not in path.parts:
            writers |= {f"{path.name}: {name}" for name in _writers_of_state(path)}
    assert writers == {"outbox.py: moving"}


def _writers_of_state(path: Path) -> Iterator[str]:
    """The parts of a module in which an update of deliveries sets `state`, or SQL does so."""
    source = path.read_text()
    assert "UPDATE deliveries" not in source
    for part in ast.parse(source).body if "deliveries" in source else ():
        if "update(deliveries)" in ast.unparse(part):
            calls = [node for node in ast.walk(part) if isinstance(node, ast.Call)]
            names = {keyword.arg for call in calls if _is_values(call) for keyword in call.keywords}
            if "state" in names or "'state'" in ast.unparse(part):
                yield part.name if isinstance(part, ast.FunctionDef | ast.ClassDef) else "a statement"


def _is_values(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "values"
