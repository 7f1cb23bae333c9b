"""Files that came while no scanner could be asked: shut until it was, and without what it finds."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.core.events import EventKind
from bot.core.files import File
from bot.core.messages import Inbound, Party
from bot.core.roles import Scope
from bot.flows.desk import contact_view, form_answers, message_view, wishes
from bot.flows.intake import scanned
from bot.flows.rulebook import Rulebook
from bot.store import contacts, retention, scans
from bot.store.engine import Store
from bot.store.tables import messages
from bot.wire.bundles import bundle, files_of
from tests.flows.conftest import NOW, writing
from tests.flows.desk import logged

EVERYBODY = Scope()
FILES = (File("hole.jpg", b"\xff\xd8\xff a photo"), File("bad.txt", b"a danger"))


def with_files(*, is_scanned: bool) -> Inbound:
    """What the form makes of a message with two files."""
    return Inbound(
        channel="website",
        external_id="one",
        digest="d",
        sender=Party("sam@residents.example", "Sam"),
        text="The lamp is out.",
        fields={
            "prefers": "phone",
            "times": "mornings",
            "language": "cy",
            "needs": "bsl",
            "files_not_kept": "x (Virus)",
        },
        raw=bundle('{"message": "The lamp is out."}', FILES, "d" * 64),
        is_scanned=is_scanned,
    )


@pytest.fixture
def connection(store: Store) -> Iterator[Connection]:
    """One transaction."""
    with writing(store) as open_connection:
        yield open_connection


def names_of(connection: Connection, contact: Contact, book: Rulebook) -> list[str | None]:
    """The files that staff can open, by their numbers; None for what is shut or not there."""
    (message,) = contacts.messages_of(connection, contact.id)
    files = [
        message_view.file_of(connection, contact.reference, message.id, number, EVERYBODY, book) for number in (1, 2)
    ]
    return [file.name if file else None for file in files]


def view_of(connection: Connection, contact: Contact, book: Rulebook) -> contact_view.Arrived:
    """The message on the page of its contact."""
    view = contact_view.show(connection, contact.reference, EVERYBODY, NOW, book)
    assert view is not None
    return view.messages[0]


def test_files_of_a_form_are_opened_as_those_of_a_mail(connection: Connection, book: Rulebook) -> None:
    """Each by its number, and the page lists them."""
    contact = logged(connection, book, with_files(is_scanned=True))
    assert names_of(connection, contact, book) == ["hole.jpg", "bad.txt"]
    view = view_of(connection, contact, book)
    assert ([file.name for file in view.attachments], view.is_scanned) == (["hole.jpg", "bad.txt"], True)
    assert scans.oldest(connection) is None


def test_nobody_opens_what_was_not_scanned(connection: Connection, book: Rulebook) -> None:
    """The page names the files and says so; neither a file nor the whole can be had."""
    contact = logged(connection, book, with_files(is_scanned=False))
    assert names_of(connection, contact, book) == [None, None]
    (message,) = contacts.messages_of(connection, contact.id)
    assert message_view.kept_of(connection, contact.reference, message.id, EVERYBODY, book) is None
    view = view_of(connection, contact, book)
    assert (len(view.attachments), view.is_scanned, view.words) == (2, False, "The lamp is out.")


@pytest.mark.parametrize(
    ("dangers", "names", "words"),
    [
        ({}, ["hole.jpg", "bad.txt"], {}),
        ({"bad.txt": "Virus"}, ["hole.jpg", None], {"not_kept": "bad.txt (Virus)"}),
        ({"bad.txt": "Virus", "hole.jpg": "Worm"}, [None, None], {"not_kept": "bad.txt (Virus); hole.jpg (Worm)"}),
    ],
)
def test_what_is_found_later_is_taken_away(
    connection: Connection, book: Rulebook, dangers: dict[str, str], names: list[str | None], words: dict[str, str]
) -> None:
    """The others open then, the words stay, and the history names what is gone."""
    contact = logged(connection, book, with_files(is_scanned=False))
    waiting = scans.oldest(connection)
    assert waiting is not None
    assert files_of(waiting.raw) == list(FILES)
    scanned.settle(connection, waiting, dangers, NOW + timedelta(minutes=1))
    assert scans.oldest(connection) is None
    assert names_of(connection, contact, book) == names
    assert view_of(connection, contact, book).words == "The lamp is out."
    event = contacts.events_of(connection, contact.id)[-1]
    assert (event.kind, event.details) == (EventKind.FILES_SCANNED, words)


def test_what_is_forgotten_waits_no_more(connection: Connection, book: Rulebook) -> None:
    """Its files are gone with its words."""
    contact = logged(connection, book, with_files(is_scanned=False))
    retention.strip_messages(connection, messages.c.contact_id == contact.id)
    assert scans.oldest(connection) is None


def test_what_the_person_prefers_comes_first_in_the_words_of_staff(connection: Connection, book: Rulebook) -> None:
    """A call with its times, the language and the needs by their names, and the files that are not kept."""
    contact = logged(connection, book, with_files(is_scanned=True))
    assert view_of(connection, contact, book).answers == (
        "prefers: a call (mornings); language: Welsh; needs: British Sign Language; files not kept: x (Virus)"
    )
    assert form_answers.in_line({"name": "Sam", "phone": "", "prefers": "email"}) == "prefers: by email; name: Sam"


def test_whoever_answers_is_reminded_of_the_call_that_was_asked_for(connection: Connection, book: Rulebook) -> None:
    """What the person said last counts, with its number and times; a mail in between says nothing of it."""
    contact = logged(connection, book, with_files(is_scanned=True))
    view = contact_view.show(connection, contact.reference, EVERYBODY, NOW, book)
    assert view is not None
    assert wishes.reminder(view.contact, view.preference).startswith("This person asked for a call: mornings. ")
    letter = {"prefers": "letter", "address": "1 Mill Lane"}
    (message,) = contacts.messages_of(connection, contact.id)
    later = [replace(message, fields=json.dumps(fields)) for fields in (letter, {})]
    assert wishes.preference([message, *later]) == "a letter: 1 Mill Lane"
    assert not wishes.preference([message, replace(message, fields='{"prefers": "email"}')])
