"""Mail from the folder of unwanted mail, and what staff move into it and out of it."""

from dataclasses import replace

from sqlalchemy import Connection

from bot.channel import Batch
from bot.core.contacts import Contact
from bot.core.messages import Inbound
from bot.core.threads import JUNK
from bot.flows.intake import receive
from bot.flows.intake.batches import Capacity, Filed, Reading
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox
from bot.store.engine import Store
from tests.flows.conftest import NOW, Make, writing


def log(connection: Connection, book: Rulebook, *messages: Inbound) -> list[Filed]:
    """Log messages that came on the channel `inbox`."""
    return receive.receive(connection, Batch(messages), Reading("inbox"), NOW, book, Capacity()).filed


def unwanted(message: Inbound) -> Inbound:
    """The same mail, as the folder of unwanted mail has it."""
    return replace(message, junk=True, external_id=f"{JUNK}{message.external_id}")


def outcomes(connection: Connection) -> list[tuple[str, str]]:
    """What became of each contact."""
    rows: list[Contact] = contacts.list_all(connection)
    return sorted((row.outcome, row.state) for row in rows)


def test_unwanted_mail_is_logged_and_not_answered(store: Store, book: Rulebook, mail: Make) -> None:
    """Staff see it; no clock runs, and nothing leaves."""
    with writing(store) as connection:
        log(connection, book, unwanted(mail()))
        assert outcomes(connection) == [("log", "logged")]
        assert outbox.claim(connection, "post", NOW, NOW, 10) == []


def test_what_staff_move_out_of_the_unwanted_mail_is_acknowledged(store: Store, book: Rulebook, mail: Make) -> None:
    """It was no contact before; and where it is read there once more, nothing happens again."""
    with writing(store) as connection:
        log(connection, book, unwanted(mail()))
        log(connection, book, mail())
        log(connection, book, unwanted(mail()), mail())
        assert outcomes(connection) == [("acknowledge", "open"), ("log", "logged")]
        assert len(outbox.claim(connection, "post", NOW, NOW, 10)) == 1


def test_what_staff_throw_into_the_unwanted_mail_is_known(store: Store, book: Rulebook, mail: Make) -> None:
    """It has its contact already; a reused Message-ID with other words is another mail."""
    with writing(store) as connection:
        log(connection, book, mail())
        (filed,) = log(connection, book, unwanted(mail()))
        assert not filed.new
        assert outcomes(connection) == [("acknowledge", "open")]
        log(connection, book, unwanted(mail(text="Cheap pills.")))
        assert outcomes(connection) == [("acknowledge", "open"), ("log", "logged")]


def test_an_answer_among_the_unwanted_mail_reaches_its_contact(store: Store, book: Rulebook, mail: Make) -> None:
    """It is added, and the person is not told so by itself."""
    with writing(store) as connection:
        log(connection, book, mail())
        answer = mail(2, In_Reply_To=mail().external_id, From="resident1@residents.example")
        (filed,) = log(connection, book, unwanted(answer))
        assert (filed.outcome, filed.new) == ("attach", True)
        deliveries = outbox.claim(connection, "post", NOW, NOW, 10)
        assert [delivery.purpose for delivery in deliveries] == ["acknowledgement"]
