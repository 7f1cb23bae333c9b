"""People's words at rest: sealed where there is a key, and readable by nobody without it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from typer.testing import CliRunner

from bot.channel import Batch
from bot.cli.commands import app
from bot.core.messages import Inbound
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.rulebook import Rulebook
from bot.store import contacts, keys, sealing, views
from bot.store.databases import transaction
from bot.store.engine import Store
from bot.store.schema import StoreRefused
from tests.components.service import ORGANISATION, SMTP
from tests.flows.conftest import NOW, book, mail

__all__ = ["book", "mail"]
SECRET = "My mother is ill"
OLD, NEW = sealing.new_key(), sealing.new_key()
EVERYTHING = (
    "SELECT subject FROM contacts UNION ALL SELECT sender_name FROM contacts UNION ALL SELECT text FROM messages "
    "UNION ALL SELECT details FROM events"
)


def log(url: str, ring: tuple[str, ...], message: Inbound, rules: Rulebook) -> str:
    """Log one mail; its reference."""
    store = Store(url, ring)
    received = store.write_now(lambda c: receive(c, Batch((message,)), Reading("inbox"), NOW, rules, Capacity()))
    store.let_go()
    return received.filed[0].reference or ""


def words(url: str, ring: tuple[str, ...], reference: str) -> tuple[str, str, list[bytes]]:
    """What the store says of a contact: subject, text, raw."""
    store = Store(url, ring)

    def read(connection: Connection) -> tuple[str, str, list[bytes]]:
        contact = contacts.find(connection, reference)
        assert contact
        (message,) = contacts.messages_of(connection, contact.id)
        return contact.subject, message.text, contacts.raw_messages_of(connection, contact.id)

    try:
        return store.read_now(read)
    finally:
        store.let_go()


def test_nothing_that_a_person_wrote_can_be_read_without_the_key(
    store_url: str, book: Rulebook, mail: Callable[..., Inbound]
) -> None:
    """Not in a row, and on SQLite not in the file; with the key all is as it was."""
    reference = log(store_url, (OLD,), replace(mail(text=SECRET), subject=SECRET), book)
    with transaction(store_url, writes=False) as plain:
        stored = [str(value) for (value,) in plain.execute(text(EVERYTHING)) if value]
        raw = plain.execute(text("SELECT raw FROM raw_messages")).scalar_one()
    assert stored
    assert all(value.startswith(sealing.MARK) for value in stored)
    assert bytes(raw).startswith(sealing.MARK.encode())
    if store_url.startswith("sqlite"):
        assert SECRET.encode() not in Path(store_url.removeprefix("sqlite:///")).read_bytes()
    subject, body, raws = words(store_url, (OLD,), reference)
    assert (subject, body.strip()) == (SECRET, SECRET)
    assert SECRET.encode() in raws[0]


def test_what_was_there_before_the_key_and_what_only_looks_sealed_is_read(
    store_url: str, book: Rulebook, mail: Callable[..., Inbound]
) -> None:
    """A store may be sealed later; somebody may write our mark."""
    before = log(store_url, (), mail(1, text="sealed:nonsense"), book)
    after = log(store_url, (OLD,), mail(2, text="sealed:nonsense"), book)
    assert [words(store_url, (OLD,), reference)[1].strip() for reference in (before, after)] == ["sealed:nonsense"] * 2


def test_a_key_is_replaced_while_everything_stays_readable(
    store_url: str, book: Rulebook, mail: Callable[..., Inbound], monkeypatch: pytest.MonkeyPatch
) -> None:
    """New first, old second; sealed anew, the old one may go. A key that is needed is asked for."""
    monkeypatch.setattr(sealing, "ROWS_AT_ONCE", 2)
    keys.begin(store_url, (OLD,), NOW)
    references = [log(store_url, (OLD,), mail(n, text=SECRET), book) for n in range(5)]
    with pytest.raises(StoreRefused, match="put it back"):
        keys.begin(store_url, (NEW,), NOW)
    keys.begin(store_url, (NEW, OLD), NOW)
    progress: list[tuple[str, int]] = []
    assert keys.reseal_all(store_url, (NEW, OLD), NOW, lambda *step: progress.append(step)) >= 5
    assert ("messages", 5) in progress
    keys.begin(store_url, (NEW,), NOW)
    assert {words(store_url, (NEW,), reference)[1].strip() for reference in references} == {SECRET}
    with pytest.raises(StoreRefused):
        keys.require(store_url, ())


def test_what_staff_keep_as_a_view_is_sealed(store_url: str) -> None:
    """What they searched for may be a name; a view from before there was a key is sealed with the rest."""
    for ring in ((), (OLD,)):
        store = Store(store_url, ring)
        store.write_now(lambda c, ring=ring: views.save(c, f"ann{len(ring)}", "mine", f"words={SECRET}"))  # type: ignore[misc]
        store.let_go()
    keys.reseal_all(store_url, (NEW, OLD), NOW, lambda *_: None)
    with transaction(store_url, writes=False) as plain:
        stored = list(plain.execute(text("SELECT query FROM views")).scalars())
    assert [query.startswith(sealing.MARK) for query in stored] == [True, True]
    store = Store(store_url, (NEW,))
    assert {store.read_now(lambda c, n=n: views.of(c, n))[0].query for n in ("ann0", "ann1")} == {f"words={SECRET}"}  # type: ignore[misc]
    store.let_go()


def test_the_commands_make_a_key_and_seal_a_store(
    tmp_path: Path, fresh_file: Path, book: Rulebook, mail: Callable[..., Inbound]
) -> None:
    """As the documentation says it."""
    path = tmp_path / "ackbot.db"
    path.write_bytes(fresh_file.read_bytes())
    reference = log(f"sqlite:///{path}", (), mail(text=SECRET), book)
    key = CliRunner().invoke(app, ["store", "key"]).stdout.strip()
    (tmp_path / "key").write_text(key, encoding="ascii")
    head = ORGANISATION.format(store=f"sqlite:///{path}", web_port=8080) + SMTP.format(port=25)
    config = tmp_path / "ackbot.toml"
    config.write_text(head, encoding="utf-8")
    environment = {"ACKBOT_SECRET": "s" * 40}
    ask = ["--config", str(tmp_path)]
    bare = CliRunner().invoke(app, ["store", "reseal", *ask], env=environment)
    assert (bare.exit_code, "no key to seal with" in bare.stderr) == (2, True)
    config.write_text(head.replace("[web]", 'keys = ["file:key"]\n\n[web]', 1), encoding="utf-8")
    done = CliRunner().invoke(app, ["store", "reseal", *ask], env=environment)
    assert done.exit_code == 0, done.output
    shown = CliRunner().invoke(app, ["contacts", "show", reference, "--json", *ask], env=environment)
    assert SECRET in json.dumps(json.loads(shown.stdout))
    config.write_text(head.replace("[web]", 'keys = ["tooshort"]\n\n[web]', 1), encoding="utf-8")
    wrong = CliRunner().invoke(app, ["store", "reseal", *ask], env=environment)
    assert "is not a key; make one with: ackbot store key" in wrong.stderr
    assert "tooshort" not in wrong.stderr
