"""A call, a letter or a visit is recorded from the terminal, and what the person is sent is seen before it leaves."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.cli.commands import app
from tests.cli.test_receipts import lines
from tests.components import service as configured
from tests.components.service import Service
from tests.components.stores import make_store

DESK = '[[channel]]\nname = "desk"\nkind = "desk"\nreplies_by = "post"\n'
CALL = ("--text", "The street light is out", "--name", "Sam Reed", "--subject", "Street light")
BY_MAIL = (*CALL, "--email", "sam@residents.example")


class Terminal:
    """A terminal with a configuration that has a desk."""

    def __init__(self, directory: Path) -> None:
        self.service = Service(directory, [configured.SMTP.format(port=2), DESK])
        make_store(self.service.store_url)

    def run(self, *arguments: str, keys: str = "") -> Result:
        """Run a command; `keys` are typed while it asks."""
        return CliRunner().invoke(app, [*arguments, "--config", str(self.service.config)], input=keys)

    def record(self, *arguments: str, keys: str = "") -> Result:
        """Record a contact."""
        return self.run("contacts", "record", *arguments, keys=keys)

    def contacts(self) -> list[dict[str, Any]]:
        """All that is recorded."""
        return lines(self.run("contacts", "list", "--json"))


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """On a new store."""
    monkeypatch.setenv("ACKBOT_SECRET", "s" * 40)
    return Terminal(tmp_path)


def test_what_is_sent_is_shown_and_asked_about(terminal: Terminal) -> None:
    """Nothing is recorded for a no; for a yes the receipt waits to leave, and the history has who took it down."""
    no = terminal.record(*BY_MAIL, keys="n\n")
    assert (no.exit_code, "To sam@residents.example: acknowledgement" in no.stderr) == (1, True)
    assert terminal.contacts() == []
    yes = terminal.record(*BY_MAIL, keys="y\n")
    assert yes.exit_code == 0, yes.output
    (contact,) = terminal.contacts()
    assert f"{contact['reference']}: recorded. The answer is due by " in yes.stdout
    assert (contact["channel"], contact["external_id"].partition(":")[0]) == ("desk", "phone")
    (contact_facts,) = lines(terminal.run("contacts", "show", contact["reference"], "--json"))
    assert [delivery["purpose"] for delivery in contact_facts["deliveries"]] == ["acknowledgement"]
    assert "taken down" in [event["kind"] for event in contact_facts["events"]]


def test_a_dry_run_records_nothing(terminal: Terminal) -> None:
    """It shows the letter; to programs with its words."""
    assert "A person will answer you" in terminal.record(*BY_MAIL, "--dry-run").stderr
    (facts,) = lines(terminal.record(*BY_MAIL, "--dry-run", "--json"))
    assert (facts["recorded"], facts["reference"], facts["letters"][0]["recipient"]) == (
        False,
        None,
        "sam@residents.example",
    )
    assert terminal.contacts() == []


def test_who_cannot_be_written_to_is_to_be_told(terminal: Terminal) -> None:
    """By whoever took the call: no message goes out by itself."""
    by_phone = terminal.record(*CALL, "--phone", "01632 960 001", "--yes")
    assert "No message is sent" in by_phone.stderr
    assert "Call the person that we have it" in by_phone.stdout
    at_once = terminal.record(*CALL, "--prefers", "told", "--yes")
    assert "Read this out before they go: your reference is EX-" in at_once.stdout
    assert [bool(contact["acknowledged_at"]) for contact in terminal.contacts()] == [False, True]


def test_everything_that_is_wrong_is_said_at_once(terminal: Terminal) -> None:
    """Each with the option that puts it right; status 2, and nothing is recorded."""
    words = (
        "--text",
        " ",
        "--email",
        "sam",
        "--how",
        "fax",
        "--language",
        "tlh",
        "--received",
        "2020-01-01T00:00+00:00",
    )
    result = terminal.record(*words, "--yes")
    assert result.exit_code == 2
    options = [line.partition(":")[0] for line in result.stderr.splitlines()[:-1]]
    assert options == ["--how", "--email", "--text", "--received", "--language"]
    assert terminal.contacts() == []


def test_what_cannot_wait_is_said_to_the_caller_first(terminal: Terminal) -> None:
    """Before anything is asked, as the desk of the console says it."""
    result = terminal.record("--text", "There is a strong smell of gas", "--dry-run")
    assert "Tell the person now: " in result.stderr.splitlines()[0]


def test_words_come_by_standard_input_too(terminal: Terminal) -> None:
    """A letter may be long; a program that gives it answers no questions."""
    result = terminal.record(
        "--text", "-", "--how", "letter", "--needs", "Braille", "--json", "--yes", keys="Dear council\n"
    )
    (facts,) = lines(result)
    (contact_facts,) = lines(terminal.run("contacts", "show", facts["reference"], "--json"))
    assert (contact_facts["messages"][0]["text"], contact_facts["need_codes"]) == ("Dear council", "braille")
    assert terminal.record(*BY_MAIL, "--json").exit_code == 2
    unasked = terminal.record("--text", "-", keys="Dear council\ny\n")
    assert (unasked.exit_code, "say --yes, or --dry-run" in unasked.stderr) == (2, True)


def test_without_a_desk_there_is_nothing_to_record_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the name of the one that is always there is taken, it says which lines are missing."""
    monkeypatch.setenv("ACKBOT_SECRET", "s" * 40)
    service = Service(tmp_path, [configured.SMTP.format(port=2).replace("post", "desk", 1)])
    config = service.config / "ackbot.toml"
    config.write_text(config.read_text(encoding="utf-8").replace('"post"', '"desk"'), encoding="utf-8")
    make_store(service.store_url)
    result = CliRunner().invoke(app, ["contacts", "record", *CALL, "--config", str(service.config)])
    assert (result.exit_code, 'kind = "desk"' in result.stderr) == (2, True)


def test_a_service_that_nobody_has_configured_is_found_again(terminal: Terminal) -> None:
    """Where there are none to choose from, a contact may be about any."""
    (facts,) = lines(terminal.record("--text", "The slabs are loose.", "--service", "paving", "--yes", "--json"))
    listed = terminal.run("contacts", "list", "--service", "paving")
    assert (listed.exit_code, facts["reference"] in listed.stdout) == (0, True), listed.stderr
