"""What a start imports: nothing that most services never need, or need only later."""

import subprocess
import sys

from tests.architecture.house import ROOT

LATER = (
    *("alembic", "babel.dates", "cryptography.fernet", "flufl.bounce", "holidays", "joserfc", "psycopg"),
    *("pyotp", "segno", "zxcvbn"),
)
SERVICE = "import bot.app, bot.web.server"
HELP = """
from typer.testing import CliRunner
from bot.cli.commands import app
assert "contacts" in CliRunner().invoke(app, ["--help"]).stdout
"""


def _modules(program: str) -> set[str]:
    words = [sys.executable, "-c", f"{program}\nimport sys; print(*sorted(sys.modules))"]
    run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_what_is_needed_later_is_imported_later() -> None:
    """Migrations, dates in words, keys, unusual bounces, ways to sign in, the other database."""
    modules = _modules(SERVICE)
    assert "bot.app" in modules
    assert modules.isdisjoint(LATER)


def test_help_imports_no_command() -> None:
    """Nor what draws boxes around help: only the table."""
    modules = _modules(HELP)
    own = {name for name in modules if name.startswith("bot.")}
    assert own == {"bot.cli", "bot.cli.commands", "bot.cli.lazy"}
    assert "rich" not in modules
