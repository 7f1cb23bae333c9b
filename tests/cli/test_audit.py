"""`ackbot audit verify` says which event was changed; what is read, exported and copied leaves a line in the trail."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.commands import app
from bot.cli.noting import MOST_AT_ONCE
from bot.core.chain import Secret
from bot.core.events import EventKind
from bot.core.messages import Inbound
from bot.core.roles import Scope
from bot.core.subkeys import Use, subkey
from bot.kinds import load
from bot.store import audit, chain, shunt
from bot.store.audit import Looking
from bot.store.engine import Store
from tests.cli.test_receipts import Run, logged, run
from tests.components.postgres import Postgres
from tests.components.tampering import tamper
from tests.flows.conftest import NOW, mail

__all__ = ["logged", "mail", "run"]
Log = Callable[[Inbound], str]
Make = Callable[..., Inbound]


@pytest.fixture
def store(tmp_path: Path, logged: Log, mail: Make) -> Iterator[Store]:
    """The store of the configuration, with a contact that is answered, and the chain up to date."""
    configured = load(tmp_path / "config")
    logged(mail(1, text="My light is out."))
    opened = Store(configured.store.url)
    secret = Secret(subkey(configured.web.secret.get_secret_value().encode(), Use.AUDIT))
    opened.write_now(lambda c: chain.extend(c, secret))
    yield opened
    opened.let_go()


def _lines(store: Store, kind: EventKind) -> list[dict[str, object]]:
    events = store.read_now(lambda c: audit.trail(c, Looking("", Scope()), 100))
    return [dict(event.details) for event in events if event.kind == kind]


def test_a_trail_that_holds_says_so_with_its_head(store: Store, run: Run) -> None:
    """The head can be given again, alone or with others, and is then looked for."""
    answer = run("audit", "verify")
    assert (answer.exit_code, answer.stdout.startswith("The trail holds: ")) == (0, True)
    head = re.search(r"Head: (\w{64}) \(event \d+\)", answer.stdout)
    assert head
    facts = json.loads(run("audit", "verify", "--json", "--head", head[1]).stdout)
    assert (facts["holds"], facts["head"], facts["heads_not_found"], facts["first_faults"]) == (True, head[1], [], [])


def test_what_was_changed_is_named(store: Store, run: Run) -> None:
    """With status 1; which event, and how."""
    tamper(store.url, "UPDATE events SET kind = 'responded' WHERE id = 1")
    answer = run("audit", "verify")
    assert answer.exit_code == 1
    assert answer.stdout.startswith("Event 1: its contact, instant or kind was changed")
    assert "The trail does not hold: " in answer.stdout
    facts = json.loads(run("audit", "verify", "--json").stdout)
    assert [fault["event"] for fault in facts["first_faults"]] == [1]


def test_a_head_that_is_in_no_link_or_no_head_at_all(store: Store, run: Run) -> None:
    """Status 1 for a trail that was cut off, 2 for what cannot be a head."""
    answer = run("audit", "verify", "--head", "ab" * 32)
    assert (answer.exit_code, "no event has this head" in answer.stdout) == (1, True)
    assert [run("audit", "verify", "--head", head).exit_code for head in ("xyz", "ab")] == [2, 2]


def test_another_secret_is_no_tampering(store: Store, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is called broken, and nothing is called proved."""
    monkeypatch.setenv("ACKBOT_SECRET", "another secret that nobody can guess")
    answer = run("audit", "verify")
    assert (answer.exit_code, "Event " in answer.stdout) == (1, False)
    assert "made with another web.secret" in answer.stdout


def test_what_is_read_as_it_came_leaves_a_line(store: Store, run: Run, mail: Make) -> None:
    """Of a contact, and of what could not be logged."""
    store.write_now(lambda c: shunt.keep(c, mail(2), "a fault", NOW))
    (reference,) = re.findall(r"EX-\w{4}-\w{4}", run("contacts", "list").stdout)
    assert run("contacts", "raw", reference).exit_code == 0
    assert run("shunted", "raw", "1").exit_code == 0
    assert _lines(store, EventKind.MESSAGE_READ) == [{"reference": reference, "message": 1}]
    assert _lines(store, EventKind.SHUNTED_READ) == [{"number": 1, "channel": "inbox"}]
    assert _lines(store, EventKind.READ_IN_BULK) == []


def test_an_export_of_a_person_leaves_a_line(store: Store, run: Run) -> None:
    """With the contacts, and without the address: the trail outlives the person's words."""
    (reference,) = re.findall(r"EX-\w{4}-\w{4}", run("contacts", "list").stdout)
    assert run("person", "export", "resident1@residents.example").exit_code == 0
    assert _lines(store, EventKind.PERSON_EXPORTED) == [{"references": [reference]}]


def test_who_lists_many_contacts_leaves_a_line(store: Store, run: Run, logged: Log, mail: Make) -> None:
    """One, however many there are."""
    for number in range(2, MOST_AT_ONCE + 3):
        logged(mail(number))
    assert run("contacts", "list", "--limit", "0").stdout.count("EX-") == MOST_AT_ONCE + 2
    assert _lines(store, EventKind.READ_IN_BULK) == [{"contacts": "more than 200"}]


def test_a_copy_of_the_store_leaves_a_line_and_takes_the_chain_along(
    tmp_path: Path, store: Store, run: Run, postgres: Postgres
) -> None:
    """A back-up of the file, and a move to the other database: both verify, and say when they were made."""
    copy, url = tmp_path / "copy.db", postgres.create("moved")
    result = run("store", "backup", str(copy))
    assert (result.exit_code, len(_lines(store, EventKind.STORE_BACKED_UP))) == (0, 1)
    source = store.url
    moved = CliRunner().invoke(app, ["store", "copy", source, url])
    assert moved.exit_code == 0, moved.output
    configuration = (tmp_path / "config" / "ackbot.toml").read_text()
    for place in (f"sqlite:///{copy}", url):
        (tmp_path / "config" / "ackbot.toml").write_text(configuration.replace(source, place))
        facts = json.loads(run("audit", "verify", "--json").stdout)
        assert (facts["holds"], facts["events"]) == (True, 1)
    tamper(url, "DELETE FROM events WHERE id = 1")
    answer = run("audit", "verify")
    assert (answer.exit_code, answer.stdout.startswith("Event 1: it was deleted.")) == (1, True)
    there = Store(url)
    assert len(_lines(there, EventKind.STORE_COPIED)) == 1
    there.let_go()
    postgres.drop("moved")
