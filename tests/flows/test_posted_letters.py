"""Answers that are printed and posted for staff: to an address that they type, signed, and counted when handed over."""

import pytest

from bot.core import postal
from bot.core.answers import AnswerRules
from bot.flows.changes import answer, answer_outcome
from bot.flows.changes.answer import Answer
from bot.flows.changes.refusals import Refused
from bot.flows.outgoing import deliver
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.outgoing.deliver import Attempt
from bot.flows.rulebook import Rulebook
from bot.store.engine import Store
from tests.flows.conftest import Make, writing
from tests.flows.test_answer import ANN, HOLD, LATER, LEAVES, SECRET
from tests.flows.test_mail import now_of, opened
from tests.render.letters import COMPOSER
from tests.rulebooks import altered

HOME = "Ann Example\r\n 1  Mill Lane\n\nSW1A 1AA"


def test_a_letter_leaves_to_the_address_that_staff_typed(store: Store, book: Rulebook, mail: Make) -> None:
    """With the reference in its heading and the officer below it; when it is handed over the clock stops."""
    rules = altered(book, words=frozenset({"notify"}), answering=AnswerRules(posts_by="notify"))
    with writing(store) as connection:
        contact = opened(connection, rules, mail())
        assert "post" in [route.name for route in answer.routes(contact, rules, LATER)]
        draft = Answer("full", "The hole is filled.", channel="post", name="Ann Example", address=HOME)
        answer.answer(connection, contact.reference, draft, ANN, LATER, rules)
        (claim,) = deliver.claim(connection, "notify", LEAVES, HOLD, 5, rules)
        letter = MessageWriter(COMPOSER, rules, SECRET).write(claim, LEAVES)
        assert postal.lines_of(letter.recipient) == ["Ann Example", "1 Mill Lane", "SW1A 1AA"]
        assert contact.reference in letter.subject
        assert letter.content.decode().startswith("The hole is filled.\n\nAnn Example")
        attempts = [Attempt(claim.delivery, LEAVES, external_id="1")]
        deliver.record(connection, attempts, rules)
        answer_outcome.count(connection, attempts, rules)
        assert now_of(connection, contact).state == "answered"


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "3 to 7 lines"),
        ("Ann Example\n1 Mill Lane", "3 to 7 lines"),
        ("\n".join("abcdefgh"), "3 to 7 lines"),
        ("Ann Example\n(1 Mill Lane\nSW1A 1AA", "begin each line"),
        ("Ann Example\n--\nSW1A 1AA", "a name and a street"),
    ],
)
def test_an_address_that_no_letter_reaches(store: Store, book: Rulebook, mail: Make, address: str, why: str) -> None:
    """It is said at once, at the field, before anything is queued."""
    rules = altered(book, words=frozenset({"notify"}), answering=AnswerRules(posts_by="notify"))
    with writing(store) as connection:
        contact = opened(connection, rules, mail())
        draft = Answer("full", "The hole is filled.", channel="post", address=address)
        with pytest.raises(Refused, match=why) as refusal:
            answer.answer(connection, contact.reference, draft, ANN, LATER, rules)
        assert refusal.value.field == "address"
        assert answer.under_way(connection, contact.id) is None


def test_without_an_outlet_that_posts_staff_do_it(store: Store, book: Rulebook, mail: Make) -> None:
    """The way is not offered."""
    with writing(store) as connection:
        contact = opened(connection, book, mail())
        assert "post" not in [route.name for route in answer.routes(contact, book, LATER)]
