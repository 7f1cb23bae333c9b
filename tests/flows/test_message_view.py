"""One thing of a contact by itself, for who sees the contact: a message, what we wrote, an event."""

from dataclasses import replace

from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.core.deliveries import Delivery
from bot.core.roles import Scope
from bot.flows.desk import message_view
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox
from bot.store.engine import Store
from tests.flows.conftest import Make, writing
from tests.flows.desk import logged
from tests.rulebooks import altered

EVERYBODY, HOUSING = Scope(), Scope(frozenset({"housing"}), unassigned=False)
PAGE = {"Content_Type": "text/html; charset=utf-8"}


def message_of(connection: Connection, contact: Contact) -> int:
    """The number of its one message."""
    (message,) = contacts.messages_of(connection, contact.id)
    return message.id


def receipt_of(connection: Connection, contact: Contact) -> Delivery:
    """Its receipt."""
    (receipt,) = (each for each in outbox.of_contact(connection, contact.id) if each.purpose == "acknowledgement")
    return receipt


def test_a_message_is_shown_whole_as_words_as_a_page_and_as_it_came(store: Store, book: Rulebook, mail: Make) -> None:
    """The page has nothing in it that could run or call home."""
    text = '<p onclick="x()">A hole.</p><script>x()</script><img src="https://spy.example/x.png">'
    message = mail(1, text=text, **PAGE)
    with writing(store) as connection:
        contact = logged(connection, book, message)
        number, reference = message_of(connection, contact), contact.reference
        page = message_view.page_of(connection, reference, number, EVERYBODY) or ""
        assert "A hole." in page
        assert not any(word in page for word in ("script", "onclick", "spy.example"))
        words = message_view.words_of(connection, reference, number, EVERYBODY) or ""
        assert words.strip() == "A hole."
        kept = message_view.kept_of(connection, reference, number, EVERYBODY, book)
        assert kept is not None
        assert (kept.raw, kept.is_mail) == (message.raw, False)
        ways = {"inbox": replace(book.ways["inbox"], medium="email")}
        kept = message_view.kept_of(connection, reference, number, EVERYBODY, altered(book, ways=ways))
        assert kept is not None
        assert kept.is_mail


def test_whoever_does_not_see_the_contact_sees_nothing_of_it(store: Store, book: Rulebook, mail: Make) -> None:
    """Neither does anybody see a message, a receipt or an event of another contact by the wrong reference."""
    with writing(store) as connection:
        contact, another = (logged(connection, book, mail(number)) for number in (1, 2))
        number, receipt = message_of(connection, contact), receipt_of(connection, contact)
        event = contacts.events_of(connection, contact.id)[0].id
        for reference, scope in ((contact.reference, HOUSING), (another.reference, EVERYBODY)):
            assert message_view.page_of(connection, reference, number, scope) is None
            assert message_view.words_of(connection, reference, number, scope) is None
            assert message_view.kept_of(connection, reference, number, scope, book) is None
            assert message_view.event_of(connection, reference, event, scope, book.clocks) is None
            assert message_view.departure_of(connection, reference, receipt.id, scope) is None


def test_what_is_not_kept_any_more_is_not_there(store: Store, book: Rulebook, mail: Make) -> None:
    """The words of a message may outlive what came over the wire."""
    with writing(store) as connection:
        contact = logged(connection, book, replace(mail(), raw=b""))
        number = message_of(connection, contact)
        assert message_view.kept_of(connection, contact.reference, number, EVERYBODY, book) is None
        assert message_view.words_of(connection, contact.reference, number, EVERYBODY)


def test_an_event_is_told_in_words(store: Store, book: Rulebook, mail: Make) -> None:
    """Label and value, line by line."""
    with writing(store) as connection:
        contact = logged(connection, book, mail())
        event = contacts.events_of(connection, contact.id)[0]
        words = message_view.event_of(connection, contact.reference, event.id, EVERYBODY, book.clocks) or ""
        assert "Decided: An acknowledgement goes out" in words.splitlines()
        assert message_view.event_of(connection, contact.reference, 10_000, EVERYBODY, book.clocks) is None
