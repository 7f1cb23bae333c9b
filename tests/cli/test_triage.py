"""`ackbot triage` shows for any file what would become of it, without a store or a configuration."""

import json
from email.message import EmailMessage
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bot.cli.triage import triage

MAIL = Path(__file__).parent.parent / "payloads" / "mail"
PERSON = str(MAIL / "acknowledge-24-english.eml")
ROBOT = str(MAIL / "log-12-precedence-bulk.eml")

app = typer.Typer()
app.command()(triage)


@pytest.fixture
def runner() -> CliRunner:
    """Runs the command with its own standard streams."""
    return CliRunner()


def test_json_is_one_object_a_line(runner: CliRunner) -> None:
    """With exactly the keys that scripts rely on: the verdict, and what was read."""
    result = runner.invoke(app, ["--json", PERSON, ROBOT])
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert result.exit_code == 0
    words = first.pop("words")
    assert first == {
        "file": PERSON,
        "outcome": "acknowledge",
        "rule": "24 person",
        "reason": "a person wrote",
        "recipient": "mary.carter@residents.example",
        "sender": "mary.carter@residents.example",
        "subject": "Missed bin in Orchard Lane",
        "new_words": words,
        "attachments": [],
    }
    assert second["recipient"] is None
    assert (second["outcome"], second["rule"]) == ("log", "12 list or bulk mail")


def test_json_tells_the_new_words_and_the_files(runner: CliRunner, tmp_path: Path) -> None:
    """Beside all the words; a file without a name goes by its type."""
    mail = EmailMessage()
    mail["From"] = "Ann <ann@residents.example>"
    mail.set_content("It is broken.\n\nOn Mon, 7 Sep 2026 at 10:00, Council <c@x.example> wrote:\n> What is?\n")
    mail.add_attachment(b"0", maintype="application", subtype="pdf", filename="Plan.pdf")
    mail.add_attachment(b"0", maintype="image", subtype="png")
    file = tmp_path / "mail.eml"
    file.write_bytes(mail.as_bytes())
    row = json.loads(runner.invoke(app, ["--json", str(file)]).stdout)
    assert row["new_words"] == "It is broken."
    assert "> What is?" in row["words"]
    assert row["attachments"] == ["Plan.pdf", "image/png"]


def test_a_line_for_people_says_to_whom_and_why(runner: CliRunner) -> None:
    """Without --json, one readable line a file."""
    result = runner.invoke(app, [PERSON])
    assert result.stdout == (
        f"{PERSON}: acknowledge to mary.carter@residents.example, because a person wrote (rule 24 person)\n"
    )


def test_own_addresses_are_told(runner: CliRunner) -> None:
    """The same mail is a person's, or our own come back."""
    own = str(MAIL / "log-2-own-address.eml")
    assert '"acknowledge"' in runner.invoke(app, ["--json", own]).stdout
    assert '"log"' in runner.invoke(app, ["--json", "--own", "Enquiries@Example.gov.uk", own]).stdout


def test_a_hyphen_reads_standard_input(runner: CliRunner) -> None:
    """So that a mail program can pipe a message in."""
    result = runner.invoke(app, ["--json", "-"], input=Path(ROBOT).read_bytes())
    assert json.loads(result.stdout)["file"] == "-"
    assert json.loads(result.stdout)["outcome"] == "log"


def test_a_missing_file_spoils_only_the_status(runner: CliRunner, tmp_path: Path) -> None:
    """The others are shown; the error goes to standard error; status 2."""
    result = runner.invoke(app, ["--json", str(tmp_path / "none.eml"), str(tmp_path), PERSON])
    assert result.exit_code == 2
    assert [json.loads(line)["file"] for line in result.stdout.splitlines()] == [PERSON]
    assert "No such file" in result.stderr
    assert "Is a directory" in result.stderr
