"""People hear of us halfway, and when it is closed, where the standard says so: each once, none after an answer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from bot.core.alerting import Restraint
from bot.core.books import Book
from bot.core.calendars import calendar
from bot.core.contacts import State
from bot.core.histories import Kind
from bot.core.standards import standard
from bot.flows import escalate
from bot.flows.changes import close, respond
from bot.flows.changes.refusals import Refused
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.outgoing.deliver import Attempt, ClaimTerms, claim, record
from bot.flows.rulebook import Rulebook
from bot.render.compose import Composer
from bot.settings.reading import PACKAGED
from bot.store import contacts, outbox
from bot.store.engine import Store
from tests.flows.conftest import NOW, STANDARD, Make, writing
from tests.flows.desk import again, do, logged
from tests.flows.test_joining import _CONSTANTS
from tests.rulebooks import altered

REASON = close.Closing(reason="You told us that it is mended.")
HALFWAY = NOW + timedelta(days=8)  # five of ten working days are used


@pytest.fixture
def kind(book: Rulebook) -> Rulebook:
    """A council that keeps people informed."""
    table = STANDARD | {"progress": "halfway", "closing": "message"}
    return altered(book, promises=Book((standard(table, "general.toml"),)))


def leaving(connection: Connection, book: Rulebook, now: object) -> list[str]:
    """The purposes of what leaves now to the person, handed over."""
    claimed = claim(connection, "post", now, ClaimTerms(timedelta(minutes=5)), 50, book)  # type: ignore[arg-type]
    record(connection, [Attempt(letter.delivery, NOW) for letter in claimed], book)
    return [letter.delivery.purpose for letter in claimed if letter.delivery.recipient.endswith("residents.example")]


def live(connection: Connection, book: Rulebook, days: int) -> list[str]:
    """What the person hears in so many days."""
    heard = []
    for hours in range(0, 24 * days, 6):
        now = NOW + timedelta(hours=hours)
        escalate.escalate(connection, now, 10, book)
        heard += leaving(connection, book, now)
    return heard


def test_halfway_the_person_hears_once_that_we_are_still_at_it(store: Store, kind: Rulebook, mail: Make) -> None:
    """With the date that we promised."""
    composer = Composer(tuple(p / "templates" for p in PACKAGED if (p / "templates").is_dir()), _CONSTANTS)
    with writing(store) as connection:
        logged(connection, kind, mail(1))
        escalate.escalate(connection, HALFWAY, 10, kind)
        claimed = claim(connection, "post", HALFWAY, ClaimTerms(timedelta(minutes=5)), 50, kind)
        (progress,) = (letter for letter in claimed if letter.delivery.purpose == "progress")
        text = MessageWriter(composer, kind, b"secret").write(progress, HALFWAY).content.decode()
        assert "Monday 7 December 2026" in text
        record(connection, [Attempt(progress.delivery, HALFWAY)], kind)
        assert "progress" not in live(connection, kind, 30)


def test_nobody_hears_of_it_half_past_midnight(store: Store, kind: Rulebook, mail: Make) -> None:
    """Nor at a second attempt: it leaves when the office opens; what staff do at night is told at once."""
    calm = altered(kind, restraint=Restraint(letters=calendar("england")))
    night = datetime(2026, 12, 2, 0, 30, tzinfo=UTC)
    with writing(store) as connection:
        contact, other = (logged(connection, calm, mail(number)) for number in (1, 2))
        escalate.escalate(connection, night, 10, calm)
        assert leaving(connection, calm, night) == []
        outbox.bring_forward(connection, night)
        assert leaving(connection, calm, night) == []
        close.close(connection, contact.reference, "staff:me", night, calm, REASON)
        assert leaving(connection, calm, night) == ["closing"]
        assert leaving(connection, calm, night.replace(hour=8, minute=29)) == []
        assert leaving(connection, calm, night.replace(hour=8, minute=30)) == ["progress"]
        assert again(connection, other.reference).state == State.OPEN


def test_an_answered_contact_hears_nothing_more(store: Store, kind: Rulebook, mail: Make) -> None:
    """Nor one whose answer was recorded between the queueing and the leaving, nor one whose clock is paused."""
    with writing(store) as connection:
        early, late, paused_contact = (logged(connection, kind, mail(number)) for number in (1, 2, 3))
        respond.respond(connection, early.reference, NOW + timedelta(days=2), kind, actor="staff:me")
        escalate.escalate(connection, HALFWAY, 10, kind)
        respond.respond(connection, late.reference, HALFWAY, kind, actor="staff:me")
        do(connection, kind, paused_contact, Kind.PAUSED, HALFWAY)
        assert "progress" not in leaving(connection, kind, HALFWAY)


def test_without_a_word_in_the_standard_nobody_is_written_to(store: Store, book: Rulebook, mail: Make) -> None:
    """Neither halfway nor at the end."""
    with writing(store) as connection:
        contact = logged(connection, book, mail(1))
        assert live(connection, book, 9) == []
        respond.respond(connection, contact.reference, HALFWAY, book, actor="staff:me")
        assert not close.close(connection, contact.reference, "staff:me", HALFWAY, book, close.Closing())
        assert leaving(connection, book, HALFWAY) == []


def test_whoever_was_answered_is_told_that_it_is_closed(store: Store, kind: Rulebook, mail: Make) -> None:
    """Once; what they write then opens it again."""
    with writing(store) as connection:
        contact = logged(connection, kind, mail(1))
        respond.respond(connection, contact.reference, NOW + timedelta(days=2), kind, actor="staff:me")
        now = NOW + timedelta(days=3)
        assert close.close(connection, contact.reference, "staff:me", now, kind, close.Closing())
        with pytest.raises(Refused, match="is closed"):
            close.close(connection, contact.reference, "staff:me", now, kind, close.Closing())
        assert leaving(connection, kind, now) == ["closing"]
        answer = {"In-Reply-To": "<1@residents.example>", "From": "Resident 1 <resident1@residents.example>"}
        logged(connection, kind, replace(mail(2, **answer), received_at=now + timedelta(days=1)))
        assert again(connection, contact.reference).state == State.OPEN


def test_what_was_not_answered_is_closed_with_a_reason_only(store: Store, kind: Rulebook, mail: Make) -> None:
    """And nothing that waited leaves; it may be opened again, with the date that it had."""
    with writing(store) as connection:
        contact = logged(connection, kind, mail(1))
        with pytest.raises(Refused, match="say why"):
            close.close(connection, contact.reference, "staff:me", NOW, kind, close.Closing())
        assert close.close(connection, contact.reference, "staff:me", NOW, kind, REASON)
        after = again(connection, contact.reference)
        assert (after.state, after.next_look_at) == (State.CLOSED, None)
        close.reopen(connection, contact.reference, "staff:me", NOW, kind)
        opened = again(connection, contact.reference)
        assert (opened.state, opened.respond_by) == (State.OPEN, contact.respond_by)
        assert leaving(connection, kind, NOW) == []
        kinds = [event.kind for event in contacts.events_of(connection, contact.id)]
        assert kinds[-2:] == ["closed", "opened again"]
        with pytest.raises(Refused, match="is open"):
            close.reopen(connection, contact.reference, "staff:me", NOW, kind)
