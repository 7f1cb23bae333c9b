"""What came and could not be read is told to the team of its channel, in the transaction that moves the cursor."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from bot.channel import Batch
from bot.core.deliveries import Delivery, Purpose
from bot.core.messages import Inbound, Losses
from bot.flows.intake import receive
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import Received
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox, shunt
from bot.store.engine import Store
from bot.wire.mail import mime
from tests.flows.conftest import NOW, Make, writing

FAULT = "the mail server does not give the message with the number 7 in the folder INBOX, 900 bytes long"


def unreadable() -> Inbound:
    """A message that the server does not give."""
    return Inbound("inbox", "uid 7 of 1 in INBOX", "7" * 64, None, fault=FAULT, raw=b"Subject: Bins\r\n\r\n")


def take(connection: Connection, book: Rulebook, losses: Losses, cursor: str, *messages: Inbound) -> Received:
    """Log a batch with losses."""
    batch, reading = Batch(messages, cursor, losses=losses), Reading("inbox", None)
    return receive.receive(connection, replace(batch, cursor=None), reading, NOW, book, Capacity())


def notices(connection: Connection) -> list[Delivery]:
    """What staff are told."""
    later = NOW + timedelta(minutes=1)
    return [row for row in outbox.claim(connection, "post", later, later, 100) if row.purpose == Purpose.NOTICE]


def test_a_message_that_the_server_does_not_give_is_kept_and_told(store: Store, book: Rulebook, mail: Make) -> None:
    """With what is known of it, once, whoever offers it again; its neighbours are logged."""
    with writing(store) as connection:
        result = take(connection, book, Losses("inbox", (unreadable(),)), "1", mail())
        take(connection, book, Losses("inbox", (unreadable(),)), "1")
        assert result.more
        assert len(contacts.list_all(connection)) == 1
        (row,) = shunt.list_all(connection)
        assert row.error == FAULT
        (notice,) = notices(connection)
        assert notice.recipient == "staff@example.gov.uk"
        assert notice.details["happened"] == f"T{FAULT[1:]}. What is known of it is kept."


def test_what_is_known_of_it_becomes_a_contact_by_replay(store: Store, book: Rulebook) -> None:
    """The header fields that the server gave are a mail without words."""
    raw = b"From: <pat@residents.example>\r\nSubject: Bins\r\nMessage-ID: <1@residents.example>\r\n\r\n[not given]\r\n"
    with writing(store) as connection:
        take(connection, book, Losses("inbox", (replace(unreadable(), raw=raw),)), "1")
        (row,) = shunt.list_all(connection)
        message = mime.read(raw, channel="inbox", received_at=NOW)
        (filing,) = receive.replay(connection, row.id, [message], NOW, book)
        assert filing.outcome == "acknowledge"
        assert shunt.count(connection) == 0


@pytest.mark.parametrize(
    ("count", "words"), [(1, "1 message was moved before we read it"), (3, "3 messages were moved")]
)
def test_messages_that_were_taken_away_are_told(store: Store, book: Rulebook, count: int, words: str) -> None:
    """How many, on which channel, and where to look."""
    with writing(store) as connection:
        assert take(connection, book, Losses("inbox", gap=count), "1").more
        (notice,) = notices(connection)
        assert notice.details["subject"].startswith(words)
        assert "channel inbox" in notice.details["happened"]
        assert contacts.list_all(connection) == []
