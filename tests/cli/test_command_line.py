"""What every command has in common: the version, completion, and a suggestion for a word that does not exist."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import __version__
from bot.cli.commands import app


def _run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_the_version_needs_no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is one line of its own."""
    monkeypatch.chdir(tmp_path)
    assert _run("--version") == (0, f"ackbot {__version__}\n")


@pytest.mark.parametrize(
    ("words", "suggestion"),
    [
        (("chek",), "Did you mean 'check'"),
        (("contact",), "Did you mean 'contacts'"),
        (("contacts", "shwo"), "Did you mean 'show'"),
        (("staff", "lits"), "Did you mean 'list'"),
        (("check", "--liv"), "Possible options: --live"),
    ],
)
def test_a_word_that_does_not_exist_brings_a_suggestion(words: tuple[str, ...], suggestion: str) -> None:
    """Status 2, and the nearest name."""
    status, output = _run(*words)
    assert status == 2
    assert suggestion in output


@pytest.mark.parametrize(("words", "name"), [("ackbot con", "contacts"), ("ackbot contacts sh", "show")])
def test_the_shell_completes_commands(words: str, name: str) -> None:
    """As bash asks for it; nothing else is printed."""
    request = {"_ACKBOT_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    program = "import sys; sys.argv = ['ackbot']; from bot.__main__ import main; main()"
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, env=os.environ | request, capture_output=True, text=True, check=False)
    assert (result.stdout.split(), result.stderr) == ([name], "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_there_for_each_shell(shell: str) -> None:
    """The script that a shell reads."""
    status, script = _run("--show-completion", shell)
    assert status == 0, script
    assert "complete" in script


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory with the files of a configuration; it is not complete."""
    (tmp_path / "ackbot.toml").write_text(
        '[[team]]\nname = "bins"\n[[team]]\nname = "roads"\n[[channel]]\nname = "desk"\n'
    )
    (tmp_path / "services.toml").write_text('[[service]]\nname = "housing"\n')
    return tmp_path


def _completed(words: str, config: Path) -> tuple[list[str], str, list[str]]:
    """What bash is offered, what it is shown besides, and the files that are there after that."""
    words = words.replace("DIR", str(config))
    request = {"_ACKBOT_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    result = CliRunner().invoke(app, prog_name="ackbot", env=request)
    return result.stdout.split(), result.stderr, sorted(path.name for path in config.iterdir())


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("ackbot contacts list --config DIR --team ", ["bins", "roads"]),
        ("ackbot contacts list --config DIR --channel de", ["desk"]),
        ("ackbot contacts list --config DIR --service h", ["housing"]),
        ("ackbot contacts list --config DIR --state o", ["open"]),
        ("ackbot staff add --config DIR --team r", ["roads"]),
    ],
)
def test_the_shell_completes_names_of_the_configuration(words: str, names: list[str], folder: Path) -> None:
    """They are read as they stand in the files; nothing is written."""
    assert _completed(words, folder) == (names, "", ["ackbot.toml", "services.toml"])


def test_a_configuration_that_cannot_be_read_offers_nothing(folder: Path) -> None:
    """And prints nothing: it would stand in the middle of what is typed."""
    (folder / "ackbot.toml").write_bytes(b"[[team]\n\xff")
    (folder / "services.toml").unlink()
    for option in ("team", "service"):
        words = f"ackbot contacts list --config DIR --{option} "
        assert _completed(words, folder) == ([], "", ["ackbot.toml"])
