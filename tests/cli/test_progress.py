"""A command that can take over two seconds shows how far it is, in one line of a terminal, and nowhere else."""

import io
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bot.channel import Batch
from bot.cli import demo_quarter, progress
from bot.cli.commands import app
from bot.cli.configuration import rulebook_of
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.kinds import load
from bot.store import sealing, shunt
from bot.store.engine import Store
from bot.wire.mail import mime
from tests.cli.screen import Screen
from tests.cli.tree import every_command
from tests.components import service as configured
from tests.components.service import Service
from tests.components.stores import make_store
from tests.components.terminal import Terminal
from tests.flows.conftest import NOW

MAIL = (
    b"From: Sam <sam@residents.example>\r\nTo: us@example.gov.uk\r\nMessage-ID: <1@residents.example>\r\n\r\nHello\r\n"
)
# What each is called with, and what it shows; DIR is a folder of the test's own.
LONG = {
    "audit verify": ("", "Checking events"),
    "check": ("--live", "Asking the accounts"),
    "contacts write": ("DIR/words.txt --to DIR/references.txt --dry-run", "Writing to people"),
    "deadline": ("--csv DIR/deadlines.csv", "Computing lines"),
    "demo": ("--quarter --directory DIR/demo --from 2026-07-01", "Inventing days"),
    "figures rebuild": ("", "Counting contacts anew"),
    "hold": ("--reason Words", "Holding what waits to leave"),
    "person erase": ("sam@residents.example --yes", "Erasing"),
    "person export": ("sam@residents.example --html DIR/sam", "Writing contacts"),
    "preview": ("acknowledgement --lint", "Reading messages"),
    "recompute": ("", "Looking at open contacts"),
    "rehearse": ("--days 1 --contacts 1", "Rehearsing days"),
    "release": ("", "Letting receipts leave"),
    "report": ("--from 2026-07-01 --to 2026-07-31", "Counting contacts"),
    "schema upgrade": ("", "Upgrading the schema"),
    "sent": ("--since 2026-07-01T00:00+01:00", "Reading what left"),
    "shunted replay": ("1", "Logging it"),
    "store backup": ("DIR/copy.db", "Copying pages"),
    "store copy": ("sqlite:///DIR/ackbot.db postgresql://nobody@127.0.0.1:1/none", "Copying"),
    "store reseal": ("", "Sealing"),
    "store restored": ("", "Holding what may have left"),
    "triage": ("DIR/mail.eml", "Reading mails"),
    "urgent replay": ("", "Trying the rules on contacts"),
}
# Those with --json, which a table of deadlines has not.
TO_PROGRAMS = [
    name for name in LONG if "as_json" in every_command()[name].callback.__annotations__ and name != "deadline"
]
# These ask about one contact, account or message, write a page of a list as they read it, or run until they are told.
SHORT = set(
    """contacts acknowledge, contacts acknowledge-now, contacts assign, contacts classify, contacts close,
    contacts correct, contacts extend, contacts hold, contacts judge, contacts legal-hold, contacts list,
    contacts needs, contacts pause, contacts quiet, contacts raw, contacts record, contacts reopen, contacts respond,
    contacts restart, contacts resume, contacts show, contacts suppressed, contacts take, init, run, schema status,
    shunted drop, shunted list, shunted raw, staff add, staff change, staff disable, staff enable, staff link,
    staff list, staff password, staff reset-second-factor, staff unlock, store key, suppressions, token create,
    token list, token revoke, urgent list, urgent take, urgent test, webhook replay""".replace("\n    ", " ").split(
        ", "
    )
)
Show = Callable[..., str]
# Begins a colour; clears the line; hides the cursor.
_COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|9[0-7])[;m]")
_WIPED = "\x1b[2K"
_HIDDEN = "\x1b[?25l"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a configuration, a store with one contact and one shunted message, and files to read."""
    directory = tmp_path_factory.mktemp("progress")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACKBOT_SECRET", "s" * 40)
        patch.chdir(directory)
        for name in ("CONTACTS_BEFORE", "CONTACTS", "CONTACTS_SINCE"):
            patch.setattr(demo_quarter, name, 0)
        service = Service(directory, [configured.LMTP.format(port=1), configured.SMTP.format(port=2)])
        file = service.config / "ackbot.toml"
        url = f'url = "{service.store_url}"'
        file.write_text(file.read_text().replace(url, f'{url}\nkeys = ["{sealing.new_key()}"]'))
        _fill(directory)
        yield directory


def _fill(directory: Path) -> None:
    settings = load(directory / "config")
    make_store(settings.store.url)
    store, book = Store(settings.store.url, settings.store.secrets), rulebook_of(settings)
    message = mime.read(MAIL, channel="inbox", received_at=None)
    (filing,) = store.write_now(lambda c: receive(c, Batch((message,)), Reading("inbox"), NOW, book, Capacity())).filed
    other = mime.read(MAIL.replace(b"sam", b"ann"), channel="inbox", received_at=None)
    store.write_now(lambda c: shunt.keep(c, other, "a fault", NOW))
    store.let_go()
    (directory / "mail.eml").write_bytes(MAIL)
    (directory / "words.txt").write_text("We are sorry.\n")
    (directory / "references.txt").write_text(f"{filing.reference}\n")
    (directory / "deadlines.csv").write_text("rule,received\n10 working days,2026-12-18T10:00+00:00\n")


def _at_a_terminal(words: list[str]) -> tuple[str, str]:
    """Run a command; return what its terminal was sent, and its standard output, which goes elsewhere."""
    screen, written = Screen(), io.BytesIO()
    output = io.TextIOWrapper(written, encoding="utf-8", write_through=True)
    with redirect_stdout(output), redirect_stderr(screen), suppress(SystemExit):
        app(words)
    return screen.words, written.getvalue().decode()


def _show_at_once(patch: pytest.MonkeyPatch, terminal: str = "xterm") -> None:
    patch.setattr(progress, "SHOWN_AFTER_SECONDS", 0.0)
    patch.setenv("TERM", terminal)
    patch.setenv("COLUMNS", "200")


@pytest.fixture
def show(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Show:
    """Runs one of the commands at a terminal that shows everything at once; returns what was sent to it."""
    _show_at_once(monkeypatch)

    def run(command: str, *more: str) -> str:
        words = [*command.split(), *LONG[command][0].replace("DIR", str(folder)).split(), *more]
        if any("--config" in option.opts for option in every_command()[command].params):
            words += ["--config", str(folder / "config")]
        return _at_a_terminal(words)[0]

    return run


def test_every_command_is_in_one_of_the_tables() -> None:
    """A new one is either short, or shows how far it is."""
    assert every_command().keys() == LONG.keys() | SHORT
    assert not LONG.keys() & SHORT


@pytest.mark.parametrize("command", LONG)
def test_a_terminal_shows_how_far_a_long_command_is(command: str, show: Show) -> None:
    """What is done, and at the end the line is taken away."""
    assert LONG[command][1] in show(command)


@pytest.mark.parametrize("command", TO_PROGRAMS)
def test_a_program_that_reads_objects_is_shown_nothing(command: str, show: Show) -> None:
    """With --json, even at a terminal."""
    assert LONG[command][1] not in show(command, "--json")


def test_the_output_stays_whole_where_it_goes_elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in `ackbot triage mail.eml > outcomes.txt`: the terminal has the line alone."""
    _show_at_once(monkeypatch)
    screen, output = _at_a_terminal(["triage", str(folder / "mail.eml")])
    assert (": acknowledge" in output, ": acknowledge" in screen) == (True, False)
    assert "\x1b" not in output


def test_elsewhere_than_at_a_terminal_nothing_is_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where the environment asks for colours."""
    _show_at_once(monkeypatch)
    monkeypatch.setenv("FORCE_COLOR", "1")
    result = CliRunner().invoke(app, ["triage", str(folder / "mail.eml")])
    assert (result.stderr, result.stdout.count("\n")) == ("", 1)


def _screen_after(count: int, total: int | None) -> str:
    screen = Screen()
    with redirect_stderr(screen), progress.line("Reading [mails]", total) as move:
        move(count)
    return screen.words


def test_the_line_says_how_much_there_is_where_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else how much is done; brackets are words."""
    _show_at_once(monkeypatch)
    assert re.search(r"Reading \[mails\].*1,234 of 5,678", _screen_after(1_234, 5_678))
    assert re.search(r"1,234 .*0:00:0", _screen_after(1_234, None))


def test_what_is_printed_stands_above_it_as_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways out; the line is wiped out first, and a long line stays one line."""
    _show_at_once(monkeypatch)
    screen, words = Screen(), "because " * 40
    with redirect_stdout(screen), redirect_stderr(screen), progress.line("Reading mails"):
        typer.echo("first")
        typer.echo(words)
        typer.echo("third", err=True)
    assert f"{_WIPED}{words}\n" in screen.words
    assert f"{_WIPED}third\n" in screen.words


def test_what_is_over_soon_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that flashes says nothing."""
    _show_at_once(monkeypatch)
    monkeypatch.setattr(progress, "SHOWN_AFTER_SECONDS", 3_600.0)
    assert "Reading" not in _screen_after(1, 2)


def test_no_colour_is_shown_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """With NO_COLOR; the line itself is there."""
    _show_at_once(monkeypatch)
    assert _COLOUR.search(_screen_after(1, 2))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not _COLOUR.search(_screen_after(1, 2))
    assert "1 of 2" in _screen_after(1, 2)


def test_a_terminal_that_cannot_write_over_a_line_is_sent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """TERM=dumb, as in an editor."""
    _show_at_once(monkeypatch, "dumb")
    assert _screen_after(1, 2) == ""


def test_a_real_terminal_has_the_line_below_what_is_printed_and_then_no_more(tmp_path: Path) -> None:
    """While the second mail is waited for, the first is printed and counted; at the end the line is wiped out."""
    (tmp_path / "first.eml").write_bytes(MAIL)
    os.mkfifo(tmp_path / "second.eml")
    with Terminal("triage", "first.eml", "second.eml", directory=tmp_path) as terminal:
        terminal.read_to("1 of 2")
        assert terminal.words.index("first.eml: acknowledge") < terminal.words.index("1 of 2")
        (tmp_path / "second.eml").write_bytes(MAIL)
        assert terminal.end() == 0
    assert f"{_WIPED}second.eml: acknowledge" in terminal.words
    assert terminal.words.endswith(_WIPED)


def test_a_command_that_is_ended_leaves_the_cursor_visible(tmp_path: Path) -> None:
    """By SIGTERM while the line is shown, which ends it at once as it ends any program."""
    (tmp_path / "first.eml").write_bytes(MAIL)
    os.mkfifo(tmp_path / "second.eml")
    with Terminal("triage", "first.eml", "second.eml", directory=tmp_path) as terminal:
        terminal.read_to("1 of 2")
        assert terminal.terminate() == -signal.SIGTERM
    assert _HIDDEN not in terminal.words
