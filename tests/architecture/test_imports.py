"""Imports point down, and a breach is caught: all are planted in one copy of the house, and each must be named."""

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.architecture.house import into_a_folder
from tests.components.ports import PATIENCE_SECONDS

pytestmark = pytest.mark.slow
LINT = Path(sys.executable).parent / "lint-imports"

# Which contract of pyproject.toml, which file, which line in it, and what the report names under that contract.
BREACHES = (
    ("Floors", "bot/core/threads.py", "from bot.wire import mime", "bot.core.threads -> bot.wire"),
    ("Floors", "bot/flows/changes/respond.py", "from bot.loops import watching", "respond -> bot.loops.watching"),
    ("Floors", "bot/flows/promise.py", "from bot.settings import main", "bot.flows.promise -> bot.settings.main"),
    ("Floors", "bot/web/server.py", "from bot.loops import watching", "bot.web.server -> bot.loops.watching"),
    ("Floors", "bot/store/cursors.py", "from bot import log", "bot.store.cursors -> bot.log"),
    ("Floors", "bot/drawer.py", "from datetime import date", "- bot.drawer"),
    ("Flows", "bot/flows/outgoing/alert.py", "from bot.flows.changes import close", "alert -> bot.flows.changes.close"),
    ("Flows", "bot/flows/changes/close.py", "from bot.flows.intake import plan", "close -> bot.flows.intake.plan"),
    ("Pages", "bot/web/console/queue.py", "from bot.web.api import problems", "queue -> bot.web.api.problems"),
    ("Pages", "bot/web/forms.py", "from bot.web import site", "bot.web.forms -> bot.web.site"),
    ("Wire", "bot/wire/mail/mime.py", "from bot.wire.platforms import xrpc", "mime -> bot.wire.platforms.xrpc"),
    ("Wire", "bot/wire/typed.py", "from bot.wire.mail import mime", "bot.wire.typed -> bot.wire.mail.mime"),
    ("Settings", "bot/settings/main.py", "from bot.settings import urgent", "main -> bot.settings.urgent"),
    ("Core is pure", "bot/core/threads.py", "import os.path", "bot.core.threads -> os"),
    ("Core is pure", "bot/core/threads.py", "from time import monotonic", "bot.core.threads -> time"),
    ("Core is pure", "bot/core/threads.py", "import sqlalchemy.orm", "bot.core.threads -> sqlalchemy"),
    ("A channel knows", "channels/web_form.py", "from bot.store import tables", "web_form -> bot.store.tables"),
    ("A channel knows", "channels/web_form.py", "from bot import settings", "channels.web_form -> bot.settings"),
    ("Channels do not", "channels/web_form.py", "from channels import email_imap", "web_form -> channels.email_imap"),
    ("Nobody imports", "bot/app.py", "from channels import web_form", "bot.app -> channels.web_form"),
    ("No cycles", "bot/store/tables.py", "from bot.store import contacts", ".tables -> .contacts"),
)
# What a channel that is a folder must not know either.
OF_A_FOLDER = (
    ("A channel knows", "from bot.store import tables", "channels.web_form.words -> bot.store.tables"),
    ("Channels do not", "from channels import email_imap", "channels.web_form.words -> channels.email_imap"),
)
# The name of a broken contract, underlined, and what stands below it up to the next.
SECTION = re.compile(r"^(?P<rule>.+)\n-+\n\n(?P<text>(?:.*\n)*?)(?=.+\n-{3,}\n|\Z)", re.MULTILINE)


@pytest.fixture(scope="module")
def breaches(house: Callable[[], Path]) -> Mapping[str, str]:
    """What is said of a house with every breach in it."""
    copy = house()
    for _, file, line, _ in BREACHES:
        with (copy / file).open("a", encoding="utf-8") as source:
            source.write(f"\n{line}\n")
    return _broken(copy)


def test_the_house_keeps_its_rules(copy: Path) -> None:
    """As it stands no rule is broken."""
    assert _broken(copy) == {}


@pytest.mark.parametrize(
    ("rule", "named"), [(rule, named) for rule, *_, named in BREACHES], ids=[named for *_, named in BREACHES]
)
def test_a_breach_is_caught(breaches: Mapping[str, str], rule: str, named: str) -> None:
    """One import in the wrong direction breaks the rule that forbids it."""
    assert named in _text_of(breaches, rule)


def test_a_folder_keeps_the_rules_of_channels(copy: Path) -> None:
    """A channel that is a folder may know its own files, and no more than one that is a file."""
    folder = into_a_folder(copy / "channels" / "web_form.py")
    words = folder / "words.py"
    words.write_text('"""Its words."""\n\nfrom bot.core import messages\n')
    with (folder / "__init__.py").open("a", encoding="utf-8") as source:
        source.write("\nfrom channels.web_form import words\n")
    assert _broken(copy) == {}
    words.write_text("\n".join(['"""Its words."""\n', *(line for _, line, _ in OF_A_FOLDER), ""]))
    broken = _broken(copy)
    for rule, _, named in OF_A_FOLDER:
        assert named in _text_of(broken, rule)


def _text_of(broken: Mapping[str, str], rule: str) -> str:
    """What is said of the broken contract whose name begins like this."""
    return "".join(text for name, text in broken.items() if name.startswith(rule))


def _broken(house: Path) -> Mapping[str, str]:
    """The contracts that this house breaks, and what is said of each."""
    run = subprocess.run(
        [LINT, "--no-cache"],
        cwd=house,
        env={"NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    report = run.stdout.partition("Broken contracts\n----------------\n")[2]
    broken = {section["rule"]: section["text"] for section in SECTION.finditer(report)}
    assert bool(broken) == bool(run.returncode), run.stdout + run.stderr
    return broken
