"""What a start imports: nothing that most services never need, or need only later."""

import subprocess
import sys
from pathlib import Path

from tests.architecture.house import ROOT
from tests.components import service as configured
from tests.components.service import Service

# Nobody needs it at once: migrations, dates in words, keys, unusual bounces, ways to sign in, the other database, ...
LATER = {
    *("alembic", "babel.dates", "cryptography.fernet", "flufl.bounce", "holidays", "joserfc", "psycopg"),
    *("pyotp", "segno", "zxcvbn", "apprise", "oauthlib", "pygal", "rich", "sqlalchemy.dialects.postgresql.base"),
}
# ... and pages, words of mails and what recurs by the calendar, until the service is ready.
AFTER_THE_START = {
    *("jinja2", "markdown_it", "apscheduler", "bot.web.pages", "bot.web.console.routes", "bot.web.api.handlers"),
    *("bot.background", "bot.render.compose", "bot.flows.intake.receive"),
}
# A command that reads the store serves nobody.
SERVING = {"aiohttp", "structlog", "prometheus_client", "bot.app", "bot.render.compose", "bot.web.server"}
SERVICE = """
import asyncio, sys
from pathlib import Path
import bot.cli.run, bot.app, bot.web.server, bot.flows.outgoing.after_restore, bot.kinds
from bot.present import Present
from bot.store import schema

settings = bot.kinds.load(Path(sys.argv[1]))
schema.prepare(settings.store.url, may_upgrade=False)

async def start():
    service = bot.app.Service(settings, Present())
    await service.start()
    print(*sorted(sys.modules))
    await service.stop()

asyncio.run(start())
"""
HELP = """
import sys
from typer.testing import CliRunner
from bot.cli.commands import app
assert "contacts" in CliRunner().invoke(app, ["--help"]).stdout
print(*sorted(sys.modules))
"""
LIST = """
import sys
from typer.testing import CliRunner
from bot.cli.commands import app
assert CliRunner().invoke(app, ["contacts", "list", "--config", sys.argv[1]]).exit_code == 0
print(*sorted(sys.modules))
"""


def _modules(program: str, *arguments: str, environment: dict[str, str] | None = None) -> set[str]:
    words = [sys.executable, "-c", program, *arguments]
    run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, env=environment)
    return set(run.stdout.split())


def test_a_service_and_a_command_import_what_they_use(tmp_path: Path) -> None:
    """On a store whose schema is current, with mail alone: neither what comes later, nor what others need."""
    service = Service(tmp_path, [configured.LMTP.format(port=0), configured.SMTP.format(port=1)])
    config, environment = str(service.config), service.environment
    _modules(SERVICE, config, environment=environment)  # makes the store
    modules = _modules(SERVICE, config, environment=environment)
    assert {"bot.app", "channels.email_lmtp", "channels.email_smtp"} <= modules
    assert modules.isdisjoint(LATER | AFTER_THE_START)
    modules = _modules(LIST, config, environment=environment)
    assert "bot.cli.contacts" in modules
    assert modules.isdisjoint(LATER | AFTER_THE_START | SERVING)


def test_help_imports_no_command() -> None:
    """Nor what draws boxes around help: only the table, and what closes the stores of commands."""
    modules = _modules(HELP)
    own = {name for name in modules if name.startswith("bot.")}
    assert own == {"bot.cli", "bot.cli.commands", "bot.cli.lazy", "bot.cli.open_stores"}
    assert "rich" not in modules
