"""A batch becomes contacts: all of it or none, each message once, each person one acknowledgement."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, delete, func, select

from bot.channel import Batch
from bot.core.deliveries import Delivery, Purpose
from bot.core.messages import Inbound, Party
from bot.flows.intake import receive
from bot.flows.intake.batches import Capacity, Filed, Reading
from bot.flows.outgoing.deliver import ClaimTerms
from bot.flows.rulebook import Rulebook
from bot.store import contacts, cursors, outbox, shunt, tables
from bot.store.engine import Store
from bot.store.tables import metadata
from tests.components.tampering import tamper
from tests.flows.conftest import NOW, Make, writing


def log(connection: Connection, book: Rulebook, *messages: Inbound, cursor: str | None = None) -> list[Filed]:
    """Log messages that came on the channel `inbox`."""
    return receive.receive(connection, Batch(messages, cursor), Reading("inbox"), NOW, book, Capacity()).filed


def queued(connection: Connection) -> list[Delivery]:
    """Everything in the outbox."""
    return outbox.claim(connection, "post", NOW, NOW, 1000)


def test_a_person_gets_one_contact_with_dates_and_one_acknowledgement(store: Store, book: Rulebook, mail: Make) -> None:
    """Received on Monday 23 November: acknowledge by Tuesday, answer by Monday 7 December."""
    with writing(store) as connection:
        (filed,) = log(connection, book, mail())
        contact = contacts.find(connection, filed.reference or "")
        assert contact is not None
        assert (contact.state, contact.outcome, contact.team) == ("open", "acknowledge", "front")
        assert contact.acknowledge_by is not None
        assert contact.respond_by is not None
        assert contact.acknowledge_by.isoformat() == "2026-11-24T23:59:59+00:00"
        assert contact.respond_by.isoformat() == "2026-12-07T23:59:59+00:00"
        (delivery,) = queued(connection)
        assert (delivery.recipient, delivery.purpose) == ("resident1@residents.example", "acknowledgement")


def test_the_same_mail_again_changes_nothing(store: Store, book: Rulebook, mail: Make) -> None:
    """In the same batch or later: one contact, one acknowledgement, the same reference."""
    with writing(store) as connection:
        first, second = log(connection, book, mail(), mail())
        (third,) = log(connection, book, mail())
        assert first.new
        assert not second.new
        assert not third.new
        assert first.reference == second.reference == third.reference
        assert len(contacts.list_all(connection)) == len(queued(connection)) == 1


def test_a_reused_message_id_with_other_words_is_another_contact(store: Store, book: Rulebook, mail: Make) -> None:
    """Some programs use one Message-ID for ever: no message may be swallowed for that."""
    with writing(store) as connection:
        log(connection, book, mail(), mail(text="Something else."))
        log(connection, book, mail(text="Something else."), mail(text="A third matter."))
        assert len(contacts.list_all(connection)) == 3


def test_a_robot_is_logged_with_its_reason_and_not_answered(store: Store, book: Rulebook, mail: Make) -> None:
    """A newsletter is in the list, says why it was not acknowledged, and has no clock."""
    with writing(store) as connection:
        (filed,) = log(connection, book, mail(List_Id="<news.shop.example>"))
        contact = contacts.find(connection, filed.reference or "")
        assert contact is not None
        assert (contact.state, contact.outcome, contact.respond_by, contact.next_look_at) == (
            "logged",
            "log",
            None,
            None,
        )
        assert contact.reason
        assert queued(connection) == []


def test_an_answer_to_our_acknowledgement_joins_its_contact(store: Store, book: Rulebook, mail: Make) -> None:
    """No second contact, no second acknowledgement."""
    with writing(store) as connection:
        (first,) = log(connection, book, mail())
        (delivery,) = queued(connection)
        (second,) = log(connection, book, mail(2, In_Reply_To=delivery.message_id, text="It has grown."))
        (third,) = log(connection, book, mail(1, Subject=f"Re: {first.reference}", Message_ID="<3@x.example>"))
        assert first.reference == second.reference == third.reference
        (contact,) = contacts.list_all(connection)
        assert len(contacts.messages_of(connection, contact.id)) == 3


def test_a_strangers_mail_with_a_reference_is_its_own_contact(store: Store, book: Rulebook, mail: Make) -> None:
    """A reference is a name and no secret: it does not open somebody else's contact."""
    with writing(store) as connection:
        (first,) = log(connection, book, mail())
        (second,) = log(connection, book, mail(2, Subject=f"About {first.reference}"))
        assert (second.outcome, second.reference != first.reference) == ("acknowledge", True)
        for filed, person in ((first, 1), (second, 2)):
            contact = contacts.find(connection, filed.reference or "")
            assert contact is not None
            senders = [message.sender_address for message in contacts.messages_of(connection, contact.id)]
            assert senders == [f"resident{person}@residents.example"]
            assert contact.linked_to is None


def test_one_message_that_breaks_the_code_is_shunted_alone(store: Store, book: Rulebook, mail: Make) -> None:
    """Its neighbours are logged, it is kept raw, staff are told once, and the cursor moves on."""
    poisoned = replace(mail(2), subject="\ud800 a lone surrogate, which no database takes")
    with writing(store) as connection:
        filed = log(connection, book, mail(1), poisoned, mail(3), cursor="7")
        assert [result.outcome for result in filed] == ["acknowledge", "shunted", "acknowledge"]
        assert shunt.count(connection) == 1
        assert cursors.read(connection, "inbox") == "7"
        receive.receive(connection, Batch((poisoned,)), Reading("inbox", "7"), NOW, book, Capacity())
        assert shunt.count(connection) == 1
        assert [d.purpose for d in queued(connection)].count(Purpose.NOTICE) == 1


def test_a_batch_and_its_cursor_stand_or_fall_together(store: Store, book: Rulebook, mail: Make) -> None:
    """When another listener has moved the cursor, nothing of the batch is logged by us."""
    with writing(store) as connection:
        log(connection, book, mail(1), cursor="1")
    with pytest.raises(cursors.CursorMoved), writing(store) as connection:
        receive.receive(connection, Batch((mail(2),), "2"), Reading("inbox", "stale"), NOW, book, Capacity())
    with writing(store) as connection:
        assert len(contacts.list_all(connection)) == 1


def test_a_number_is_never_used_again(store: Store, book: Rulebook, mail: Make) -> None:
    """Even if all that was stored is gone, the next contact, message and delivery have other numbers."""
    with writing(store) as connection:
        log(connection, book, mail(1), mail(2))
        before = newest_numbers(connection)
    tamper(store.url, "DELETE FROM events")
    with writing(store) as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
    with writing(store) as connection:
        log(connection, book, mail(3))
        assert all(number > before[table] for table, number in newest_numbers(connection).items())


def newest_numbers(connection: Connection) -> dict[str, int]:
    """The highest number that each table of numbered rows holds."""
    numbered = (tables.contacts, tables.messages, tables.deliveries)
    return {table.name: connection.execute(select(func.max(table.c.id))).scalar_one() for table in numbered}


def test_a_form_without_e_mail_is_acknowledged_by_its_page(store: Store, book: Rulebook) -> None:
    """Somebody who leaves only a phone number has a clock; the page was the receipt, and no mail is queued."""
    form = Inbound("website", "token", "d" * 64, None, text="Please ring me.", fields={"phone": "0300 123 2224"})
    with writing(store) as connection:
        (filed,) = receive.receive(connection, Batch((form,)), Reading("website"), NOW, book, Capacity()).filed
        contact = contacts.find(connection, filed.reference or "")
        assert contact is not None
        assert contact.acknowledged_at == NOW
        assert contact.respond_by is not None
        assert queued(connection) == []


def test_a_form_with_e_mail_is_acknowledged_by_mail(store: Store, book: Rulebook) -> None:
    """The address that was given gets the acknowledgement."""
    form = Inbound("website", "token", "d" * 64, Party("sam@residents.example", "Sam"), text="The bin.")
    with writing(store) as connection:
        receive.receive(connection, Batch((form,)), Reading("website"), NOW, book, Capacity())
        assert [d.recipient for d in queued(connection)] == ["sam@residents.example"]


def test_what_could_leave_at_once_is_claimed_with_its_contact(store: Store, book: Rulebook, mail: Make) -> None:
    """Two places free: two are claimed in the same transaction, as they stand in the store; the third waits."""
    room = Capacity({"post": 2}, ClaimTerms(timedelta(minutes=30)))
    with writing(store) as connection:
        batch = Batch(tuple(mail(number) for number in range(3)))
        received = receive.receive(connection, batch, Reading("inbox"), NOW, book, room)
        assert received.more
        assert [receipt.delivery.recipient for receipt in received.claimed] == [
            "resident0@residents.example",
            "resident1@residents.example",
        ]
        for receipt in received.claimed:
            assert receipt.contact is not None
            assert contacts.find(connection, receipt.contact.reference) == receipt.contact
            assert outbox.of_contact(connection, receipt.contact.id) == [receipt.delivery]
        assert [d.recipient for d in queued(connection)] == ["resident2@residents.example"]
