"""The index of words finds what people wrote, forgets it with them, and never gives sealed words away."""

import json
import re
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, text

from bot.core.roles import Scope
from bot.store import lag, queue, retention, words
from bot.store.engine import Store
from bot.store.queue import Criteria
from bot.store.sealing import new_key
from bot.store.tables import contacts, messages

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
NAMES_KEY = b"n" * 32


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A new store."""
    made = Store(store_url)
    made.write_now(words.empty)
    yield made
    made.let_go()


def _fill(store: Store, *texts: str, phone: str = "") -> None:
    def write(c: Connection) -> None:
        for number, content in enumerate(texts, 1):
            contact = {
                **dict.fromkeys(("channel", "outcome", "rule", "reason", "state"), "log"),
                "id": number,
                "reference": f"EX-{number}",
                "external_id": str(number),
                "state": "logged",
                "outcome": "log",
                "received_at": NOW,
                "sender_name": "Zoë",
                "sender_address": f"p{number}@a.example",
            }
            message = {
                "id": number,
                "contact_id": number,
                "channel": "c",
                "external_id": str(number),
                "text": content,
                "fields": json.dumps({"phone": phone, "prefers": "email"}) if number == len(texts) else "{}",
                "message_id": str(number),
                "digest": "",
                "received_at": NOW,
                "sender_address": "p@a.example",
            }
            c.execute(insert(contacts), [contact])
            c.execute(insert(messages), [message])

    store.write_now(write)


def _contacts_with(store: Store, query: str) -> list[int]:
    """The contacts that hold the words, the newest first."""
    return [
        contact.id
        for contact in store.read_now(
            lambda c: queue.page(c, Criteria("any", words=query), Scope(), NOW, most=9)
        ).contacts
    ]


@pytest.mark.parametrize(
    ("query", "contact_ids"),
    [
        ("bins", [1]),
        ("bin", [1]),
        ("CAFÉ bins", [1]),
        ("cafe's", [1]),
        ("bins damp", []),
        ("zoe", [3, 2, 1]),
        ("EX-2", [2]),
        ("01632 960 888", [3, 2]),
        ("01632960888", [3, 2]),
        ("+44 (0)1632 960-888", [3, 2]),
        ("0044 1632 960888", [3, 2]),
        ("960 888", [2]),
        ("damp 01632 960888", [2]),
        ("email", []),
        ("p@a.example damp", [2]),
        ('" OR 1=1 --', []),
        ("NEAR( AND", []),
        ("!!!", []),
        ("x" * 5_000, []),
    ],
)
def test_words_are_found(store: Store, query: str, contact_ids: list[int]) -> None:
    """All of the words, the last one also by its beginning; whatever their letters and accents are."""
    tail = "y" * 3_000 + " \N{SNOWMAN} tail"
    _fill(store, "The café's bins overflow", "Damp in the bedroom: ring 01632 960 888", tail, phone="(+44) 1632 960888")
    assert store.write_now(words.index) == 3
    assert _contacts_with(store, query) == contact_ids
    assert not store.read_now(lag.look).has_words_to_index
    assert store.write_now(words.index) == 0


def test_what_is_forgotten_is_not_found(store: Store) -> None:
    """Erasing takes the words out of the index, too."""
    _fill(store, "A hole in the road")
    store.write_now(words.index)
    store.write_now(lambda c: retention.strip(c, [1], NAMES_KEY))
    assert _contacts_with(store, "hole") == []
    store.write_now(words.index)
    assert _contacts_with(store, "hole") == []


def test_a_message_that_is_withdrawn_leaves_its_contact_findable(store: Store) -> None:
    """Its words are not found any more; the name and the reference of the contact are, for it is kept."""
    _fill(store, "A hole in the road")
    store.write_now(lambda c: retention.strip_messages(c, retention.within(1)))
    assert store.read_now(lag.look).has_words_to_index  # nothing is taken in out of its turn
    store.write_now(words.index)
    store.write_now(lambda c: retention.strip_messages(c, retention.within(1)))
    assert _contacts_with(store, "hole") == []
    assert _contacts_with(store, "zoe") == _contacts_with(store, "EX-1") == [1]


def _on_the_disk(store: Store, term: bytes) -> bool:
    """Whether a term stands in the file of the index: what is left of a deleted row is no row any more."""
    held = "SELECT count(*) FROM message_words_data WHERE instr(block, :term) > 0"
    return bool(store.read_now(lambda c: c.execute(text(held), {"term": term}).scalar_one()))


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_what_is_forgotten_is_not_on_the_disk(store: Store) -> None:
    """SQLite's index keeps what is deleted until the part in which it stands is written anew."""
    _fill(store, "Secretword of one", "The words of another")
    store.write_now(words.index)
    store.write_now(lambda c: retention.strip(c, [1], NAMES_KEY))
    assert _on_the_disk(store, b"ecretword")
    begin = True
    while store.write_now(partial(words.tidy, begin=begin)):
        begin = False
    assert not _on_the_disk(store, b"ecretword")
    assert _contacts_with(store, "another") == [2]
    store.write_now(words.empty)
    assert not _on_the_disk(store, b"nother")
    while store.write_now(words.index):
        pass
    assert _contacts_with(store, "another") == [2]


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_words_that_are_erased_while_they_are_taken_in_do_not_come_back(store: Store) -> None:
    """Whoever erases waits until what is being taken in is there to be taken out."""
    _fill(store, "A hole in the road")
    erasing = threading.Thread(target=store.write_now, args=(lambda c: retention.strip(c, [1], NAMES_KEY),))
    with store._writer_engine.begin() as indexing:
        words.index(indexing)
        erasing.start()
        erasing.join(0.3)
    erasing.join()
    assert _contacts_with(store, "hole") == []


# The same word in so many messages of one contact.
MANY = {
    "sqlite": "WITH RECURSIVE n(i) AS (VALUES (100) UNION ALL SELECT i + 1 FROM n WHERE i < 99 + {count}) "
    "INSERT INTO message_words (rowid, contact_id, words) SELECT i, 1, 'hole' FROM n",
    "postgresql": "INSERT INTO message_words (message_id, contact_id, words) "
    "SELECT i, 1, to_tsvector('simple', 'hole') FROM generate_series(100, 99 + {count}) AS n(i)",
}


def _among_many(store: Store, count: int) -> None:
    _fill(store, "A hole", "A hole", "Damp")
    store.write_now(words.index)
    store.write_now(lambda c: c.execute(text("UPDATE contacts SET team = 'housing' WHERE id = 2")))
    store.write_now(lambda c: c.execute(text(MANY[c.dialect.name].format(count=count))))


def test_a_team_finds_its_own_among_many_of_others(store: Store) -> None:
    """Whose contacts they are is asked before so many are enough; of very common words the page says that it is cut."""
    _among_many(store, 2_500)
    housing, criteria = Scope(frozenset({"housing"}), unassigned=False), Criteria("any", words="hole")
    for query, scope in ((criteria, housing), (replace(criteria, team="housing"), Scope())):
        page = store.read_now(partial(queue.page, criteria=query, scope=scope, now=NOW, most=9))
        assert ([contact.id for contact in page.contacts], page.cut) == ([2], False)
    store.write_now(lambda c: c.execute(text("DELETE FROM message_words")))
    store.write_now(lambda c: c.execute(text(MANY[c.dialect.name].format(count=words.MOST_LOOKED_THROUGH))))
    assert store.read_now(lambda c: queue.page(c, criteria, housing, NOW, most=9)).cut


def test_a_program_reads_on_where_many_hold_the_word(store: Store) -> None:
    """It is given a cursor until all are looked through, though a part of the list may have nothing."""
    _among_many(store, 2 * words.MOST_LOOKED_THROUGH)
    seen: list[list[int]] = []
    cursor: int | None = 0
    criteria = Criteria("any", words="hole")
    while cursor is not None:
        part = store.read_now(partial(queue.after, criteria=criteria, scope=Scope(), now=NOW, cursor=cursor, most=1))
        seen.append([contact.id for contact in part.contacts])
        cursor = part.next_cursor
    assert seen == [[1], [2], [1], [1], []]
    narrow = Scope(frozenset({"housing"}), unassigned=False)
    part = store.read_now(partial(queue.after, criteria=criteria, scope=narrow, now=NOW, cursor=2, most=1))
    assert part.contacts == ()
    assert part.next_cursor is not None


def test_sealed_words_are_not_in_the_index(store_url: str) -> None:
    """With keys only references and addresses can be searched for."""
    store = Store(store_url, [new_key()])
    store.write_now(words.empty)
    _fill(store, "A secret garden")
    store.write_now(words.index)
    assert _contacts_with(store, "garden") == []
    assert _contacts_with(store, "EX-1") == [1]
    kept = store.read_now(lambda c: c.execute(text("SELECT * FROM message_words")).all())
    assert "garden" not in str(kept)
    store.let_go()


@given(
    st.text()
    | st.text(
        st.sampled_from("aZ9 _'\n-\u2019\u0301\u00e9\u0130\u03a3\u00bd\ufb01\u2026\u0643\u09cd\u0958\u1161\u212a")
    )
)
def test_terms_found_in_parts_are_those_of_the_whole(content: str) -> None:
    """What is not ASCII is read apart, and nothing changes where the parts meet."""
    plain = unicodedata.normalize("NFKD", content.casefold())
    bare = "".join(character for character in plain if not unicodedata.combining(character))
    assert words.terms_of(content) == re.findall(r"[^\W_]+", bare)
