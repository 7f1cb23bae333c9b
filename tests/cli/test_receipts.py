"""Who was not acknowledged, and what staff can do about it, from the terminal."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from bot.channel import Batch
from bot.cli.commands import app
from bot.cli.configuration import rulebook_of
from bot.core.messages import Inbound
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.kinds import load
from bot.store import holds, outbox
from bot.store.engine import Store
from tests.components import service as configured
from tests.components.service import Service
from tests.components.stores import make_store
from tests.flows.conftest import NOW, mail

Run = Callable[..., Result]
__all__ = ["mail"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on a configuration with one mailbox, whose store is new."""
    monkeypatch.setenv("ACKBOT_SECRET", "s" * 40)
    service = Service(tmp_path, [configured.LMTP.format(port=1), configured.SMTP.format(port=2)])
    make_store(f"sqlite:///{service.store}")

    def command(*arguments: str, env: dict[str, str] | None = None) -> Result:
        return CliRunner().invoke(app, [*arguments, "--config", str(service.config)], env=env)

    return command


@pytest.fixture
def logged(tmp_path: Path, run: Run) -> Iterator[Callable[[Inbound], str]]:
    """Logs a mail; returns its reference."""
    settings = load(tmp_path / "config")
    book, store = rulebook_of(settings), Store(settings.store.url)

    def log(message: Inbound) -> str:
        (filed,) = store.write_now(
            lambda c: receive(c, Batch((message,)), Reading("inbox"), NOW, book, Capacity())
        ).filed
        return filed.reference or ""

    yield log
    store.let_go()


def lines(result: Result) -> list[dict[str, Any]]:
    """One JSON object a line."""
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_robot_is_listed_with_its_reason_and_acknowledged_after_all(
    run: Run, logged: Callable[[Inbound], str], mail: Callable[..., Inbound], tmp_path: Path
) -> None:
    """Once; a second time there is nothing to do, and it says so."""
    person, robot = logged(mail(1)), logged(mail(2, Auto_Submitted="auto-generated"))
    listed, waiting = lines(run("contacts", "suppressed", "--days", "36500", "--json"))
    assert (listed["reference"], listed["rule"]) == (robot, "11 automatic submission")
    assert (waiting["reference"], waiting["reason"]) == (person, "the receipt has not left yet")
    assert listed["reason"] in run("contacts", "suppressed", "--days", "36500").stdout
    assert run("contacts", "acknowledge-now", person).exit_code == 1
    assert run("contacts", "acknowledge-now", robot).exit_code == 0
    again = run("contacts", "acknowledge-now", robot)
    assert (again.exit_code, "already" in again.stderr) == (1, True)
    store = Store(f"sqlite:///{tmp_path}/ackbot.db")
    assert store.read_now(outbox.waiting_count) == 2
    store.let_go()


def test_who_has_had_no_receipt_is_never_said_to_be_acknowledged(
    run: Run, logged: Callable[[Inbound], str], mail: Callable[..., Inbound], tmp_path: Path
) -> None:
    """Theirs waits, is held back, was refused, or the one that stands for theirs was; not where staff wrote first."""
    first, second = logged(mail(1)), logged(mail(2, text="Another hole"))
    store, suppressed = Store(f"sqlite:///{tmp_path}/ackbot.db"), ("contacts", "suppressed", "--days", "36500")
    change = store.write_now

    def reasons() -> dict[str, str]:
        return {line["reference"]: line["reason"] for line in lines(run(*suppressed, "--json"))}

    assert set(reasons().values()) == {"the receipt has not left yet"}
    change(holds.hold)
    assert set(reasons().values()) == {"the receipt is held back"}
    change(lambda c: c.execute(text("UPDATE deliveries SET state = 'permanent-failure' WHERE contact_id = 1")))
    assert reasons() == {first: "the receipt could not be delivered", second: "the receipt is held back"}
    change(lambda c: c.execute(text("UPDATE contacts SET receipt_of = 1 WHERE id = 2")))
    change(lambda c: c.execute(text("UPDATE deliveries SET state = 'sent' WHERE contact_id = 2")))
    assert reasons() == dict.fromkeys((first, second), "the receipt could not be delivered")
    assert "Everybody" not in run(*suppressed).stdout
    change(lambda c: c.execute(text("UPDATE contacts SET acknowledged_at = received_at")))
    assert "Everybody" in run(*suppressed).stdout
    store.let_go()


def test_an_address_may_be_named_and_never_our_own(
    run: Run, logged: Callable[[Inbound], str], mail: Callable[..., Inbound]
) -> None:
    """Where the sender's own does not work."""
    robot = logged(mail(2, Auto_Submitted="auto-generated"))
    own = run("contacts", "acknowledge-now", robot, "--to", "customer.services@example.gov.uk")
    assert (own.exit_code, "our own" in own.stderr) == (2, True)
    assert run("contacts", "acknowledge-now", robot, "--to", "other@residents.example").exit_code == 0


def test_the_mail_as_it_came_is_there_to_see(
    run: Run, logged: Callable[[Inbound], str], mail: Callable[..., Inbound]
) -> None:
    """Byte for byte; and a message that is not there is refused with the number that are."""
    message = mail(1)
    reference = logged(message)
    assert run("contacts", "raw", reference).stdout_bytes == message.raw
    missing = run("contacts", "raw", reference, "--message", "2")
    assert (missing.exit_code, "has 1 message" in missing.stderr) == (1, True)


def test_quoted_words_are_left_out_of_what_is_shown(
    run: Run, logged: Callable[[Inbound], str], mail: Callable[..., Inbound]
) -> None:
    """The whole text is in the JSON beside the new words."""
    text = (
        "It is still dark.\n\nOn Mon, 16 Nov 2026 at 10:00, The Council <us@example.gov.uk> wrote:\n> We mended it.\n"
    )
    reference = logged(mail(1, text=text))
    (shown,) = lines(run("contacts", "show", reference, "--json"))
    assert "We mended it." in shown["messages"][0]["text"]
    assert shown["messages"][0]["new_words"].strip() == "It is still dark."
    assert "We mended it." not in run("contacts", "show", reference).stdout


def test_what_cannot_be_done_says_why(run: Run, logged: Callable[[Inbound], str], mail: Callable[..., Inbound]) -> None:
    """No answer to correct, no address to drop, nothing to release: a plain sentence each."""
    reference = logged(mail(1))
    wrong = run("contacts", "correct", reference, "--as", "full")
    assert (wrong.exit_code, "no mail of staff's" in wrong.stderr) == (1, True)
    drop = run("suppressions", "--drop", "a@b.example")
    assert (drop.exit_code, "is not suppressed" in drop.stderr) == (1, True)
    assert run("suppressions").stdout == ""
    assert "No receipt was held" in run("release").stdout


def test_mistakes_in_the_settings_name_what_is_allowed(tmp_path: Path, run: Run) -> None:
    """Each with its key."""
    path = tmp_path / "config" / "ackbot.toml"
    wrong = (
        '[mail]\naliases = ["@x.example"]\nrelays = ["a@b"]\n[limits]\nseveral_mails = "never"\nreceipts_an_hour = -1\n'
    )
    path.write_text(path.read_text(encoding="utf-8") + wrong, encoding="utf-8")
    output = run("check").stderr
    for key in ("mail.aliases", "mail.relays", "limits.several_mails", "limits.receipts_an_hour"):
        assert key in output


def test_triage_knows_us_by_the_configuration(run: Run, tmp_path: Path) -> None:
    """Our own addresses are in it; without it nobody is us."""
    file = tmp_path / "own.eml"
    file.write_text(
        "From: customer.services@example.gov.uk\nMessage-ID: <1@example.gov.uk>\n\nOurs.\n", encoding="utf-8"
    )
    assert lines(run("triage", "--json", str(file)))[0]["rule"] == "2 our own mail"
    alone = CliRunner().invoke(app, ["triage", "--json", str(file)])
    assert json.loads(alone.stdout)["outcome"] == "acknowledge"


def test_staff_stop_what_leaves_by_itself(
    run: Run, logged: Callable[[Inbound], str], mail: Callable[..., Inbound], tmp_path: Path
) -> None:
    """With a reason, which the trail has; what waits is held, and so is what comes next, also where no limit is set."""
    with (tmp_path / "config" / "ackbot.toml").open("a", encoding="utf-8") as file:
        file.write("[limits]\nreceipts_a_minute = 0\n")
    before = logged(mail(1))
    refusal = run("hold", "--reason", "  ")
    assert (refusal.exit_code, "say why" in refusal.stderr) == (2, True)
    assert "0 receipts are held" in run("release", "--list").stderr
    output = run("hold", "--reason", "wrong number").stdout
    assert "1 messages that waited are held" in output
    assert "queued from now on are not held: run it again" in output
    after = logged(mail(2))
    assert {before, after} == {line.split()[0] for line in run("release", "--list").stdout.splitlines()}
    assert "0 messages that waited are held" in run("hold", "--reason", "wrong number").stdout
    reasons = _rows(tmp_path, "SELECT details FROM events WHERE kind = 'receipts stopped'")
    assert [json.loads(words)["reason"] for (words,) in reasons] == ["wrong number"] * 2
    assert "2 receipts leave now" in run("release").stdout


def test_the_same_words_are_written_to_several(
    run: Run, logged: Callable[[Inbound], str], mail: Callable[..., Inbound], tmp_path: Path
) -> None:
    """A trial queues nothing; then each has them once, and who cannot be reached is named with the reason."""
    first, second = logged(mail(1)), logged(mail(2, From="other@b.example"))
    run("contacts", "close", second, "--reason", "spam")
    to, words = tmp_path / "who.txt", tmp_path / "words.txt"
    to.write_text(f"{first}\n{second}\n{first}\nEX-2222-2222\n", encoding="utf-8")
    command = ["contacts", "write", str(words), "--to", str(to)]
    assert run(*command).exit_code == 2
    words.write_text("We are sorry.", encoding="utf-8")
    for more, queue in ((["--dry-run"], []), ([], [(1,)])):
        result = run(*command, *more)
        assert result.exit_code == 1
        assert f"{second}: {second} is closed" in result.stdout
        assert "EX-2222-2222: there is no contact" in result.stdout
        assert "The people of 1 contacts" in result.stderr
        assert _rows(tmp_path, "SELECT contact_id FROM deliveries WHERE purpose = 'answer'") == queue


def _rows(tmp_path: Path, query: str) -> list[Any]:
    store = Store(f"sqlite:///{tmp_path}/ackbot.db")
    try:
        return [tuple(row) for row in store.read_now(lambda c: c.execute(text(query)).all())]
    finally:
        store.let_go()
