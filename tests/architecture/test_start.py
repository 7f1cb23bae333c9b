"""What a start imports: nothing that most services never need, or need only later."""

import subprocess
import sys

from tests.architecture.house import ROOT

LATER = (
    *("alembic", "babel.dates", "cryptography.fernet", "flufl.bounce", "holidays", "joserfc", "psycopg"),
    *("pyotp", "segno", "zxcvbn"),
)
PROGRAM = "import sys, bot.app, bot.web.server; print(*sorted(sys.modules))"


def test_what_is_needed_later_is_imported_later() -> None:
    """Migrations, dates in words, keys, unusual bounces, ways to sign in, the other database."""
    run = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    modules = set(run.stdout.split())
    assert "bot.app" in modules
    assert modules.isdisjoint(LATER)
