"""What the law and people ask for, from the terminal: export, erasure, legal hold; and messages that were shunted."""

import json
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.cli.endings import INTERRUPTED
from bot.core.messages import Inbound
from bot.flows.intake import receive
from bot.kinds import load
from bot.store import shunt, words
from bot.store.engine import Store
from tests.cli.test_receipts import Run, logged, run
from tests.flows.conftest import NOW, mail

__all__ = ["logged", "mail", "run"]
Log = Callable[[Inbound], str]
Make = Callable[..., Inbound]
SAM = {"From": "Sam <sam@residents.example>"}


def test_a_person_asks_and_is_erased(tmp_path: Path, run: Run, logged: Log, mail: Make) -> None:
    """Exported to a file of its owner's alone, erased once answered, and then nothing is kept."""
    reference, out = logged(mail(1, text="My light is out.", **SAM)), tmp_path / "sam.json"
    assert "1 contacts" in run("person", "export", "sam@residents.example", "--to", str(out)).stdout
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert json.loads(out.read_text())["contacts"][0]["messages"][0]["text"].strip() == "My light is out."
    assert run("person", "export", "sam@residents.example", "--to", str(out)).exit_code == 2
    refused = run("person", "erase", "sam@residents.example", "--yes")
    assert refused.exit_code == 1
    assert f"{reference} is kept: it is not answered yet" in refused.stdout
    assert run("contacts", "respond", reference).exit_code == 0
    erased = run("person", "erase", "sam@residents.example", "--yes", "--json")
    facts = json.loads(erased.stdout)
    assert (facts["erased"], facts["kept"]) == ([reference], {})
    assert any("back-ups" in place for place in facts["beyond_reach"])
    assert run("person", "export", "sam@residents.example").exit_code == 1
    assert run("contacts", "show", reference).exit_code == 0


@pytest.mark.parametrize("nobody", ["", " ", "tel:", "+"])
def test_nobody_has_no_address(tmp_path: Path, run: Run, logged: Log, mail: Make, nobody: str) -> None:
    """An empty variable of a script takes nothing away: least of all what nobody could log, which has no address."""
    logged(mail(1, **SAM))
    store = Store(load(tmp_path / "config").store.url)
    store.write_now(lambda c: shunt.keep(c, replace(mail(2), raw=b'{"update_id": 1}'), "a fault", NOW))
    for words_of_command in (("export", nobody), ("erase", nobody, "--yes")):
        refused = run("person", *words_of_command)
        assert (refused.exit_code, "is no address" in refused.stderr) == (2, True)
    assert store.read_now(shunt.count) == 1
    store.let_go()


def test_erased_words_leave_the_disk_at_once(tmp_path: Path, run: Run, logged: Log, mail: Make) -> None:
    """Also the file of the index by which they are found."""
    run("contacts", "respond", logged(mail(1, text="A secretword.", **SAM)))
    logged(mail(2, text="A recentword."))
    url = load(tmp_path / "config").store.url
    store = Store(url)
    store.write_now(words.index)
    store.let_go()
    path = Path(url.removeprefix("sqlite:///"))

    def on_the_disk() -> bytes:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return path.read_bytes()

    assert b"ecretword" in on_the_disk()
    assert run("person", "erase", "sam@residents.example", "--yes").exit_code == 0
    assert b"ecretword" not in on_the_disk()
    assert b"ecentword" in on_the_disk()


def test_an_erasure_says_what_it_cannot_reach(run: Run, logged: Log, mail: Make) -> None:
    """Whoever erases somebody has to think of back-ups and mailboxes; why something is kept stands beside it."""
    answered, waiting = (logged(mail(number, text=f"Matter {number}", **SAM)) for number in (1, 2))
    run("contacts", "respond", answered)
    result = run("person", "erase", "sam@residents.example", "--yes")
    assert result.exit_code == 1
    words = (
        f"Erased: {answered}.",
        f"{waiting} is kept: it is not answered yet.",
        "back-ups",
        "mailboxes",
        "platforms",
    )
    assert [text for text in words if text not in result.stdout] == []


def test_erasure_asks_first(run: Run, logged: Log, mail: Make) -> None:
    """Without an answer nothing happens."""
    reference = logged(mail(1, **SAM))
    run("contacts", "respond", reference)
    assert run("person", "erase", "sam@residents.example").exit_code == INTERRUPTED
    assert run("person", "export", "sam@residents.example").exit_code == 0


def test_a_hold_is_set_and_ended(run: Run, logged: Log, mail: Make) -> None:
    """It needs a reason; what is under one is not erased."""
    reference = logged(mail(1, **SAM))
    run("contacts", "respond", reference)
    assert run("contacts", "legal-hold", reference).exit_code == 2
    assert run("contacts", "legal-hold", reference, "--end").exit_code == 1
    assert run("contacts", "legal-hold", reference, "--reason", "FOI request EX-1").exit_code == 0
    assert "FOI request EX-1" in run("person", "erase", "sam@residents.example", "--yes").stdout
    assert run("contacts", "legal-hold", reference, "--end").exit_code == 0
    assert run("person", "erase", "sam@residents.example", "--yes").exit_code == 0
    assert run("contacts", "legal-hold", reference, "--reason", "late").exit_code == 1


def test_a_shunted_mail_is_shown_replayed_or_dropped(
    tmp_path: Path, run: Run, mail: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the code still breaks it stays; once it does not, it is logged with the date on which it came."""
    store = Store(load(tmp_path / "config").store.url)
    for number in (1, 2):
        broken = replace(mail(number), channel="inbox")
        store.write_now(lambda c, message=broken: shunt.keep(c, message, "a fault", NOW))  # type: ignore[misc]
    assert [json.loads(line)["id"] for line in run("shunted", "list", "--json").stdout.splitlines()] == [1, 2]
    assert b"Message-ID" in run("shunted", "raw", "1").stdout_bytes
    with monkeypatch.context() as patched:
        patched.setattr(receive, "decide", _break)
        assert run("shunted", "replay", "1").exit_code == 1
    assert run("shunted", "raw", "1").exit_code == 0
    done = run("shunted", "replay", "1")
    assert "acknowledge" in done.stdout, done.output
    (contact,) = [json.loads(line) for line in run("contacts", "list", "--json").stdout.splitlines()]
    assert contact["received_at"].startswith("2026-11-23")
    assert run("shunted", "replay", "1").exit_code == 1
    assert run("shunted", "drop", "2").exit_code == 0
    assert run("shunted", "list").stdout == ""
    store.let_go()


def _break(message: Inbound, plan: object) -> None:
    raise RuntimeError("a fault")
