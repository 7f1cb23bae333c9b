"""Who people are is sealed where there is a key, and looked up all the same: by nobody without the key."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bot.channel import Batch
from bot.core import mailboxes
from bot.core.acknowledgements import Limits
from bot.core.messages import Inbound
from bot.core.roles import Scope
from bot.flows.changes import respond
from bot.flows.intake.batches import Capacity, Filed, Reading
from bot.flows.intake.receive import receive
from bot.flows.people import erase, record
from bot.flows.rulebook import Rulebook
from bot.store import keys, known, leases, needs, queue, retention, rules, schema, sealing, suppressions, views
from bot.store.databases import database_path, transaction
from bot.store.engine import Store
from bot.store.personal_data import REGISTER, Claim, Whose
from bot.store.queue import Criteria
from bot.store.schema import StoreRefused
from bot.store.sealing import LOOKUP_KEY
from tests.flows.conftest import book, mail
from tests.rulebooks import altered
from tests.store.somebody import NOW, PERSON, fill, marks_in, rules_of

__all__ = ["book", "mail"]
OLD, NEW = sealing.new_key(), sealing.new_key()
SAM = "Sam.Reed@Residents.example"
FIRST = "<1.sams@home.example>"
HOUR = timedelta(hours=1)
Make = Callable[..., Inbound]

# The queue is filtered by the language that people want to be written to.
IN_CLEAR = {"resmarkwish"}


@pytest.fixture(params=["from the start", "later", "with another key"])
def sealed(store_url: str, book: Rulebook, mail: Make, request: pytest.FixtureRequest) -> Iterator[Store]:
    """A store to which Sam has written; the key was there before, or came afterwards, or was replaced."""
    if request.param != "later":
        keys.begin(store_url, (OLD,), NOW)
    first = Store(store_url, () if request.param == "later" else (OLD,))
    first.write_now(lambda c: _of_sam(c, book, mail))
    first.let_go()
    key = NEW if request.param == "with another key" else OLD
    if request.param == "with another key":
        keys.begin(store_url, (NEW, OLD), NOW)
        keys.reseal_all(store_url, (NEW, OLD), NOW, lambda *_: None)
    keys.begin(store_url, (key,), NOW)
    store = Store(store_url, (key,))
    yield store
    store.let_go()


def _of_sam(connection: Connection, book: Rulebook, mail: Make) -> None:
    (first,) = _received(connection, book, _mail(mail, 1))
    (other,) = _received(connection, book, _mail(mail, 2, From="Ann <ann@residents.example>", Subject="Trees"))
    _received(connection, book, _mail(mail, 3, In_Reply_To=_ours(connection, other.reference), Subject="Re: Trees"))
    needs.note(connection, [SAM.lower()], needs.Needs("large print", "staff:x", NOW))
    suppressions.add(connection, SAM, "mail came back", NOW, NOW + HOUR)
    views.save(connection, "ann@example.gov.uk", "Sam's", "words=Sam")
    respond.respond(connection, first.reference or "", NOW + HOUR, book, actor="staff:x")
    respond.respond(connection, other.reference or "", NOW + HOUR, book, actor="staff:x")


def _mail(mail: Make, number: int, **headers: str) -> Inbound:
    lines = {"From": f"Sam Reed <{SAM}>", "Message-ID": f"<{number}.sams@home.example>", "Subject": "Bins"}
    return mail(number, text=f"Words {number}", **(lines | headers))


def _received(connection: Connection, book: Rulebook, *messages: Inbound) -> list[Filed]:
    return receive(connection, Batch(messages), Reading("inbox"), NOW, book, Capacity()).filed


def _ours(connection: Connection, reference: str | None) -> str:
    query = "SELECT message_id FROM deliveries JOIN contacts ON contacts.id = contact_id WHERE reference = :reference"
    return str(connection.execute(text(query), {"reference": reference}).scalar_one())


def test_a_message_is_known_again_and_goes_on_with_its_contact(sealed: Store, book: Rulebook, mail: Make) -> None:
    """The same mail is not logged twice, an answer to it or to ours is added to what it answers."""

    def look(connection: Connection) -> None:
        first = known.logged_messages(connection, [FIRST], b"key")[FIRST][0].reference
        again = _mail(mail, 1)
        to_own = _mail(mail, 4, In_Reply_To=FIRST)
        to_ours = _mail(mail, 5, In_Reply_To=_ours(connection, first))
        results = [_received(connection, book, message)[0] for message in (again, to_own, to_ours)]
        assert [(filed.reference, filed.new) for filed in results] == [(first, False), (first, True), (first, True)]

    sealed.write_now(look)


def test_a_person_is_known_by_the_address_in_any_letters(sealed: Store) -> None:
    """In what they began and what they wrote in; with their needs and why nothing is sent; by what staff search for."""

    def look(connection: Connection) -> None:
        assert len(retention.of_person(connection, SAM.upper())) == 2
        export = record.of_person(connection, SAM, NOW)
        assert [len(contact["messages"]) for contact in export["contacts"]] == [1, 1]
        assert export["needs"]["needs"] == "large print"
        assert [row["address"] for row in export["suppressions"]] == [SAM.lower()]
        mailbox = mailboxes.key(SAM, b"")
        recents = known.recent_contacts(connection, [SAM.lower()], [mailbox], NOW - HOUR, NOW)
        assert [len(instants) for instants in recents.mailboxes.values()] == [1]
        assert [len(entries) for entries in recents.contacts.values()] == [1]
        assert recents.suppressions == {SAM.lower(): "mail came back"}
        assert len(known.of_domain(connection, "residents.example", NOW - HOUR, 50)) == 2
        for words, count in ((SAM, 1), (SAM.lower(), 1), ("sam.reed", 0), ("residents.example", 0)):
            criteria = Criteria(state="any", words=words)
            page = queue.page(connection, criteria, Scope(), NOW, most=10)
            part = queue.after(connection, criteria, Scope(), NOW, cursor=0, most=10)
            assert (len(page.contacts), len(part.contacts)) == (count, count), words
        assert [view.name for view in views.of(connection, "ann@example.gov.uk")] == ["Sam's"]

    sealed.read_now(look)


def test_a_person_can_be_taken_out(sealed: Store) -> None:
    """Out of what they began, and out of what they wrote in; one that is suppressed can be let have mail again."""

    def act(connection: Connection) -> None:
        assert suppressions.drop(connection, SAM)
        assert len(erase.erase(connection, SAM, "staff:x", NOW + HOUR, b"key").erased) == 2
        assert retention.of_person(connection, SAM) == []
        assert needs.of(connection, [SAM.lower()]) is None
        views.save(connection, "ann@example.gov.uk", "Sam's", "words=other")
        assert [view.query for view in views.of(connection, "ann@example.gov.uk")] == ["words=other"]

    sealed.write_now(act)


def test_the_cap_of_a_domain_counts_what_is_sealed(sealed: Store, book: Rulebook, mail: Make) -> None:
    """Two receipts have gone there: the third waits for staff."""
    capped = altered(book, limits=Limits(an_hour_to_a_domain=2))
    third = _mail(mail, 9, From="Cleo <cleo@residents.example>", Subject="Parks")
    (filed,) = sealed.write_now(lambda c: _received(c, capped, third))
    assert filed.outcome == "ask"


def _rows(url: str) -> str:
    with transaction(url, writes=False) as plain:
        return "\n".join(str(plain.execute(text(f"SELECT * FROM {table.name}")).all()) for table in keys.TABLES)  # noqa: S608


def test_a_key_that_comes_later_leaves_nothing_in_clear(store_url: str, book: Rulebook) -> None:
    """No address, name of a message, reason for a hold, urgent word or name of a view: in no row, file or log."""
    plain = Store(store_url)
    plain.write_now(lambda c: fill(c, rules_of(book)))
    plain.let_go()
    assert PERSON in _rows(store_url)
    keys.begin(store_url, (OLD,), NOW)
    keys.reseal_all(store_url, (OLD,), NOW, lambda *_: None)
    sealed = {d.column for d in REGISTER if d.whose is Whose.RESIDENT and d.sealing.claim is Claim.SEALED}
    assert {"contacts.legal_hold", "contacts.urgent_words", "messages.message_id", "views.name"} <= sealed
    assert marks_in(_rows(store_url), Whose.RESIDENT) == IN_CLEAR
    if store_url.startswith("sqlite"):
        store = Store(store_url, (OLD,))
        store.flush_log()
        store.let_go()
        path = database_path(store_url)
        log = Path(f"{path}-wal")
        content = path.read_bytes() + (log.read_bytes() if log.exists() else b"")
        # In a file the next column follows without a gap.
        marks = marks_in(content.lower(), Whose.RESIDENT)
        assert not [mark for mark in marks if not mark.startswith(tuple(IN_CLEAR))]


def test_equal_addresses_are_stored_alike_by_the_key_of_the_store(
    store_url: str, tmp_path: Path, fresh_file: Path, book: Rulebook, mail: Make
) -> None:
    """Who has two stores, and not their keys, cannot compare them; nor try addresses, for that key is sealed itself."""
    path = tmp_path / "other.db"
    path.write_bytes(fresh_file.read_bytes())
    stored = []
    for url in (store_url, f"sqlite:///{path}"):
        keys.begin(url, (OLD,), NOW)
        store = Store(url, (OLD,))
        for number in (1, 2):
            store.write_now(lambda c, number=number: _received(c, book, _mail(mail, number, Subject=str(number))))  # type: ignore[misc]
        store.let_go()
        with transaction(url, writes=False) as plain:
            stored.append(set(plain.execute(text("SELECT sender_key FROM contacts")).scalars()))
            assert rules.load(plain)[LOOKUP_KEY].startswith(sealing.MARK)
    assert [len(values) for values in stored] == [1, 1]
    assert stored[0] != stored[1]


def test_what_only_looks_sealed_is_itself(store_url: str, book: Rulebook, mail: Make) -> None:
    """Somebody may name a message by our mark, before there is a key and after."""
    names = ["sealed=bm9uc2Vuc2U=", "sealed=not base64", "sealed=é"]
    messages = [replace(_mail(mail, n), external_id=name) for n, name in enumerate(names)]
    plain = Store(store_url)
    plain.write_now(lambda c: _received(c, book, *messages))
    plain.let_go()
    keys.begin(store_url, (OLD,), NOW)
    store = Store(store_url, (OLD,))
    assert set(store.read_now(lambda c: known.logged_messages(c, names, b"key"))) == set(names)
    assert [filed.new for filed in store.write_now(lambda c: _received(c, book, *messages))] == [False] * 3
    store.let_go()


def test_nothing_is_looked_up_before_everything_is_sealed(store_url: str, book: Rulebook, mail: Make) -> None:
    """Sealing that was interrupted is gone on with at the next start; until then no command works on the store."""
    plain = Store(store_url)
    plain.write_now(lambda c: _of_sam(c, book, mail))
    plain.let_go()

    def interrupt(table: str, _count: int) -> None:
        if table == "messages":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keys.begin(store_url, (OLD,), NOW, interrupt)
    with pytest.raises(StoreRefused, match="not sealed yet"):
        keys.require(store_url, (OLD,))
    with pytest.raises(StoreRefused, match="put it back"):
        keys.begin(store_url, (), NOW)
    keys.begin(store_url, (OLD,), NOW)
    keys.require(store_url, (OLD,))
    store = Store(store_url, (OLD,))
    assert len(store.read_now(lambda c: retention.of_person(c, SAM))) == 2
    store.let_go()


def test_programs_that_know_no_sealed_addresses_are_kept_out(store_url: str) -> None:
    """An older one would write them in clear, and find none."""
    keys.begin(store_url, (OLD,), NOW)
    with transaction(store_url, writes=False) as plain:
        assert rules.load(plain)[schema.SERVES_FROM] == schema.newest()


def test_no_other_process_may_run_while_addresses_are_sealed(empty_store: str, book: Rulebook, mail: Make) -> None:
    """It would look them up, and write them, as they were: the same mail would be acknowledged twice."""
    other = Store(empty_store)
    other.write_now(lambda c: leases.renew(c, "another", [f"{leases.PROCESS}another"], HOUR))
    with pytest.raises(StoreRefused, match="stop them all"):
        keys.begin(empty_store, (OLD,), NOW)
    keys.require(empty_store, ())
    other.write_now(lambda c: leases.give_up(c, "another"))
    keys.begin(empty_store, (OLD,), NOW)
    other.let_go()


def test_processes_that_start_at_once_seal_with_one_key(empty_store: str, book: Rulebook, mail: Make) -> None:
    """Each goes through the rows, and none in another way."""
    plain = Store(empty_store)
    plain.write_now(lambda c: _of_sam(c, book, mail))
    plain.let_go()
    with ThreadPoolExecutor(3) as pool:
        for beginning in [pool.submit(keys.begin, empty_store, (OLD,), NOW) for _ in range(3)]:
            beginning.result()
    store = Store(empty_store, (OLD,))
    assert len(store.read_now(lambda c: retention.of_person(c, SAM))) == 2
    assert store.read_now(lambda c: known.logged_messages(c, [FIRST], b"key"))
    store.let_go()


@pytest.fixture
def empty_store(request: pytest.FixtureRequest) -> Iterator[str]:
    """A new store on PostgreSQL, on which several processes may work."""
    server = request.getfixturevalue("postgres")
    url = server.create("several")
    schema.upgrade(url)
    yield url
    server.drop("several")
