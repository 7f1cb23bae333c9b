"""The service itself, started as a process of its own with a configuration directory, and driven from outside."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, NullPool, create_engine, text
from typer.testing import CliRunner, Result

from bot.cli.commands import app
from bot.present import Present
from bot.store.databases import driver_url
from tests.components.forked import ROOT, Forked
from tests.components.ports import PATIENCE_SECONDS, free_port, wait_until
from tests.components.stores import make_store

ORGANISATION = """
[organisation]
name = "Exampleshire Council"
reference_prefix = "EX"
timezone = "Europe/London"
phone = "0300 123 2224"
website = "https://www.example.gov.uk"

[store]
url = "{store}"

[web]
listen = "127.0.0.1:{web_port}"
public_url = "https://contact.example.gov.uk"
secret = "env:ACKBOT_SECRET"

[[team]]
name = "front-office"
alert = ["mailto:front.office@example.gov.uk"]
replies_by = "post"
"""
LMTP = """
[[channel]]
name = "inbox"
kind = "email_lmtp"
listen = "127.0.0.1:{port}"
address = "customer.services@example.gov.uk"
replies_by = "post"
"""
IMAP = """
[[channel]]
name = "enquiries"
kind = "email_imap"
host = "127.0.0.1"
port = {port}
tls = "none"
username = "{user}"
password = "env:IMAP_PASSWORD"
address = "enquiries@example.gov.uk"
begin = "{begin}"
replies_by = "post"
"""
SMTP = """
[[channel]]
name = "post"
kind = "email_smtp"
host = "127.0.0.1"
port = {port}
tls = "none"
sender = "Exampleshire Council <customer.services@example.gov.uk>"
"""
LOOPBACK = """
[[channel]]
name = "post"
kind = "loopback"
directory = "sent"
sender = "Exampleshire Council <customer.services@example.gov.uk>"
"""
NO_BREAKER = """
[limits]
receipts_a_minute = 0
"""
FORM = """
[[channel]]
name = "website"
kind = "web_form"
replies_by = "post"
"""
NOON = 12
# The daily list of what is owed goes to staff from 08:30 to 17:00 of working days, whenever a service starts.
_LIST = re.compile(r'^list_(at|not_after) = "[0-9:]+"', re.MULTILINE)


def ask(store_url: str, query: str) -> "list[Any]":
    """The rows of a query to a store that services work on."""
    with _engine(store_url).connect() as connection:
        return list(connection.execute(text(query)))


def without_daily_list() -> str:
    """The packaged escalation.toml, with the daily list at a time of day that is eleven hours away or more."""
    at, not_after = (
        ("23:58", "23:59") if Present().now().astimezone(ZoneInfo("Europe/London")).hour < NOON else ("00:00", "00:01")
    )
    times = {"at": at, "not_after": not_after}
    packaged = (ROOT / "config" / "escalation.toml").read_text(encoding="utf-8")
    return _LIST.sub(lambda key: f'list_{key[1]} = "{times[key[1]]}"', packaged)


@cache
def _engine(store_url: str) -> Engine:
    return create_engine(driver_url(store_url), poolclass=NullPool)


class Service:
    """`ackbot run` in a directory of its own. `channels` are `[[channel]]` tables as TOML.

    With `store_url` it works on that store, as others may. Staff get no daily list, so that what arrives does not
    depend on the hour; `daily_list` has it sent as packaged. `is_forked` says how every one starts: from nothing, as a
    measurement wants it, or from what the test suite has imported.
    """

    is_forked: ClassVar[bool] = False
    program: ClassVar[str] = "bot"

    def __init__(
        self, directory: Path, channels: Sequence[str], *, store_url: str = "", daily_list: bool = False
    ) -> None:
        self.directory = directory
        self.web_port = free_port()
        self.config = directory / "config"
        self.config.mkdir(parents=True, exist_ok=True)
        self.store = directory / "ackbot.db"
        self.log = directory / "service.log"
        self.store_url = store_url or f"sqlite:///{self.store}"
        head = ORGANISATION.format(store=self.store_url, web_port=self.web_port)
        (self.config / "ackbot.toml").write_text(head + "".join(channels), encoding="utf-8")
        if not daily_list:
            (self.config / "escalation.toml").write_text(without_daily_list(), encoding="utf-8")
        self.environment = {**os.environ, "ACKBOT_SECRET": "s" * 40, "IMAP_PASSWORD": "secret", "PYTHONPATH": str(ROOT)}
        self._process: subprocess.Popen[bytes] | Forked | None = None

    def __enter__(self) -> Self:
        return self if self.running else self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """The process that runs now."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self, *options: str, wait: bool = True) -> Self:
        """Start, and return when /readyz answers 200. A new store is a copy of one that has every table."""
        if self.is_forked and self.store_url == f"sqlite:///{self.store}" and not self.store.exists():
            make_store(self.store_url)
        self._process = self._launch(["run", "--config", str(self.config), *options])
        if wait:
            try:
                wait_until(self.started, what="the service")
            except BaseException:
                self.kill()
                raise
        return self

    def _launch(self, arguments: Sequence[str]) -> "subprocess.Popen[bytes] | Forked":
        if self.is_forked:
            return Forked(arguments, environment=self.environment, directory=self.directory, output=self.log)
        with self.log.open("ab") as words:
            return subprocess.Popen(
                [sys.executable, "-m", self.program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                env=self.environment,
                cwd=self.directory,
            )

    def stop(self) -> int:
        """SIGTERM, and wait; returns the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        """SIGKILL: as a power cut would end it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def words(self) -> str:
        """Everything that it logged."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.web_port}{path}", timeout=PATIENCE_SECONDS) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def process(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run an `ackbot` command on the same configuration, as a terminal does: that takes a second."""
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments, "--config", str(self.config)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=self.directory,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def command(self, *arguments: str, check: bool = True) -> Result:
        """Run an `ackbot` command on the same configuration, within this process."""
        result = CliRunner().invoke(app, [*arguments, "--config", str(self.config)], env=self.environment)
        if check and result.exit_code:
            raise RuntimeError(f"ackbot {arguments}: {result.output}")
        return result

    def contacts(self) -> list[dict[str, Any]]:
        """The queue, as `ackbot contacts list --json` gives it."""
        return [json.loads(line) for line in self.command("contacts", "list", "--json").stdout.splitlines()]

    def acknowledged(self) -> int:
        """How many contacts are acknowledged: asked of the store itself, because a command takes a second to start."""
        query = "SELECT count(*) FROM contacts WHERE acknowledged_at IS NOT NULL"
        return int(ask(self.store_url, query)[0][0])

    def started(self) -> bool:
        """The same of one that has just been started; raises RuntimeError where it ended instead."""
        if not self.running:
            raise RuntimeError(f"it does not start: {self.words()[-3000:]}")
        return self.ready()

    def ready(self) -> bool:
        """Whether it says that it is ready."""
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False
