"""The same words of one person by mail and by form are one contact with one receipt; anything else is its own."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.channel import Batch
from bot.core.messages import Inbound
from bot.flows.changes import respond
from bot.flows.intake.batches import Capacity, Filed, Reading
from bot.flows.intake.receive import receive
from bot.flows.intake.same_words import keys
from bot.flows.rulebook import Rulebook, Way
from bot.store import contacts, outbox
from bot.store.engine import Store
from channels.web_form import Settings, build
from tests.flows.conftest import NOW, Make, writing
from tests.rulebooks import altered

WORDS = "There is a hole in the road.\nIt is deep, and children play there."
PERSON = "resident1@residents.example"


@pytest.fixture
def book(book: Rulebook) -> Rulebook:
    """A mailbox and a form, by their media."""
    ways = {
        "inbox": Way("post", "front", "us@example.gov.uk", "email"),
        "website": Way("post", "front", medium="web_form"),
    }
    return altered(book, ways=ways)


def by_form(words: str = WORDS, email: str = PERSON) -> Inbound:
    """What somebody typed into the form."""
    message = build("website", Settings(name="website", kind="web_form")).read(
        {"name": "Sam", "email": email, "message": words}
    )
    assert isinstance(message, Inbound)
    return message


def take(connection: Connection, book: Rulebook, message: Inbound, at: datetime = NOW) -> Filed:
    """Log one message."""
    batch, reading = Batch((message,)), Reading(message.channel)
    (filed,) = receive(connection, batch, reading, at, book, Capacity()).filed
    return filed


def receipts(connection: Connection) -> int:
    """How many receipts are to leave."""
    waiting = outbox.claim(connection, "post", NOW + timedelta(days=9), NOW + timedelta(days=9), 50)
    return sum(delivery.purpose == "acknowledgement" for delivery in waiting)


@pytest.mark.parametrize("first", ["mail", "form"])
@pytest.mark.parametrize(
    "typed",
    [
        WORDS,
        WORDS.replace("\n", " "),
        WORDS.upper(),
        f"{WORDS}\n\nSent from my iPhone",
        WORDS.replace(".", " ...").replace("hole", "Hole"),
    ],
    ids=["the same", "wrapped otherwise", "in capitals", "with a phone's words", "other signs"],
)
def test_by_mail_and_by_form_it_is_one_contact(
    store: Store, book: Rulebook, mail: Make, first: str, typed: str
) -> None:
    """Whichever came first: the second is attached, both are kept, and one receipt leaves."""
    with writing(store) as connection:
        ways = [mail(1, text=typed.replace("\n", "\r\n")), by_form()]
        results = [take(connection, book, message) for message in (ways if first == "mail" else ways[::-1])]
        assert results[0].reference == results[1].reference
        assert [filed.outcome for filed in results] == ["acknowledge", "attach"]
        (contact,) = contacts.list_all(connection)
        assert len(contacts.messages_of(connection, contact.id)) == 2
        assert receipts(connection) == 1


OTHERS: dict[str, tuple[dict[str, Any], timedelta]] = {
    "other words": ({"words": f"{WORDS} And another one."}, timedelta(0)),
    "another person": ({"email": "resident2@residents.example"}, timedelta(0)),
    "another time": ({}, timedelta(hours=3)),
}


@pytest.mark.parametrize("difference", OTHERS)
def test_what_differs_is_a_contact_of_its_own(store: Store, book: Rulebook, mail: Make, difference: str) -> None:
    """Other words, another person, or hours later: nobody's matter is lost in another one."""
    changes, later = OTHERS[difference]
    with writing(store) as connection:
        take(connection, book, mail(1, text=WORDS))
        filed = take(connection, book, by_form(**changes), NOW + later)
        assert (filed.outcome, len(contacts.list_all(connection))) == ("acknowledge", 2)


def test_what_was_answered_is_not_gone_on_with(store: Store, book: Rulebook, mail: Make) -> None:
    """Who sends the same words after the answer is not content with it."""
    with writing(store) as connection:
        first = take(connection, book, mail(1, text=WORDS))
        respond.respond(connection, first.reference or "", NOW, book, actor="staff:me")
        assert take(connection, book, by_form()).reference != first.reference


def test_words_are_alike_in_any_layout_and_none_are_alike_to_nothing() -> None:
    """Case, signs and line ends do not count; what has no words has no key."""
    assert keys("Help me!") == keys("HELP\r\n me")
    assert keys("Help me") != keys("Help him")
    assert keys(" \n...") == set()
    assert keys("\ud800 a") | keys("a" * 1_000_000)


def test_who_wants_a_text_message_has_the_receipt_by_the_outlet_of_texts(store: Store, book: Rulebook) -> None:
    """To the phone, though an email address was given, too; an answer goes there as well."""
    ways = {**book.ways, "website": Way("post", "front", medium="web_form", texts_outlet="notify", name="website")}
    texting = altered(book, ways=ways, texts=frozenset({"notify"}))
    form = build("website", Settings(name="website", kind="web_form", texts_by="notify"))
    fields = {"email": PERSON, "phone": "01632 960 001", "prefers": "text", "message": WORDS}
    message = form.read(fields)
    assert isinstance(message, Inbound)
    with writing(store) as connection:
        filing = take(connection, texting, message)
        contact = contacts.find(connection, filing.reference or "")
        assert contact is not None
        (receipt,) = outbox.of_contact(connection, contact.id)
    assert (receipt.channel, receipt.recipient, contact.outcome) == ("notify", "tel:+441632960001", "acknowledge")
