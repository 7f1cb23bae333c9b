"""Whose key opens the page of a contact, for how long, and what everybody else learns: nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, event

from bot.core import tracking
from bot.core.closings import Outcome
from bot.core.contacts import Contact
from bot.core.histories import Kind
from bot.flows.changes import close, merge, respond, void_links
from bot.flows.changes.close import Closing
from bot.flows.people import erase
from bot.flows.residents import door
from bot.flows.rulebook import Rulebook
from bot.store import contacts, tracked
from bot.store.engine import Store
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import after, again, do, logged
from tests.rulebooks import altered

SECRET = b"a secret of the test"
TOLD = Closing(Outcome.TOLD, note="By phone, today.")


@pytest.fixture
def signed(book: Rulebook) -> Rulebook:
    """A rulebook that signs links."""
    return altered(book, secret=SECRET)


def key_of(contact: Contact) -> str:
    """The key of its page."""
    return tracking.key(contact.id, contact.reference, contact.tracking_generation, SECRET)


def opens(connection: Connection, contact: Contact, book: Rulebook, now: datetime = NOW) -> bool:
    """Whether the key that the person has been sent opens a page then."""
    return door.contact_behind(connection, contact.reference, key_of(contact), now, book) is not None


def test_the_key_opens_the_page_however_the_reference_is_typed(store: Store, signed: Rulebook, mail: Make) -> None:
    """Small letters and missing hyphens are put right, in the reference and in the key."""
    with writing(store) as connection:
        contact = logged(connection, signed, mail())
        key = key_of(contact)
        for reference in (contact.reference, contact.reference.lower(), contact.reference.replace("-", "")):
            assert door.contact_behind(connection, reference, key.upper(), NOW, signed) == contact
        assert door.path_of(contact, signed) == f"/track/{contact.reference}/{key}"


@pytest.mark.parametrize("key", ["", "a" * 26, "\ud800", "a" * 10_000, "' OR 1=1 --", "é" * 26, "../..", "0"])
def test_no_other_key_opens_it(store: Store, signed: Rulebook, mail: Make, key: str) -> None:
    """Nor does the right key open another contact."""
    with writing(store) as connection:
        first, second = logged(connection, signed, mail(1)), logged(connection, signed, mail(2))
        assert door.contact_behind(connection, first.reference, key, NOW, signed) is None
        assert door.contact_behind(connection, second.reference, key_of(first), NOW, signed) is None


@contextmanager
def statements(connection: Connection) -> Iterator[list[str]]:
    """What the store is asked meanwhile."""
    asked_of_store: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked_of_store.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    yield asked_of_store
    event.remove(connection, "before_cursor_execute", note)


def test_a_wrong_key_costs_the_same_whether_there_is_a_contact_or_not(
    store: Store, signed: Rulebook, mail: Make
) -> None:
    """The store is asked the same one question, and nothing that is sealed, whatever the reference is."""
    with writing(store) as connection:
        contact = logged(connection, signed, mail())
        runs = []
        for reference in (contact.reference, "EX-2222-2222", "no reference", "", "\0", "EX-7K3M-9QPH" * 100):
            with statements(connection) as run:
                assert door.contact_behind(connection, reference, "a" * 26, NOW, signed) is None
            runs.append(tuple(run))
        assert len(set(runs)) == 1
        assert len(runs[0]) == 1
        assert not any(word in runs[0][0] for word in ("sender", "subject", "SELECT contacts.id, contacts.reference"))


def test_the_address_on_a_form_is_known_beside_that_of_the_sender(store: Store, book: Rulebook, mail: Make) -> None:
    """By its own contact only; the store is asked the same question, also while it holds no message at all."""
    with writing(store) as connection, statements(connection) as run:
        assert tracked.number_by_form(connection, "EX-2222-2222", "tel:+441632960888") == 0
        count = len(run)
        first = logged(connection, book, replace(mail(1), fields={"phone": "01632 960 888"}))
        second = logged(connection, book, mail(2))
        before = len(run)
        numbers = [
            tracked.number_by_form(connection, reference, key)
            for reference in (first.reference, second.reference, "EX-2222-2222")
            for key in ("tel:+441632960888", "tel:+441632960889", "")
        ]
        assert numbers == [first.id, *[0] * 8]
        assert run[before:] == run[:count] * 9


def test_ten_thousand_guesses_open_nothing(store: Store, signed: Rulebook, mail: Make) -> None:
    """Keys of other contacts, of other secrets and of other generations are among them."""
    with writing(store) as connection:
        contact = logged(connection, signed, mail())
        for number in range(2_500):
            guesses = (
                tracking.key(contact.id + 1 + number, contact.reference, 0, SECRET),
                tracking.key(contact.id, contact.reference, number + 1, SECRET),
                tracking.key(contact.id, contact.reference, 0, f"{number}".encode()),
                f"{number:026}",
            )
            for guess in guesses:
                assert not tracking.is_key(guess, contact.id, contact.reference, 0, SECRET)


def test_a_page_lasts_four_weeks_after_the_end(store: Store, signed: Rulebook, mail: Make) -> None:
    """After an answer, and after it was closed without one; while it is open it lasts for ever."""
    with writing(store) as connection:
        answered, closed = logged(connection, signed, mail(1)), logged(connection, signed, mail(2))
        assert opens(connection, answered, signed, after(400))
        respond.respond(connection, answered.reference, after(1), signed, actor="staff:me")
        close.close(connection, closed.reference, "staff:me", after(1), signed, TOLD)
        for contact in (answered, closed):
            assert opens(connection, contact, signed, after(29))
            assert not opens(connection, contact, signed, after(29) + timedelta(seconds=1))


def test_a_page_lasts_as_long_as_a_contact_may_be_opened_again(book: Rulebook) -> None:
    """Never shorter than four weeks, and longer where the organisation gives longer."""
    assert tracking.TrackingRules().lasts == timedelta(28)
    assert tracking.TrackingRules(lasts=timedelta(90)).lasts == timedelta(90)


def test_a_page_that_was_opened_again_lasts_on(store: Store, signed: Rulebook, mail: Make) -> None:
    """The end that counts is the last one."""
    with writing(store) as connection:
        contact = logged(connection, signed, mail())
        respond.respond(connection, contact.reference, after(1), signed, actor="staff:me")
        close.reopen(connection, contact.reference, "staff:me", after(20), signed)
        assert opens(connection, contact, signed, after(60))
        respond.respond(connection, contact.reference, after(61), signed, actor="staff:me")
        assert opens(connection, contact, signed, after(88))
        assert not opens(connection, contact, signed, after(90))


def _pause(connection: Connection, book: Rulebook, contact: Contact) -> None:
    do(connection, book, contact, Kind.HOLDING_REPLY, after(0.01))


def _merge(connection: Connection, book: Rulebook, contact: Contact) -> None:
    first = contacts.with_id(connection, [contact.id - 1])[contact.id - 1]
    merge.merge(connection, first, contact, merge.YES, "staff:me", NOW)


def _erase(connection: Connection, book: Rulebook, contact: Contact) -> None:
    respond.respond(connection, contact.reference, NOW, book, actor="staff:me")
    erase.erase(connection, contact.sender_key or "", "staff:me", NOW, b"key of names")


def _make_public(connection: Connection, book: Rulebook, contact: Contact) -> None:
    contacts.put(connection, contact.id, {"visibility": "public"})


def _make_void(connection: Connection, book: Rulebook, contact: Contact) -> None:
    void_links.make_void(connection, contact, "staff:me", NOW)


@pytest.mark.parametrize(
    ("change", "is_open"),
    [(_pause, True), (_merge, False), (_erase, False), (_make_public, False), (_make_void, False)],
)
def test_the_link_that_was_sent_opens_or_does_not_as_the_contact_stands(
    store: Store,
    signed: Rulebook,
    mail: Make,
    change: Callable[[Connection, Rulebook, Contact], None],
    is_open: bool,  # noqa: FBT001
) -> None:
    """Not once it is merged, erased, public or void; each time nothing is said but that there is no page."""
    with writing(store) as connection:
        logged(connection, signed, mail(1))
        contact = logged(connection, signed, mail(2))
        change(connection, signed, contact)
        assert opens(connection, contact, signed) is is_open


def test_links_made_void_are_followed_by_new_ones(store: Store, signed: Rulebook, mail: Make) -> None:
    """The old one opens nothing, the new one the page; and the history says who did it."""
    with writing(store) as connection:
        contact = logged(connection, signed, mail())
        void_links.make_void(connection, contact, "staff:me", NOW)
        renewed = again(connection, contact.reference)
        assert not opens(connection, contact, signed)
        assert opens(connection, renewed, signed)
        last = contacts.events_of(connection, contact.id)[-1]
        assert (last.kind, last.actor) == ("links made void", "staff:me")
