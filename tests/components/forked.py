"""Starts `ackbot run` as a process of its own, forked from one that has imported what the service imports.

To import it takes most of a start, and the suite starts the service a hundred times. From `main()` on it is the same
as from a terminal: its own process, with its own environment, directory, signals and death.
"""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing import forkserver, get_context
from multiprocessing.context import ForkServerContext
from pathlib import Path
from subprocess import TimeoutExpired

ROOT = Path(__file__).parents[2]
IMPORTS = "tests.components.imports"


class Forked:
    """A process, driven as one of `subprocess.Popen` is."""

    def __init__(
        self, arguments: Sequence[str], *, environment: Mapping[str, str], directory: Path, output: Path
    ) -> None:
        context = _context()
        details = (list(arguments), dict(environment), str(directory), str(output))
        self._process = context.Process(target=_main, args=details, daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status once it has ended; raise TimeoutExpired where it does not."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise TimeoutExpired("ackbot run", timeout or 0.0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self._process.exitcode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


@cache
def _context() -> ForkServerContext:
    """Start the process that imports; what it forks imports from this folder, wherever the program is installed."""
    context = get_context("forkserver")
    context.set_forkserver_preload([IMPORTS])
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(ROOT)
    try:
        forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    return context


def _main(arguments: Sequence[str], environment: Mapping[str, str], directory: str, output: str) -> None:
    """Become `ackbot` with these arguments."""
    words = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(words, 1)
    os.dup2(words, 2)
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["ackbot", *arguments]
    from bot.__main__ import main  # noqa: PLC0415 - in the new process, not in that of the tests

    main()
