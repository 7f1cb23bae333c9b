"""What staff are writing is kept for each of them, shown to colleagues as a name and a time, and gone in a week."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from bot.channel import Batch
from bot.core.messages import Inbound, Party
from bot.core.retention import Retention
from bot.core.roles import Role
from bot.flows.changes import forget
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.rulebook import Rulebook
from bot.store import contacts, drafts, staff
from bot.store.drafts import Draft, Writer
from bot.store.engine import Store
from bot.store.staff import Account
from tests.flows.conftest import book, store

__all__ = ["book", "store"]
NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
JO, OLU = "jo@example.gov.uk", "olu@example.gov.uk"


@pytest.fixture
def contact_id(store: Store, book: Rulebook) -> int:
    """A contact, and an officer with an account."""

    def log(c: Connection) -> int:
        staff.add(c, Account(JO, "Jo Ellis", Role.OFFICER, frozenset(), "", NOW, None))
        message = Inbound("inbox", "1", "digest", Party("sam@residents.example"), text="My bin.")
        filed = receive(c, Batch((message,)), Reading("inbox"), NOW, book, Capacity()).filed
        contact = contacts.find(c, filed[0].reference or "")
        assert contact is not None
        return contact.id

    return store.write_now(log)


def test_a_draft_is_as_it_was_last_typed(store: Store, contact_id: int) -> None:
    """One for each person; its files stay until one of them, or the draft, is taken away."""

    def work(c: Connection) -> None:
        for minute, words in enumerate(("We", "We come", "We come on Monday")):
            drafts.save(c, Draft(contact_id, JO, words, "Bin", "holding", "inbox"), NOW + minute * MINUTE)
        drafts.save(c, Draft(contact_id, OLU, "Mine"), NOW)
        draft = Draft(contact_id, JO, "We come on Monday", "Bin", "holding", "inbox", NOW, NOW + 2 * MINUTE)
        assert drafts.of(c, contact_id, JO) == draft
        for name in ("map.pdf", "plan.pdf"):
            drafts.add_file(c, contact_id, JO, name, name.encode())
        first, second = drafts.files_of(c, contact_id, JO)
        assert (first.name, first.size, second.name) == ("map.pdf", 7, "plan.pdf")
        drafts.drop_files(c, contact_id, OLU, [first.id])
        drafts.drop_files(c, contact_id, JO, [second.id])
        assert drafts.contents_of(c, contact_id, JO) == [("map.pdf", b"map.pdf")]
        drafts.drop(c, contact_id, JO)
        assert (drafts.of(c, contact_id, JO), drafts.files_of(c, contact_id, JO)) == (None, [])
        assert [entry.owner for entry in drafts.of_contact(c, contact_id)] == [OLU]

    store.write_now(work)


def test_a_colleague_sees_who_is_writing_since_when(store: Store, contact_id: int) -> None:
    """For five minutes after the last letter, and from the first one after a long break."""

    def work(c: Connection) -> None:
        for minute in (0, 4, 8):
            drafts.save(c, Draft(contact_id, JO, "We"), NOW + minute * MINUTE)
        jo = Writer(JO, "Jo Ellis", NOW)
        assert drafts.writers(c, contact_id, OLU, NOW + 12 * MINUTE) == [jo]
        assert drafts.writers(c, contact_id, JO, NOW + 12 * MINUTE) == []
        assert drafts.writers(c, contact_id, OLU, NOW + 13 * MINUTE) == []
        drafts.save(c, Draft(contact_id, JO, "We come"), NOW + 60 * MINUTE)
        assert drafts.writers(c, contact_id, OLU, NOW + 61 * MINUTE) == [Writer(JO, "Jo Ellis", NOW + 60 * MINUTE)]

    store.write_now(work)


def test_a_draft_is_gone_after_a_week(store: Store, contact_id: int) -> None:
    """With its files, and no sooner than seven days after somebody last typed."""

    def work(c: Connection) -> None:
        for owner, days in ((JO, 0), (OLU, 1)):
            drafts.save(c, Draft(contact_id, owner, "We"), NOW + timedelta(days=days))
            drafts.add_file(c, contact_id, owner, "map.pdf", b"1")
        forget.forget_what_was_left(c, Retention(timedelta(days=183)), NOW + timedelta(days=7, minutes=1))
        assert [draft.owner for draft in drafts.of_contact(c, contact_id)] == [OLU]
        assert (len(drafts.files_of(c, contact_id, JO)), len(drafts.files_of(c, contact_id, OLU))) == (0, 1)

    store.write_now(work)
