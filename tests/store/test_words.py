"""The index of words finds what people wrote, forgets it with them, and never gives sealed words away."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, insert, text

from bot.store import retention, words
from bot.store.engine import Store
from bot.store.sealing import new_key
from bot.store.tables import contacts, messages

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A new store."""
    made = Store(store_url)
    made.write_now(words.empty)
    yield made
    made.let_go()


def _fill(store: Store, *said: str, phone: str = "") -> None:
    def write(c: Connection) -> None:
        for number, one in enumerate(said, 1):
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
                "text": one,
                "fields": json.dumps({"phone": phone, "prefers": "email"}) if number == len(said) else "{}",
                "message_id": str(number),
                "digest": "",
                "received_at": NOW,
                "sender_address": "p@a.example",
            }
            c.execute(insert(contacts), [contact])
            c.execute(insert(messages), [message])

    store.write_now(write)


@pytest.mark.parametrize(
    ("asked", "found"),
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
        ("", []),
        ("!!!", []),
        ("x" * 5_000, []),
    ],
)
def test_words_are_found(store: Store, asked: str, found: list[int]) -> None:
    """All of the words, the last one also by its beginning; whatever their letters and accents are."""
    tail = "y" * 3_000 + " \N{SNOWMAN} tail"
    _fill(store, "The café's bins overflow", "Damp in the bedroom: ring 01632 960 888", tail, phone="(+44) 1632 960888")
    assert store.write_now(words.index) == 3
    assert store.read_now(lambda c: words.find(c, asked)) == found
    assert not store.read_now(words.behind)
    assert store.write_now(words.index) == 0


def test_what_is_forgotten_is_not_found(store: Store) -> None:
    """Erasing takes the words out of the index, too."""
    _fill(store, "A hole in the road")
    store.write_now(words.index)
    store.write_now(lambda c: retention.strip(c, [1]))
    assert store.read_now(lambda c: words.find(c, "hole")) == []
    store.write_now(words.index)
    assert store.read_now(lambda c: words.find(c, "hole")) == []


def test_sealed_words_are_not_in_the_index(store_url: str) -> None:
    """With keys only references and addresses can be searched for."""
    store = Store(store_url, [new_key()])
    store.write_now(words.empty)
    _fill(store, "A secret garden")
    store.write_now(words.index)
    assert store.read_now(lambda c: words.find(c, "garden")) == []
    assert store.read_now(lambda c: words.find(c, "EX-1")) == [1]
    kept = store.read_now(lambda c: c.execute(text("SELECT * FROM message_words")).all())
    assert "garden" not in str(kept)
    store.let_go()
