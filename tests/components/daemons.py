"""A foreign server as our own child: started in the foreground, waited for, and ended for certain.

In the foreground because a server that turns itself into a daemon is reaped by process 1, which may take
seconds over it, and because nobody else's process can then be hit by a number read from a file.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.components.ports import greets, wait_until

# Debian keeps daemons where only root's path looks.
_DAEMONS = "/usr/sbin:/usr/local/sbin"
# Debian's browser without windows starts in half the time; elsewhere the usual one does as well.
_ALIASES = {"chromium": ("chromium-headless-shell", "chromium")}


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


class Server(ABC):
    """A server with a directory of its own, for `with`, or for start and stop by hand and `close` at the end.

    What it holds (ports, mailboxes, queue) outlives `stop` and is there again after the next `start`.
    """

    def __init__(self, name: str) -> None:
        """Make the directory; nothing runs yet."""
        # Short, because the path of a UNIX socket may have 107 bytes at most; open to the users that servers drop to.
        self.directory = Path(tempfile.mkdtemp(prefix=f"{name}-", dir="/tmp"))
        self.directory.chmod(0o755)
        self._daemon: Daemon | None = None

    def __enter__(self) -> Self:
        """Start, and give the server."""
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop, and leave nothing behind."""
        self.close()

    @abstractmethod
    def start(self) -> None:
        """Start, and return when the server has greeted us."""

    def stop(self) -> None:
        """Stop; returns when the server is really gone and every connection is cut."""
        if self._daemon is not None:
            self._daemon.end()
            self._daemon = None

    def restart(self) -> None:
        """Stop and start again."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop and remove the directory."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def program(name: str) -> str:
    """The path of an installed program, daemons included; raises RuntimeError where there is none."""
    for alias in _ALIASES.get(name, (name,)):
        if path := shutil.which(alias) or shutil.which(alias, path=_DAEMONS):
            return path
    raise RuntimeError(f"{name} is not installed")
