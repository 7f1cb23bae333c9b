"""What two processes do at the same moment, on PostgreSQL: one of them does it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.core.closings import Outcome
from bot.core.roles import Role, Scope
from bot.flows import staffing
from bot.flows.changes import answer, close, respond
from bot.flows.changes.refusals import Refused
from bot.flows.desk import actions
from bot.flows.desk.orders import Order
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Visitor
from bot.store import contacts, tokens
from bot.store.engine import Store, Work
from bot.store.staff import Account
from bot.store.tokens import Answer, Token
from tests.components.postgres import Postgres
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import logged


@pytest.fixture
def store_url(postgres: Postgres) -> Iterator[str]:
    """A store for several processes."""
    yield postgres.url_of("fresh")
    postgres.empty("fresh")


@pytest.mark.parametrize("what", ["an account", "a token"])
def test_of_two_of_one_name_there_is_one(store: Store, book: Rulebook, what: str) -> None:
    """An account or a token that is made twice at once: the second is told that it is there already."""
    account = Account("ann@example.gov.uk", "Ann", Role.READER, frozenset(), "", NOW, None)
    token = Token("phones", frozenset({"contacts:read"}), frozenset(), NOW)
    make: Work[object] = {
        "an account": lambda c: staffing.add(c, account, "staff:a", book),
        "a token": lambda c: staffing.create_token(c, token, "staff:a", book),
    }[what]
    with ThreadPoolExecutor(1) as other:
        with writing(store) as connection:
            first = make(connection)
            second = other.submit(store.write_now, make)
            with pytest.raises(TimeoutError):
                second.result(0.5)
        assert not isinstance(first, staffing.Refused)
        refused = second.result(10)
        assert isinstance(refused, staffing.Refused)
        assert "already" in refused.reason


def test_an_answer_is_recorded_once(store: Store, book: Rulebook, mail: Make) -> None:
    """Two people of staff's record one: the second is told so, and the history has one answer."""
    with writing(store) as connection:
        contact = logged(connection, book, mail())
    with ThreadPoolExecutor(1) as other:
        with writing(store) as connection:
            first = respond.respond(connection, contact.reference, NOW, book, actor="staff:a")
            # It reads the contact as it still stands, and waits for us.
            second = other.submit(
                store.write_now, lambda c: respond.respond(c, contact.reference, NOW, book, actor="staff:b")
            )
            with pytest.raises(TimeoutError):
                second.result(0.5)
        assert isinstance(first, respond.Responded)
        with pytest.raises(Refused, match="at this moment"):
            second.result(10)
    history = store.read_now(lambda c: contacts.events_of(c, contact.id))
    assert [event.actor for event in history if event.kind == "responded"] == ["staff:a"]


def test_the_second_one_is_told_who_was_first(store: Store, book: Rulebook, mail: Make) -> None:
    """Though it had read the contact while that was still open."""
    with writing(store) as connection:
        order = Order("respond", logged(connection, book, mail()).reference, {})
    ann, bo = (Visitor(f"staff:{name}@example.gov.uk", Scope()) for name in ("ann", "bo"))
    with ThreadPoolExecutor(1) as other:
        with writing(store) as connection:
            actions.act(connection, order, ann, NOW, book)
            second = other.submit(store.write_now, lambda c: actions.act(c, order, bo, NOW, book))
            with pytest.raises(TimeoutError):
                second.result(0.3)
        with pytest.raises(Refused, match=r"ann@example\.gov\.uk did this"):
            second.result(10)


def test_people_are_called_by_hand_once(store: Store, book: Rulebook, mail: Make) -> None:
    """Of two who see danger at the same moment the second reads that people are called, and not their own reason."""
    with writing(store) as connection:
        reference = logged(connection, book, mail()).reference
    orders = [Order("urgent", reference, {"reason": reason}) for reason in ("Smoke", "Fire")]
    ann, bo = (Visitor(f"staff:{name}@example.gov.uk", Scope()) for name in ("ann", "bo"))
    with ThreadPoolExecutor(1) as other:
        with writing(store) as connection:
            actions.act(connection, orders[0], ann, NOW, book)
            second = other.submit(store.write_now, lambda c: actions.act(c, orders[1], bo, NOW, book))
            with pytest.raises(TimeoutError):
                second.result(0.3)
        with pytest.raises(Refused, match="being called about it already"):
            second.result(10)


def test_what_is_no_reason_was_not_first(store: Store, book: Rulebook, mail: Make) -> None:
    """A note after the answer did not close the contact."""
    ann = Visitor("staff:ann@example.gov.uk", Scope())
    with writing(store) as connection:
        reference = logged(connection, book, mail()).reference
        for order in (Order("respond", reference, {}), Order("note", reference, {"words": "That is done."})):
            actions.act(connection, order, ann, NOW, book)
        with pytest.raises(Refused) as refusal:
            actions.act(connection, Order("take", reference, {}), ann, NOW, book)
        assert refusal.value.reason == f"{reference} is answered, so nothing is left to do"


def test_a_key_is_taken_once(store: Store) -> None:
    """Of two calls under one key at the same moment the second waits, and finds what the first was answered."""
    with ThreadPoolExecutor(1) as other:
        with writing(store) as connection:
            assert tokens.reserve(connection, "phones 1", "d", NOW) is None
            second = other.submit(store.write_now, lambda c: tokens.reserve(c, "phones 1", "d", NOW))
            with pytest.raises(TimeoutError):
                second.result(0.3)
            tokens.keep_answer(connection, "phones 1", 200, "{}")
        assert second.result(10) == Answer("d", 200, "{}")


def test_what_is_closed_at_this_moment_is_not_answered(store: Store, book: Rulebook, mail: Make) -> None:
    """Whoever answers waits for the colleague who closes it, and is told."""
    with writing(store) as connection:
        contact = logged(connection, book, mail())
    words = answer.Answer("full", "It is mended.")
    with ThreadPoolExecutor(1) as other:
        with writing(store) as connection:
            closing = close.Closing(Outcome.SPAM)
            close.close(connection, contact.reference, "staff:a", NOW, book, closing)
            work: Work[object] = lambda c: answer.answer(c, contact.reference, words, "staff:b", NOW, book)  # noqa: E731
            second = other.submit(store.write_now, work)
            with pytest.raises(TimeoutError):
                second.result(0.5)
        with pytest.raises(Refused, match="is closed: open it again first"):
            second.result(10)
