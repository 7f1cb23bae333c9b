"""A foreign server as our own child: started in the foreground, waited for, and ended for certain.

In the foreground because a server that turns itself into a daemon is reaped by process 1, which may take
seconds over it, and because nobody else's process can then be hit by a number read from a file.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from tests.components.ports import greets, wait_until

# Debian keeps daemons where only root's path looks.
_DAEMONS = "/usr/sbin:/usr/local/sbin"


class Daemon:
    """One running server in a session of its own, its words kept in a file."""

    def __init__(self, command: Sequence[str | Path], *, output: Path, ports: Iterable[int]) -> None:
        """Start `command`, and return when it has greeted us on every one of these ports of 127.0.0.1."""
        with output.open("ab") as words:
            # Never a pipe: a server's children keep it open, and its reader would wait for ever.
            self._process = subprocess.Popen(
                [program(str(command[0])), *map(str, command[1:])],
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                start_new_session=True,
            )
        self._output = output
        try:
            wait_until(lambda: self._up(ports), what=f"ports of {command[0]}")
        except BaseException:
            self.end()
            raise

    @property
    def pid(self) -> int:
        """The number of the server's main process."""
        return self._process.pid

    def end(self, *, seconds: float = 2.0) -> None:
        """Ask the server and its children to stop; what has not gone in time is killed."""
        # The children, too: Dovecot's wait a second for their clients when only the main process is asked.
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """Kill the server and all its children at once, as a power cut would."""
        # Also when the main process has gone: no child may keep a port or write into the next test's files.
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _up(self, ports: Iterable[int]) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"it does not start: {self._output.read_text(errors='replace')[-2000:]}")
        return all(greets(port) for port in ports)


def program(name: str) -> str:
    """The path of an installed program, daemons included; raises RuntimeError where there is none."""
    found = shutil.which(name) or shutil.which(name, path=_DAEMONS)
    if found is None:
        raise RuntimeError(f"{name} is not installed")
    return found
