"""The rows of the queue: who wrote what, what falls due next of it, and what staff must know before they open it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, update

from bot.core.contacts import Contact
from bot.core.escalations import Window
from bot.core.histories import Kind
from bot.core.messages import Inbound
from bot.flows.changes import respond
from bot.flows.changes.needs import note_needs
from bot.flows.desk import rows
from bot.flows.desk.next_due import next_due
from bot.flows.desk.rows import Row
from bot.flows.rulebook import Rulebook
from bot.store import drafts, keys, sealing
from bot.store import tables as t
from bot.store.drafts import Draft
from bot.store.engine import Store
from tests.flows.conftest import NOW, writing
from tests.flows.desk import again, do, logged
from tests.rulebooks import altered

Make = Callable[..., Inbound]
ANN, BOB = "ann@example.gov.uk", "bob@example.gov.uk"
DAY = timedelta(days=1)


def _row(c: Connection, contact: Contact, book: Rulebook, reader: str = ANN, after: timedelta = timedelta()) -> Row:
    (row,) = rows.of(c, (again(c, contact.reference),), reader, NOW + after, book)
    return row


def _tags(c: Connection, contact: Contact, book: Rulebook, reader: str = ANN, after: timedelta = timedelta()) -> str:
    return ", ".join(words for _, words in _row(c, contact, book, reader, after).tags)


@pytest.mark.parametrize("is_sealed", [False, True])
def test_a_row_begins_with_what_the_person_wrote(
    store_url: str, book: Rulebook, mail: Make, *, is_sealed: bool
) -> None:
    """In one line and not too long, without what a mail quotes; sealed words are opened for it."""
    ring = (sealing.new_key(),) if is_sealed else ()
    if is_sealed:
        keys.begin(store_url, ring, NOW)
    store = Store(store_url, ring)
    words = (
        "Our bins\r\nwere missed & left.\r\n\r\nOn Mon, 23 Nov 2026 at 09:00, Us <us@example.gov.uk> wrote:\r\n> Hello"
    )
    with writing(store) as c:
        first, long = logged(c, book, mail(text=words)), logged(c, book, mail(2, text="<&> " * 5_000))
        assert (_row(c, first, book).words, _row(c, first, book).subject) == ("Our bins were missed & left.", "A hole")
        cut = _row(c, long, book).words
        assert cut.startswith("<&> <&>")
        assert cut.endswith("…")
        assert len(cut) < 100
    store.let_go()


def test_a_row_says_that_a_call_or_a_letter_is_wanted(store: Store, council: Rulebook, mail: Make) -> None:
    """Until the answer; a program cannot ring, and a mail would break what the form promised."""
    with writing(store) as c:
        for number, (way, words) in enumerate((("phone", "Wants a call"), ("letter", "Wants a letter"), ("email", ""))):
            message = replace(mail(number, channel="inbox"), fields={"prefers": way})
            contact = logged(c, council, message)
            assert _tags(c, contact, council) == words
            respond.respond(c, contact.reference, NOW, council, actor=f"staff:{BOB}")
            assert "Wants" not in _tags(c, contact, council)


def test_a_row_says_how_long_is_left(store: Store, council: Rulebook, mail: Make) -> None:
    """In the unit of the promise, then by how much it is late; nothing falls due while its clock is paused."""
    with writing(store) as c:
        contact = logged(c, council, mail(channel="inbox"))
        for after, time_words, urgency in ((0, "10 working days left", ""), (14, "due today", "today")):
            due = _row(c, contact, council, after=after * DAY).due
            assert due
            assert (due.duty, due.day, due.time_left, due.urgency) == (
                "answer",
                "Monday 7 December 2026",
                time_words,
                urgency,
            )
        assert _tags(c, contact, council, after=15 * DAY) == "Late"
        late = _row(c, contact, council, after=15 * DAY).due
        assert late
        assert late.time_left == "late by 1 working day"
        do(c, council, contact, Kind.PAUSED, NOW)
        assert _row(c, contact, council).due is None
        assert _tags(c, contact, council) == "Paused"


def test_a_row_shows_the_earliest_of_three_clocks(store: Store, council: Rulebook, mail: Make) -> None:
    """The acknowledgement, the answer, or the end of a platform's time; once that is over, it is the answer again."""
    ways = {"inbox": replace(council.ways["inbox"], window=Window(timedelta(hours=24)), medium="whatsapp")}
    book = altered(council, ways=ways)
    with writing(store) as c:
        contact = logged(c, book, mail())
        due = next_due(contact, NOW + timedelta(hours=20), book)
        assert due
        assert (due.duty, due.time_left, due.urgency) == ("answer on WhatsApp", "4 hours left", "today")
        assert due.day == "9:15am on Tuesday 24 November 2026"
        after = next_due(contact, NOW + timedelta(hours=25), book)
        assert after
        assert (after.duty, after.time_left) == ("answer", "9 working days left")
        waiting = next_due(replace(contact, acknowledged_at=None, platform_reply_by=None), NOW, book)
        assert waiting
        assert (waiting.duty, waiting.time_left) == ("acknowledgement", "1 working day left")
        long = next_due(replace(contact, platform_reply_by=NOW + 5 * DAY), NOW, book)
        assert long
        assert long.time_left == "5 days left"
        assert next_due(replace(contact, state="answered"), NOW, book) is None


def test_a_row_says_what_staff_must_know(store: Store, book: Rulebook, mail: Make) -> None:
    """Needs, a message that did not arrive, a colleague who has it or is writing an answer, and how it ended."""
    with writing(store) as c:
        contact = logged(c, book, mail())
        assert _tags(c, contact, book) == ""
        note_needs(c, contact, "Large print", f"staff:{ANN}", NOW)
        c.execute(update(t.deliveries).values(state="permanent-failure", last_error="550 no such user"))
        c.execute(update(t.contacts).values(owner=BOB))
        assert _tags(c, contact, book) == "Not delivered, Needs, A colleague has it"
        assert _row(c, contact, book).why == "550 no such user"
        assert _tags(c, contact, book, BOB) == "Not delivered, Needs"
        assert _row(c, contact, book, BOB).holder == "you"
        drafts.save(c, Draft(contact.id, BOB, "Dear Sam"), NOW)
        assert _tags(c, contact, book) == f"Not delivered, Needs, {BOB} is writing"
        respond.respond(c, contact.reference, NOW, book, actor=f"staff:{BOB}")
        assert _tags(c, contact, book, BOB) == "Not delivered, Needs, Answered"
