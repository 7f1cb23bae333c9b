"""`ackbot figures rebuild` makes what the figures count anew from the events, and says what had become another."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.core.messages import Inbound
from bot.kinds import load
from bot.store.engine import Store
from bot.store.tables import spells
from tests.cli.test_receipts import Run, logged, run
from tests.flows.conftest import mail

__all__ = ["logged", "mail", "run"]
Make = Callable[..., Inbound]


@pytest.fixture
def reference(logged: Callable[[Inbound], str], mail: Make) -> str:
    """A contact."""
    return logged(mail(1))


@pytest.fixture
def store(tmp_path: Path, reference: str) -> Iterator[Store]:
    """The store of the configuration, with that contact."""
    store = Store(load(tmp_path / "config").store.url)
    yield store
    store.let_go()


def _spoil(store: Store) -> None:
    store.write_now(lambda c: c.execute(update(spells).values(ending="spam")))


def test_what_had_become_something_else_is_named(store: Store, reference: str, run: Run) -> None:
    """With status 1, by the reference of its contact; with `--check` it stays, else it is right from then on."""
    answer = run("figures", "rebuild")
    assert (answer.exit_code, answer.stdout) == (0, "Contacts looked at: 1. Their spells are as their events say.\n")
    _spoil(store)
    for options in (["--check"], ["--check"], []):
        answer = run("figures", "rebuild", *options)
        assert (answer.exit_code, reference in answer.stdout) == (1, True)
    answer = run("figures", "rebuild", "--check", "--json")
    assert (answer.exit_code, json.loads(answer.stdout)) == (0, {"contacts": 1, "differing": 0, "references": []})
