"""Imports point down, and a breach is caught: each rule is tried on a copy of the house with that breach in it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.house import into_a_folder
from tests.components.ports import PATIENCE_SECONDS

pytestmark = pytest.mark.slow
LINT = Path(sys.executable).parent / "lint-imports"

# Which contract of pyproject.toml, which file, which line in it.
BREACHES = (
    ("Floors", "bot/core/threads.py", "from bot.wire import mime"),
    ("Floors", "bot/flows/changes/respond.py", "from bot.loops import watching"),
    ("Floors", "bot/flows/promise.py", "from bot.settings import main"),
    ("Floors", "bot/web/server.py", "from bot.loops import watching"),
    ("Floors", "bot/store/cursors.py", "from bot import log"),
    ("Floors", "bot/drawer.py", "from datetime import date"),
    ("Flows", "bot/flows/outgoing/alert.py", "from bot.flows.changes import close"),
    ("Flows", "bot/flows/changes/close.py", "from bot.flows.intake import plan"),
    ("Pages", "bot/web/console/queue.py", "from bot.web.api import problems"),
    ("Pages", "bot/web/forms.py", "from bot.web import site"),
    ("Wire", "bot/wire/mail/mime.py", "from bot.wire.platforms import xrpc"),
    ("Wire", "bot/wire/typed.py", "from bot.wire.mail import mime"),
    ("Settings", "bot/settings/main.py", "from bot.settings import urgent"),
    ("Core is pure", "bot/core/threads.py", "import os.path"),
    ("Core is pure", "bot/core/threads.py", "from time import monotonic"),
    ("Core is pure", "bot/core/threads.py", "import sqlalchemy.orm"),
    ("A channel knows", "channels/web_form.py", "from bot.store import tables"),
    ("A channel knows", "channels/web_form.py", "from bot import settings"),
    ("Channels do not know one another", "channels/web_form.py", "from channels import email_imap"),
    ("Nobody imports a channel", "bot/app.py", "from channels import web_form"),
    ("No cycles", "bot/store/tables.py", "from bot.store import contacts"),
)


def test_the_house_keeps_its_rules(copy: Path) -> None:
    """As it stands no rule is broken."""
    assert _broken(copy) == []


@pytest.mark.parametrize(("rule", "file", "line"), BREACHES, ids=[f"{file}: {line}" for _, file, line in BREACHES])
def test_a_breach_is_caught(copy: Path, rule: str, file: str, line: str) -> None:
    """One import in the wrong direction breaks the rule that forbids it."""
    with (copy / file).open("a", encoding="utf-8") as source:
        source.write(f"\n{line}\n")
    assert any(name.startswith(rule) for name in _broken(copy))


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("A channel knows", "from bot.store import tables"),
        ("Channels do not know one another", "from channels import email_imap"),
    ],
)
def test_a_folder_keeps_the_rules_of_channels(copy: Path, rule: str, line: str) -> None:
    """A channel that is a folder may know its own files, and no more than one that is a file."""
    folder = into_a_folder(copy / "channels" / "web_form.py")
    words = folder / "words.py"
    words.write_text('"""Its words."""\n\nfrom bot.core import messages\n')
    with (folder / "__init__.py").open("a", encoding="utf-8") as source:
        source.write("\nfrom channels.web_form import words\n")
    assert _broken(copy) == []
    words.write_text(f'"""Its words."""\n\n{line}\n')
    assert any(name.startswith(rule) for name in _broken(copy))


def _broken(house: Path) -> list[str]:
    """The names of the contracts that this house breaks."""
    said = subprocess.run(
        [LINT, "--no-cache"],
        cwd=house,
        env={"NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    broken = [line.removesuffix(" BROKEN") for line in said.stdout.splitlines() if " BROKEN" in line]
    assert bool(broken) == bool(said.returncode), said.stdout + said.stderr
    return broken
