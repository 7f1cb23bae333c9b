"""How commands end that cannot do their work: a plain line and a status, never a traceback."""

import errno
import gc
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner, Result

from bot import kinds
from bot.cli.commands import app
from bot.cli.configuration import NEGATIVE, why_unwritten
from bot.cli.endings import INTERRUPTED, PIPE_CLOSED
from bot.store import databases
from tests.components import service as configured
from tests.components.service import Service
from tests.components.stores import make_store

REFERENCE = "EX-7K3M-9QPR"
# What each command takes that works on a store.
ON_A_STORE = {
    "audit verify": "",
    "contacts acknowledge": REFERENCE,
    "contacts acknowledge-now": REFERENCE,
    "contacts assign": f"{REFERENCE} --team front-office",
    "contacts classify": f"{REFERENCE} --kind foi",
    "contacts close": f"{REFERENCE} --reason Thanks",
    "contacts correct": f"{REFERENCE} --as full",
    "contacts extend": f"{REFERENCE} --to 30d --reason Snow",
    "contacts hold": REFERENCE,
    "contacts judge": f"{REFERENCE} --cause volume",
    "contacts legal-hold": f"{REFERENCE} --end",
    "contacts list": "",
    "contacts needs": REFERENCE,
    "contacts pause": REFERENCE,
    "contacts quiet": f"{REFERENCE} --until 2035-01-01T09:00+00:00",
    "contacts raw": REFERENCE,
    "contacts record": "--text Hello --yes",
    "contacts reopen": REFERENCE,
    "contacts respond": REFERENCE,
    "contacts restart": REFERENCE,
    "contacts resume": REFERENCE,
    "contacts show": REFERENCE,
    "contacts suppressed": "",
    "contacts take": REFERENCE,
    "contacts write": f"{__file__} --to {__file__}",
    "figures rebuild": "",
    "hold": "",
    "person erase": "sam@residents.example --yes",
    "person export": "sam@residents.example",
    "recompute": "",
    "release": "",
    "report": "--from 2026-07-01 --to 2026-07-31",
    "schema status": "",
    "schema upgrade": "",
    "sent": "--since 2026-07-01T00:00+01:00",
    "shunted drop": "1",
    "shunted list": "",
    "shunted raw": "1",
    "shunted replay": "1",
    "staff add": "ann@example.gov.uk --role reader",
    "staff change": "ann@example.gov.uk --role lead",
    "staff disable": "ann@example.gov.uk",
    "staff enable": "ann@example.gov.uk",
    "staff link": "ann@example.gov.uk",
    "staff list": "",
    "staff password": f"ann@example.gov.uk --password-file {__file__}",
    "staff reset-second-factor": "ann@example.gov.uk",
    "staff unlock": "ann@example.gov.uk",
    "store backup": "/dev/null/copy.db",
    "store restored": "",
    "suppressions": "",
    "token create": "--name phones --scope contacts:read",
    "token list": "",
    "token revoke": "--name phones",
    "urgent list": "",
    "urgent replay": "",
    "urgent take": "",
    "webhook replay": "phones --after 0",
}
# These have no store, look at it if there is one, or need a key or files besides; the service is a process of its own.
WITHOUT = {"check", "preview", "rehearse", "run", "store reseal", "triage", "urgent test"}
ONE_OF_EACH_SORT = ("contacts list", "contacts respond", "recompute", "schema status", "staff add", "token list")


@pytest.fixture(scope="module")
def monkeypatches() -> Iterator[pytest.MonkeyPatch]:
    """What is changed for all tests of this file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACKBOT_SECRET", "s" * 40)
        patch.setattr(databases, "BUSY_TIMEOUT_MILLISECONDS", 1)
        patch.setattr(kinds, "load", cache(kinds.load))  # the same files each time
        yield patch


@pytest.fixture(scope="module")
def on_garbage(tmp_path_factory: pytest.TempPathFactory, monkeypatches: pytest.MonkeyPatch) -> Service:
    """A configuration whose store is a file of something else."""
    service = _configured(tmp_path_factory.mktemp("garbage"))
    service.store.write_bytes(b"Dear Sir or Madam, " * 500)
    return service


def _configured(directory: Path, store_url: str = "") -> Service:
    channels = [configured.LMTP.format(port=1), configured.SMTP.format(port=2)]
    return Service(directory, channels, store_url=store_url)


def _run(service: Service, command: str) -> Result:
    words = [*command.split(), *ON_A_STORE[command].split(), "--config", str(service.config)]
    return CliRunner().invoke(app, words)


def _paths(group: Any, before: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _paths(command, f"{name} ")
        elif any("--config" in parameter.opts for parameter in command.params):
            yield f"{before}{name}"


def test_every_command_with_a_configuration_is_in_a_table() -> None:
    """A new one is tried here, too."""
    assert set(_paths(typer.main.get_command(app))) == ON_A_STORE.keys() | WITHOUT


@pytest.mark.parametrize("command", ON_A_STORE)
def test_a_store_that_is_none_is_one_plain_line(command: str, on_garbage: Service) -> None:
    """Status 2, and nothing on standard output."""
    result = _run(on_garbage, command)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert result.stderr.count("\n") == 1, result.stderr
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("command", ONE_OF_EACH_SORT)
def test_a_database_that_does_not_answer_is_one_plain_line(
    command: str, tmp_path: Path, monkeypatches: pytest.MonkeyPatch
) -> None:
    """Status 2."""
    result = _run(_configured(tmp_path, "postgresql://nobody@127.0.0.1:1/none"), command)
    assert (result.exit_code, "the store cannot be used now" in result.stderr.lower()) == (2, True)
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ONE_OF_EACH_SORT)
def test_a_store_that_somebody_locks_is_one_plain_line(
    command: str, tmp_path: Path, monkeypatches: pytest.MonkeyPatch
) -> None:
    """Status 2."""
    service = _configured(tmp_path)
    make_store(service.store_url)
    with closing(sqlite3.connect(service.store, isolation_level=None)) as holder:
        holder.execute("PRAGMA locking_mode=EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
        result = _run(service, command)
    assert (result.exit_code, "locked" in result.stderr, result.stderr.count("\n")) == (2, True, 1)


@pytest.mark.parametrize("command", ONE_OF_EACH_SORT)
def test_a_command_that_ended_has_closed_its_store(
    command: str, tmp_path: Path, monkeypatches: pytest.MonkeyPatch
) -> None:
    """With the last connection SQLite removes its log of writes, whether the command could do its work or not."""
    service = _configured(tmp_path)
    make_store(service.store_url)
    gc.disable()  # nor is it closed by chance
    try:
        result = _run(service, command)
        assert result.exit_code in (0, NEGATIVE), result.stderr
    finally:
        gc.enable()
    assert [path.name for path in tmp_path.glob("*.db*")] == [service.store.name]


def test_a_folder_in_which_nothing_can_be_written_is_one_plain_line(
    tmp_path: Path, monkeypatches: pytest.MonkeyPatch
) -> None:
    """It is named."""
    result = _run(_configured(tmp_path, "sqlite:////proc/nowhere/ackbot.db"), "schema upgrade")
    assert (result.exit_code, result.stderr) == (2, "/proc/nowhere: No such file or directory.\n")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("contacts list --limit x", "'--limit': give a whole number"),
        ("contacts list --limit -5", "'--limit': it must be 0 or more"),
        ("contacts list --order nosuch", "'--order': 'nosuch' is not one of 'due', 'logged'."),
        ("staff password ann@example.gov.uk --password-file none", "none: cannot be read: No such file or directory"),
        ("staff password ann@example.gov.uk --password-file latin", "latin: cannot be read: it is not text in UTF-8"),
        ("deadline --csv latin", "latin: it is not text in UTF-8"),
    ],
)
def test_a_value_that_cannot_be_is_said_in_plain_words(
    words: str, reason: str, tmp_path: Path, monkeypatches: pytest.MonkeyPatch
) -> None:
    """Not in those of a library or of the language."""
    service = _configured(tmp_path)
    make_store(service.store_url)
    (tmp_path / "latin").write_bytes("rule\nJosé".encode("latin-1"))
    monkeypatches.chdir(tmp_path)
    config = [] if words.startswith("deadline") else ["--config", str(service.config)]
    result = CliRunner().invoke(app, [*words.split(), *config], env=service.environment)
    assert (result.exit_code, result.stderr.splitlines()[-1].endswith(reason)) == (2, True), result.stderr


@pytest.mark.parametrize(
    "command",
    [
        "store backup FILE",
        "store backup FILE --force",
        "person export sam@residents.example --to FILE",
        "person export sam@residents.example --html FILE",
        "preview acknowledgement --output FILE",
    ],
)
@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("none/such/file", "there is no folder DIR/none/such: make it first, or name another."),
        ("latin/file", "DIR/latin is no folder: name another."),
    ],
)
def test_a_file_that_cannot_be_written_is_said_with_what_to_do(
    command: str, file: str, reason: str, tmp_path: Path, monkeypatches: pytest.MonkeyPatch
) -> None:
    """Where its folder is missing or is none; status 2, and nothing is left behind."""
    service = _configured(tmp_path)
    make_store(service.store_url)
    (tmp_path / "latin").write_bytes(b"words")
    record = ["contacts", "record", "--text", "Hello", "--email", "sam@residents.example", "--yes"]
    assert CliRunner().invoke(app, [*record, "--config", str(service.config)]).exit_code == 0
    words = [word.replace("FILE", str(tmp_path / file)) for word in command.split()]
    result = CliRunner().invoke(app, [*words, "--config", str(service.config)])
    sentence = f"{tmp_path / file} cannot be written: {reason.replace('DIR', str(tmp_path))}\n"
    assert (result.exit_code, result.stderr.removeprefix("There is no copy: ")) == (2, sentence)
    assert (tmp_path / "latin").read_bytes() == b"words"


def test_a_copy_is_written_into_a_file(tmp_path: Path, monkeypatches: pytest.MonkeyPatch) -> None:
    """A folder is none, with --force neither."""
    service = _configured(tmp_path)
    make_store(service.store_url)
    for more in ((), ("--force",)):
        result = CliRunner().invoke(app, ["store", "backup", str(tmp_path), *more, "--config", str(service.config)])
        assert result.exit_code == 2
        assert result.stderr.endswith(" cannot be written: that is a folder: name a file in it.\n")


def test_a_demo_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    """Its folder is a file."""
    (tmp_path / "demo").write_text("words")
    for more in ((), ("--quarter",)):
        result = CliRunner().invoke(app, ["demo", "--directory", str(tmp_path / "demo"), *more])
        assert result.exit_code == 2
        assert result.stderr.endswith(f" cannot be written: {tmp_path / 'demo'} is no folder: name another.\n")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "you may not write there: choose a folder in which you may"),
        (errno.ENOENT, "you may not write there: choose a folder in which you may"),
        (errno.EROFS, "the disk can only be read: choose a folder on another"),
        (errno.ENOSPC, "the disk is full: make room, or choose a folder on another"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_why_a_file_cannot_be_written_is_said_in_plain_words(number: int, words: str, tmp_path: Path) -> None:
    """In a folder that is there; what nobody can do anything about as the system says it."""
    assert why_unwritten(tmp_path / "file", OSError(number, os.strerror(number))) == words


def _started(*arguments: str, **pipes: Any) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-m", "bot", *arguments], text=True, stderr=subprocess.PIPE, **pipes)


def test_a_closed_pipe_ends_a_command_without_a_word() -> None:
    """As `ackbot ... | head -1` closes it; the status is that of the signal."""
    reader, writer = os.pipe()
    os.close(reader)
    process = _started("deadline", "--rule", "10 working days", "--received", "2026-12-18T10:00+00:00", stdout=writer)
    os.close(writer)
    _, errors = process.communicate()
    assert (process.returncode, errors) == (PIPE_CLOSED, "")


def test_an_interrupt_ends_a_command_with_a_plain_line(tmp_path: Path) -> None:
    """Status 130."""
    mail = tmp_path / "mail.eml"
    os.mkfifo(mail)
    process = _started("triage", str(mail), stdout=subprocess.DEVNULL)
    with mail.open("wb"):  # opens as soon as the command reads it
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert (process.returncode, errors.strip()) == (INTERRUPTED, "Stopped before it was finished.")
