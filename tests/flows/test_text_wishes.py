"""Text messages end to end: a contact with its receipt as a text, one thread for each number, and STOP is obeyed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from bot.channel import Batch
from bot.core.answers import AnswerRules
from bot.core.deliveries import Delivery, State
from bot.core.lengths import Longest
from bot.core.messages import Inbound, Party, Post
from bot.flows.changes import answer
from bot.flows.changes.answer import Answer
from bot.flows.changes.refusals import Refused
from bot.flows.intake.batches import Capacity, Filed, Reading
from bot.flows.intake.receive import receive
from bot.flows.outgoing import deliver
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.outgoing.deliver import ClaimTerms
from bot.flows.rulebook import Rulebook, Way
from bot.store import contacts, outbox, suppressions
from bot.store.engine import Store
from tests.flows.conftest import NOW, writing
from tests.flows.test_answer import ANN, SECRET
from tests.render.letters import COMPOSER
from tests.rulebooks import altered

HOUR, PERSON = timedelta(hours=1), "tel:+447700900123"


@pytest.fixture
def texting(book: Rulebook) -> Rulebook:
    """A rulebook with a number for text messages, which Notify answers."""
    way = Way(None, "front", medium="text", texts_outlet="notify", name="texts", channel_kind="notify_texts")
    limits = AnswerRules({"notify": Longest(918)})
    return altered(book, ways={**book.ways, "texts": way}, words=frozenset({"notify"}), answering=limits)


def text(number: int, words: str, address: str = PERSON) -> Inbound:
    """A text message as the channel reads it."""
    post = Post(conversation=address)
    return Inbound("texts", f"id-{number}", f"d{number}", Party(address), text=words, post=post, unproven=True)


def log(connection: Connection, book: Rulebook, *messages: Inbound, at: datetime = NOW) -> list[Filed]:
    """What becomes of these."""
    return receive(connection, Batch(messages), Reading("texts"), at, book, Capacity()).filed


def leave(connection: Connection, book: Rulebook, at: datetime = NOW) -> list[Delivery]:
    """Everything that Notify is to be handed leaves."""
    claimed = deliver.claim(connection, "notify", at, ClaimTerms(HOUR), 100, book)
    deliver.record(connection, [deliver.Attempt(claim.delivery, at) for claim in claimed], book)
    return [claim.delivery for claim in claimed]


def outcomes(filed: Sequence[Filed]) -> list[str]:
    """What was decided of each."""
    return [filing.outcome for filing in filed]


def test_a_text_message_is_a_contact_with_its_receipt_as_a_text(store: Store, texting: Rulebook) -> None:
    """In the length of a text, with the reference; what they add goes on in the same thread."""
    with writing(store) as connection:
        (filed,) = log(connection, texting, text(1, "The bin was missed."))
        (claim,) = deliver.claim(connection, "notify", NOW, ClaimTerms(HOUR), 100, texting)
        outbound = MessageWriter(COMPOSER, texting, SECRET).write(claim, NOW)
        assert outbound.recipient == PERSON
        assert (filed.reference or "") in outbound.content.decode()
        assert Longest(918).why_not(outbound.content.decode()) == ""
        deliver.record(connection, [deliver.Attempt(claim.delivery, NOW)], texting)
        (added,) = log(connection, texting, text(2, "And the one next door."), at=NOW + HOUR)
        assert (added.reference, added.outcome) == (filed.reference, "attach")
        assert not any(filing.new for filing in log(connection, texting, text(1, "The bin was missed."), at=NOW + HOUR))
        contact = contacts.find(connection, filed.reference or "")
        assert contact is not None
        assert contact.acknowledged_at is not None
        assert len(contacts.messages_of(connection, contact.id)) == 2


def test_stop_is_obeyed_and_noted(store: Store, texting: Rulebook) -> None:
    """What waits does not leave, staff who owe an answer are told once, nothing automatic goes there; until START."""
    with writing(store) as connection:
        (filed,) = log(connection, texting, text(1, "The bin was missed."))
        (stop,) = log(connection, texting, text(2, "STOP"))
        assert (stop.reference, stop.outcome) == (filed.reference, "attach")
        assert leave(connection, texting) == []
        contact = contacts.find(connection, filed.reference or "")
        assert contact is not None
        assert "31 no more text messages" in str(
            [event.details for event in contacts.events_of(connection, contact.id)]
        )
        waiting = [d for d in deliver_of_staff(connection) if "no more text messages" in d.details.get("subject", "")]
        assert len(waiting) == 1
        with pytest.raises(Refused, match="asked for none"):
            answer.answer(connection, contact.reference, Answer("full", "It is done."), ANN, NOW + HOUR, texting)
        log(connection, texting, text(3, "START"), at=NOW + HOUR)
        assert suppressions.list_in_force(connection, NOW + HOUR) == []
        answer.answer(connection, contact.reference, Answer("full", "It is done."), ANN, NOW + HOUR, texting)


def test_stop_outlives_a_text_that_did_not_arrive(store: Store, texting: Rulebook) -> None:
    """What Notify says later of a text that had left before ends in 30 days, and STOP does not."""
    with writing(store) as connection:
        log(connection, texting, text(1, "The bin was missed."))
        (receipt,) = leave(connection, texting)
        log(connection, texting, text(2, "STOP"))
        post = Post("undelivered", about="740e5834", key=receipt.message_id)
        failed = Inbound("notify", "740e5834 failed", "", None, post=post, fault="the number does not exist")
        receive(connection, Batch((failed,)), Reading("notify"), NOW + HOUR, texting, Capacity())
        assert outbox.of_contact(connection, receipt.contact_id or 0)[0].state is State.PERMANENT_FAILURE
        (entry,) = suppressions.list_in_force(connection, NOW + timedelta(days=365))
        assert "no more text messages" in entry.reason


def test_stop_of_somebody_unknown(store: Store, texting: Rulebook) -> None:
    """It is kept, nothing is owed, and what they write later is for staff; nobody else is touched by it."""
    with writing(store) as connection:
        assert outcomes(log(connection, texting, text(1, "stop"), text(2, "The lamp is out."))) == ["log", "ask"]
        assert outcomes(log(connection, texting, text(3, "Start"), text(4, "A hole!"))) == ["attach", "attach"]
        assert outcomes(log(connection, texting, text(5, "A hole!", "tel:+447700900999"))) == ["acknowledge"]
        assert [delivery.recipient for delivery in leave(connection, texting)] == ["tel:+447700900999"]


def test_a_programs_text_is_not_answered(store: Store, texting: Rulebook) -> None:
    """A name in letters is no number: it is kept, and nothing is sent there."""
    with writing(store) as connection:
        message = text(1, "Your parcel is here.", "text:COURIER")
        assert message.post is not None
        message = replace(message, post=replace(message.post, by_program=True))
        assert outcomes(log(connection, texting, message)) == ["log"]
        assert leave(connection, texting) == []


def deliver_of_staff(connection: Connection) -> list[Delivery]:
    """Everything that waits for staff."""
    rows = connection.exec_driver_sql("SELECT id FROM deliveries WHERE purpose = 'notice'").fetchall()
    deliveries = (outbox.with_id(connection, row[0]) for row in rows)
    return [delivery for delivery in deliveries if delivery is not None]
