"""What a provider says later of a message of ours: it arrived, it may if it is sent once more, or it never will."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from bot.channel import Batch
from bot.core.contacts import Contact
from bot.core.deliveries import Delivery, State
from bot.core.messages import Inbound, Post
from bot.flows.changes import answer, answer_outcome
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.outgoing import deliver
from bot.flows.outgoing.deliver import Attempt
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox, suppressions
from bot.store.engine import Store
from bot.store.tables import deliveries
from tests.flows.conftest import NOW, Make, writing
from tests.flows.test_answer import ANN, FULL, HOLD, LATER, LEAVES
from tests.flows.test_mail import HOUR, PERSON, kinds, leave, log, now_of, opened, purposes
from tests.flows.test_mail import signed as signed  # noqa: PLC0414 - the fixture

NAME = "740e5834-3a29-46b4-9a6f-16142fde533a"


def says(connection: Connection, book: Rulebook, kind: str, outlet: str = "post", **more: object) -> None:
    """Notify calls three times, as it does where an answer of ours was lost."""
    post = Post(kind, about=NAME, **more)  # type: ignore[arg-type]
    fault = "" if kind == "delivered" else "the address or the number does not exist (permanent-failure)"
    message = Inbound(outlet, f"{NAME} {kind}", "", None, post=post, fault=fault)
    for _ in range(3):
        at = receive(connection, Batch((message,)), Reading(outlet), NOW + HOUR, book, Capacity())
        assert [filed.outcome for filed in at.filed] == ["our own"]


def handed_over(connection: Connection, book: Rulebook, mail: Make) -> tuple[Contact, Delivery]:
    """A contact whose receipt has left; the provider's name of it was never heard."""
    contact = opened(connection, book, mail())
    (receipt,) = outbox.of_contact(connection, contact.id)
    return contact, receipt


def state(connection: Connection, contact: Contact) -> State:
    """How its receipt stands."""
    return outbox.of_contact(connection, contact.id)[0].state


def test_a_receipt_that_arrived_is_delivered(store: Store, signed: Rulebook, mail: Make) -> None:
    """Once; it stays acknowledged, and what comes later of the same message can only be that it failed after all."""
    with writing(store) as connection:
        contact, receipt = handed_over(connection, signed, mail)
        says(connection, signed, "delivered", receipt.channel, key=receipt.message_id)
        assert state(connection, contact) is State.DELIVERED
        assert kinds(connection, contact).count("delivered") == 1
        assert now_of(connection, contact).acknowledged_at is not None
        says(connection, signed, "undelivered", receipt.channel, key=receipt.message_id)
        assert state(connection, contact) is State.PERMANENT_FAILURE


def test_what_has_arrived_is_not_sent_again(store: Store, signed: Rulebook, mail: Make) -> None:
    """Whatever the provider says later; and programs that know no such state, beside this one, read that it left."""
    with writing(store) as connection:
        contact, receipt = handed_over(connection, signed, mail)
        says(connection, signed, "delivered", receipt.channel, key=receipt.message_id)
        assert connection.execute(select(deliveries.c.state, deliveries.c.arrived_at)).all() == [("sent", NOW + HOUR)]
        says(connection, signed, "undelivered", receipt.channel, key=receipt.message_id, may_pass=True)
        assert state(connection, contact) is State.DELIVERED
        assert leave(connection, signed, NOW + timedelta(hours=6)) == []


def test_a_receipt_that_never_arrives_opens_the_promise_again(store: Store, signed: Rulebook, mail: Make) -> None:
    """Not acknowledged, the team is told once, and the address gets nothing automatic for 30 days."""
    with writing(store) as connection:
        contact, receipt = handed_over(connection, signed, mail)
        says(connection, signed, "undelivered", receipt.channel, key=receipt.message_id)
        assert state(connection, contact) is State.PERMANENT_FAILURE
        assert now_of(connection, contact).acknowledged_at is None
        assert purposes(leave(connection, signed, NOW + HOUR)) == ["notice"]
        assert [entry.address for entry in suppressions.list_in_force(connection, NOW + HOUR)] == [PERSON]
        says(connection, signed, "delivered", receipt.channel, key=receipt.message_id)
        assert state(connection, contact) is State.PERMANENT_FAILURE


def test_what_may_arrive_later_leaves_once_more(store: Store, signed: Rulebook, mail: Make) -> None:
    """After some hours, once; the second time it has failed, and the address is not given up for it."""
    with writing(store) as connection:
        contact, receipt = handed_over(connection, signed, mail)
        says(connection, signed, "undelivered", receipt.channel, key=receipt.message_id, may_pass=True)
        assert state(connection, contact) is State.TEMPORARY_FAILURE
        assert now_of(connection, contact).acknowledged_at is not None
        assert leave(connection, signed, NOW + HOUR) == []
        assert purposes(leave(connection, signed, NOW + timedelta(hours=6))) == ["acknowledgement"]
        says(connection, signed, "undelivered", receipt.channel, key=receipt.message_id, may_pass=True)
        assert state(connection, contact) is State.PERMANENT_FAILURE
        assert suppressions.list_in_force(connection, NOW + HOUR) == []


@pytest.mark.parametrize("more", [{"key": ""}, {"key": "<other@elsewhere.example>"}])
def test_messages_of_other_programs_are_none_of_ours(
    store: Store, signed: Rulebook, mail: Make, more: Mapping[str, str]
) -> None:
    """Neither by a name nor by a key that we gave; nor by a key of ours on another outlet."""
    with writing(store) as connection:
        contact, receipt = handed_over(connection, signed, mail)
        says(connection, signed, "undelivered", receipt.channel, **more)
        says(connection, signed, "undelivered", "another", key=receipt.message_id)
        assert state(connection, contact) is State.SENT


def test_before_it_is_recorded_that_it_left(store: Store, signed: Rulebook, mail: Make) -> None:
    """A failure counts already; that it arrived does not, as the next attempt finds it there."""
    with writing(store) as connection:
        log(connection, signed, mail())
        (claim,) = deliver.claim(connection, "post", NOW, HOLD, 5, signed)
        delivery = claim.delivery
        assert claim.contact is not None
        says(connection, signed, "delivered", delivery.channel, key=delivery.message_id)
        assert state(connection, claim.contact) is State.SENDING
        says(connection, signed, "undelivered", delivery.channel, key=delivery.message_id)
        assert state(connection, claim.contact) is State.PERMANENT_FAILURE
        deliver.record(connection, [Attempt(delivery, NOW + HOUR, external_id=NAME)], signed)
        assert now_of(connection, claim.contact).acknowledged_at is None


def test_an_answer_that_did_not_arrive_was_never_given(store: Store, book: Rulebook, mail: Make) -> None:
    """For now: it leaves once more, and counts again when it has left; delivered, it counts as before."""
    with writing(store) as connection:
        log(connection, book, mail())
        (claim,) = deliver.claim(connection, "post", NOW, HOLD, 5, book)
        deliver.record(connection, [Attempt(claim.delivery, NOW)], book)
        contact = claim.contact
        assert contact is not None
        answer.answer(connection, contact.reference, FULL, ANN, LATER, book)
        (claim,) = deliver.claim(connection, "post", LEAVES, HOLD, 5, book)
        attempts = [Attempt(claim.delivery, LEAVES, external_id=NAME)]
        deliver.record(connection, attempts, book)
        answer_outcome.count(connection, attempts, book)
        assert now_of(connection, contact).state == "answered"
        says(connection, book, "undelivered", may_pass=True)
        assert now_of(connection, contact).state == "open"


def test_an_alert_that_did_not_arrive_is_told(store: Store, signed: Rulebook, mail: Make) -> None:
    """Once a day, to whoever looks after Ackbot: one of the addresses of staff is not right."""
    with writing(store) as connection:
        contact, receipt = handed_over(connection, signed, mail)
        connection.exec_driver_sql("UPDATE deliveries SET purpose = 'notice'")
        says(connection, signed, "undelivered", receipt.channel, key=receipt.message_id)
        subjects = [delivery.details.get("subject") for delivery in _waiting(connection)]
        assert subjects == ["An alert came back"]
        assert contacts.events_of(connection, contact.id)[-1].kind == "undeliverable"


def _waiting(connection: Connection) -> list[Delivery]:
    rows = connection.exec_driver_sql("SELECT id FROM deliveries WHERE state = 'created'")
    deliveries = (outbox.with_id(connection, row[0]) for row in rows.fetchall())
    return [delivery for delivery in deliveries if delivery is not None]
