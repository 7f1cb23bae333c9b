"""Notes of staff for staff: who is alerted, who is refused, and that no person ever reads one."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from bot.core.contacts import Contact
from bot.core.events import EventKind
from bot.core.histories import Kind
from bot.core.roles import Role, Scope
from bot.flows import staffing
from bot.flows.changes import close, note, respond
from bot.flows.changes.refusals import Refused
from bot.flows.desk import actions, contact_view
from bot.flows.desk.orders import Order
from bot.flows.outgoing import deliver
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.outgoing.deliver import TO_SENDERS, Attempt, ClaimTerms
from bot.flows.people import erase, record
from bot.flows.rulebook import Rulebook, Team
from bot.flows.staffing import Visitor
from bot.store import notes, outbox
from bot.store.engine import Store
from bot.store.staff import Account
from bot.store.tables import deliveries
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import after, again, do, logged
from tests.render.letters import COMPOSER
from tests.rulebooks import altered

OLU, HAL = "olu@example.gov.uk", "hal@example.gov.uk"
OLUS = f"staff:{OLU}"
WORDS = "Her neighbour says that the zqxnotemark is hers."


@pytest.fixture
def house(book: Rulebook) -> Rulebook:
    """Two teams."""
    teams = {**book.outgoing.teams, "housing": Team("housing", ("housing@example.gov.uk",), "post")}
    return altered(book, teams=teams)


def with_staff(connection: Connection, book: Rulebook) -> None:
    """Olu and Ann of the front office, Hal of another team, and Dee who may not sign in any more."""
    for address, name, team in (
        (OLU, "Olu Ade", "front"),
        ("ann@example.gov.uk", "Ann Smith", "front"),
        (HAL, "Hal", "housing"),
        ("dee@example.gov.uk", "Dee", "front"),
    ):
        account = Account(address, name, Role.OFFICER, frozenset({team}), "a hash", NOW, None)
        assert staffing.add(connection, account, "staff:adm@example.gov.uk", book) is None
    assert staffing.disable(connection, "dee@example.gov.uk", "staff:adm@example.gov.uk", NOW) is None


def write(connection: Connection, contact: Contact, words: str, book: Rulebook, now: datetime = NOW) -> tuple[str, ...]:
    """A note of Olu's."""
    return note.note(connection, contact, words, OLUS, now, book)


def alerted(connection: Connection) -> list[tuple[str, str | None]]:
    """Who is alerted that a note names them."""
    query = select(deliveries.c.recipient, deliveries.c.state).where(deliveries.c.step == "named")
    return [(row.recipient, row.state) for row in connection.execute(query)]


def test_a_colleague_who_is_named_is_alerted_once(store: Store, house: Rulebook, mail: Make) -> None:
    """With the reference and no word of the note, in any state of the contact; its writer is not."""
    with writing(store) as connection:
        with_staff(connection, house)
        contact = logged(connection, house, mail())
        respond.respond(connection, contact.reference, after(1), house, actor=OLUS)
        names = write(connection, again(connection, contact.reference), f"@Ann Smith and @olu: {WORDS}", house)
        assert names == ("Ann Smith",)
        assert alerted(connection) == [("ann@example.gov.uk", "created")]
        claims = deliver.claim(connection, "post", after(1), ClaimTerms(timedelta(hours=1)), 50, house)
        (claim,) = [claim for claim in claims if claim.delivery.step == "named"]
        content = MessageWriter(COMPOSER, house, house.secret).write(claim, after(1)).content
        assert contact.reference.encode() in content
        assert b"zqxnotemark" not in content


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("  ", "write the note"),
        ("x" * 5_001, "5,000 characters or fewer"),
        ("@an smith", "did you mean Ann Smith \\(@ann@example.gov.uk\\)"),
        ("@dee", "is no one colleague"),
        ("@hal", "Hal cannot see this contact"),
        ("@xqzzyw", "leave the @ out"),
    ],
)
def test_a_note_that_cannot_reach_whom_it_names_is_refused(
    store: Store, house: Rulebook, mail: Make, words: str, reason: str
) -> None:
    """Nothing is kept of it, and nobody is alerted."""
    with writing(store) as connection:
        with_staff(connection, house)
        contact = logged(connection, house, mail())
        with pytest.raises(Refused, match=reason):
            write(connection, contact, words, house)
        assert (notes.of(connection, [contact.id], 9), alerted(connection)) == ([], [])


def test_a_note_is_kept_once_and_not_beside_words_that_are_gone(store: Store, house: Rulebook, mail: Make) -> None:
    """A form sent twice is one note; on a forgotten contact it would stay for ever."""
    with writing(store) as connection:
        contact = logged(connection, house, mail())
        write(connection, contact, WORDS, house)
        with pytest.raises(Refused, match="stands there already"):
            write(connection, contact, WORDS, house)
        respond.respond(connection, contact.reference, NOW, house, actor=OLUS)
        assert erase.erase(connection, "resident1@residents.example", OLUS, after(1), b"k" * 32).erased
        assert [entry.words for entry in notes.of(connection, [contact.id], 9)] == [""]
        with pytest.raises(Refused, match="its words are gone"):
            write(connection, again(connection, contact.reference), "Another one.", house)


def test_a_note_is_no_answer_and_touches_no_clock(store: Store, house: Rulebook, mail: Make) -> None:
    """The contact stands as before, its alerts and its looks too; the note is in its history."""
    with writing(store) as connection:
        contact = logged(connection, house, mail())
        view = contact_view.show(connection, contact.reference, Scope(), NOW, house)
        assert view
        sentence = actions.act(
            connection,
            Order("note", contact.reference, {"words": WORDS}),
            Visitor(OLUS, Scope()),
            after(1),
            house,
        )
        assert sentence == "The note is kept."
        assert again(connection, contact.reference) == contact
        later = contact_view.show(connection, contact.reference, Scope(), NOW, house)
        assert later
        assert (later.clocks, later.messages, later.sent) == (view.clocks, view.messages, view.sent)
        assert later.events[-1].evidence == f"Words: {WORDS}"


def test_no_person_ever_reads_a_note(store: Store, house: Rulebook, mail: Make) -> None:
    """Of all that leaves to them, none holds a word of it; what the law has them given says that staff wrote it."""
    person = "resident1@residents.example"
    book = altered(house, reopen_days=28)
    with writing(store) as connection:
        contact = logged(connection, book, mail(), acknowledged=False)
        write(connection, contact, WORDS, book)
        second = logged(connection, book, mail(2, From=f"Sam <{person}>", In_Reply_To="<1@residents.example>"))
        assert second.id == contact.id
        do(connection, book, again(connection, contact.reference), Kind.PAUSED, NOW)
        do(connection, book, again(connection, contact.reference), Kind.RESUMED, after(3), reason="We asked you.")
        close.close(connection, contact.reference, OLUS, after(4), book, close.Closing(reason="It is done."))
        writer = MessageWriter(COMPOSER, book, book.secret)
        claims = deliver.claim(connection, "post", after(4), ClaimTerms(timedelta(hours=1)), 50, book)
        attempts = [Attempt(claim.delivery, after(4), message=writer.write(claim, after(4))) for claim in claims]
        deliver.record(connection, attempts, book)
        exported = record.of_person(connection, person, after(5))
        letters = [entry for export in exported["contacts"] for entry in export["deliveries"]]
        assert any(each.purpose in TO_SENDERS for each in outbox.of_contact(connection, contact.id))
        assert "zqxnotemark" not in str(letters)
        assert not any(b"zqxnotemark" in attempt.message.content for attempt in attempts if attempt.message)
        (note_event,) = [e for export in exported["contacts"] for e in export["events"] if e["kind"] == EventKind.NOTE]
        assert (note_event["details"], note_event["written_by"]) == ({"words": WORDS}, "staff, for staff")
