"""What a person is told of their contact: what it is about, by when, when the office opens again, and where to look."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.addressing import Addressing
from bot.core.alerting import Restraint
from bot.core.books import Book
from bot.core.contacts import Contact
from bot.core.standards import standard
from bot.core.topics import Router, Service
from bot.flows import promise_words
from bot.flows.rulebook import Rulebook
from bot.store.engine import Store
from tests.flows.conftest import NOW, STANDARD, Make, writing
from tests.flows.desk import logged
from tests.rulebooks import altered

BINS = Service("bins", "Bins and recycling")


@pytest.fixture
def contact(store: Store, book: Rulebook, mail: Make) -> Contact:
    """A contact about a hole, which came on a Monday morning."""
    with writing(store) as connection:
        return logged(connection, book, mail())


def test_it_is_about_the_service_or_the_subject(book: Rulebook, contact: Contact) -> None:
    """The subject only where receipts name it, and nothing of what is urgent."""
    with_service = altered(book, router=Router((BINS,), (), None))
    naming = altered(with_service, addressing=Addressing(names_subject=True))
    about_bins = replace(contact, service="bins")
    assert promise_words.about(contact, with_service) == ""
    assert promise_words.about(about_bins, with_service) == "Bins and recycling"
    assert promise_words.about(about_bins, naming) == "A hole"
    assert promise_words.about(replace(about_bins, subject="https://evil.example"), naming) == "Bins and recycling"
    assert promise_words.about(replace(about_bins, urgent="gas"), naming) == ""


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (NOW, ""),
        (datetime(2026, 11, 23, 23, 0, tzinfo=UTC), "8:30am on Tuesday 24 November 2026"),
        (datetime(2026, 11, 28, 12, 0, tzinfo=UTC), "8:30am on Monday 30 November 2026"),
        (datetime(2026, 12, 25, 12, 0, tzinfo=UTC), "8:30am on Tuesday 29 December 2026"),
    ],
)
def test_a_closed_office_says_when_it_opens(book: Rulebook, now: datetime, words: str) -> None:
    """At night, at the weekend and on bank holidays; without hours nothing is said."""
    office = altered(book, restraint=Restraint(letters=book.clocks.default_calendar))
    assert promise_words.opens_on(now, office) == words
    assert promise_words.opens_on(now, book) == ""


def test_a_promise_for_the_day_of_receipt_has_its_time(book: Rulebook, contact: Contact) -> None:
    """A day alone would not say how much of it there is."""
    due = datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC)
    today = replace(contact, respond_by=due)
    assert promise_words.respond_by(today, book.clocks) == "11:59pm on Monday 23 November 2026"
    assert promise_words.respond_by(contact, book.clocks) == "Monday 7 December 2026"


def test_a_link_leads_to_the_page_only_where_it_may(book: Rulebook, contact: Contact) -> None:
    """Not from urgent or public contacts, and nowhere where we have no pages."""
    with_pages = altered(book, website="https://contact.example.gov.uk", secret=b"s" * 32)
    assert promise_words.track(contact, with_pages).startswith(f"{contact.reference}/")
    assert promise_words.track(contact, book) == ""
    assert promise_words.track(replace(contact, urgent="gas"), with_pages) == ""
    assert promise_words.track(replace(contact, visibility="public"), with_pages) == ""
    renewed = replace(contact, tracking_generation=contact.tracking_generation + 1)
    assert promise_words.track(renewed, with_pages) != promise_words.track(contact, with_pages)


def test_everything_is_told_in_the_language(book: Rulebook, contact: Contact) -> None:
    """What there is nothing to say of has no value at all."""
    in_months = altered(book, promises=Book([standard(STANDARD | {"respond": "1 month"}, "general.toml")]))
    hours = altered(in_months, addressing=Addressing(opening_hours={"en": "9 to 5"}))
    words = promise_words.of(contact, hours, NOW)
    assert (words.promise, words.hours) == ("1 month", "9 to 5")
    assert set(words.values()) == {"reference", "received", "respond_by", "promise", "hours"}
    answered = replace(contact, responded_at=NOW)
    assert promise_words.answered_on(answered, book, "pt") == "segunda-feira, 23 de novembro de 2026"
    assert promise_words.may_be_opened_for(answered, book) == "28 days"
    assert promise_words.answered_on(contact, book) == promise_words.may_be_opened_for(contact, book) == ""
