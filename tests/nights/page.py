"""A page of docs/nights as a tired operator uses it: each command that it gives, in its order, on a real service."""

import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from typer.testing import CliRunner

from bot.cli.commands import app
from tests.architecture.documents import Page
from tests.components.forked import ROOT
from tests.components.ports import PATIENCE_SECONDS
from tests.components.service import Service

FOLDER = ROOT / "docs/nights"
# What a machine with systemd has: the service's own log, its process, a clock that is kept.
_MACHINE = """
journalctl() {{ tail -n 30 {log}; }}
systemctl() {{ echo {pid}; }}
timedatectl() {{ echo "System clock synchronized: yes"; }}
python3() {{ {python} "$@"; }}
"""


class Step(NamedTuple):
    """What came of one block of commands: the last status that was not 0, and all that was written."""

    commands: str
    status: int
    words: str


class Night:
    """The blocks of commands of one page, all to be run. `places` are words of the page and what stands for them.

    The service stands for the one under systemd: its directory for /var/lib/ackbot, its configuration for /etc/ackbot.
    """

    def __init__(self, name: str, service: Service, places: Mapping[str, str] | None = None) -> None:
        self._service = service
        self.home = service.directory / "root"
        self.home.mkdir(exist_ok=True)
        usual = {
            "/var/lib/ackbot": str(service.directory),
            "/etc/ackbot": str(service.config),
            "/root/": f"{self.home}/",
        }
        self._places = {**usual, **(places or {})}
        self._blocks = Page(name, (FOLDER / f"{name}.md").read_text(encoding="utf-8")).blocks("sh")
        assert self._blocks, f"{name} gives no commands"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            assert not self._blocks, f"never tried: {self._blocks}"

    def step(self, status: int | None = 0) -> Step:
        """Run the next block of commands; it ends with this status (None: with any)."""
        block = self._blocks.pop(0)
        for word, place in self._places.items():
            block = block.replace(word, place)
        statuses, words = [0], ""
        for part in _parts(block):
            code, output = self._run(part)
            statuses.append(code)
            words += output
        outcome = Step(block, next((code for code in reversed(statuses) if code), 0), words)
        assert status in (None, outcome.status), outcome
        return outcome

    def _run(self, part: str) -> tuple[int, str]:
        service = re.fullmatch(r"systemctl (stop|start|restart) ackbot", part)
        if service:
            return self._turn(service[1]), ""
        if part.startswith("ackbot "):
            return self._command(part)
        words = self._machine() + part
        shell = subprocess.run(
            ["bash", "-euc", words], capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )
        return shell.returncode, shell.stdout + shell.stderr

    def _turn(self, how: str) -> int:
        if how != "start" and self._service.running:
            self._service.stop()
        if how != "stop":
            self._service.environment |= self._environment()
            self._service.start()
        return 0

    def _environment(self) -> dict[str, str]:
        """What systemd reads before the start: EnvironmentFile, in which a later line counts more."""
        with suppress(FileNotFoundError):
            lines = (self._service.config / "environment").read_text(encoding="utf-8").splitlines()
            return dict(line.split("=", 1) for line in lines)
        return {}

    def _command(self, line: str) -> tuple[int, str]:
        line, _, file = line.partition(" > ")
        environment = {**self._service.environment, "ACKBOT_CONFIG": str(self._service.config)}
        result = CliRunner().invoke(app, shlex.split(line)[1:], env=environment)
        if file:
            Path(file.strip()).write_text(result.stdout, encoding="utf-8")
        return result.exit_code, result.output

    def _machine(self) -> str:
        pid = self._service.pid if self._service.running else 0
        return _MACHINE.format(log=self._service.log, pid=pid, python=shlex.quote(sys.executable))


def _parts(block: str) -> list[str]:
    """The commands of a block; those that are the shell's own stay together."""
    parts: list[str] = []
    for line in block.splitlines():
        is_ours = line.startswith("ackbot ") or re.fullmatch(r"systemctl (stop|start|restart) ackbot", line)
        was_ours = bool(parts) and re.match(r"ackbot |systemctl (stop|start|restart) ackbot", parts[-1])
        if is_ours or was_ours or not parts:
            parts.append(line)
        else:
            parts[-1] += f"\n{line}"
    return parts
