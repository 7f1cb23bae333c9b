"""Postfix's smtp-sink as the server that our mail goes to: fast, real, and faulty in the ways we ask for."""

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path

from tests.components.daemons import Daemon, Server
from tests.components.ports import PATIENCE_SECONDS, free_port, wait_until


class Sink(Server):
    """Postfix's smtp-sink: takes every mail, about 5,000 a second, and keeps each in a file of its own.

    `options` are smtp-sink's, for instance ("-r", "RCPT") to put off every recipient, ("-f", "RCPT") to refuse
    them, ("-q", "DATA") to hang up, ("-w", "3") to be slow. Set anew, they hold from the next start.
    """

    def __init__(self, *options: str) -> None:
        """Make the directory and choose the port; nothing runs yet."""
        super().__init__("sink")
        self.port = free_port()
        self.options = options
        (self.directory / "mails").mkdir()
        if os.geteuid() == 0:
            # smtp-sink refuses to work as root.
            shutil.chown(self.directory / "mails", "nobody")

    def start(self) -> None:
        """Start with `options`; the mail of an earlier start is kept."""
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        keep = ["-d", f"{self.directory}/mails/m."]
        self._daemon = Daemon(
            ["smtp-sink", *user, *self.options, *keep, f"127.0.0.1:{self.port}", "1000"],
            output=self.directory / "start.log",
            ports=[self.port],
        )

    def stop(self) -> None:
        """Stop at once; a mail that it was in the middle of was not taken, and is not kept."""
        if self._daemon is not None:
            os.kill(self._daemon.pid, signal.SIGSTOP)
            unfinished = self._unfinished()
            self._daemon.kill()
            self._daemon = None
            for file in unfinished:
                file.unlink(missing_ok=True)

    def count(self) -> int:
        """How many mails it has taken."""
        return len(self._taken())

    def mails(self) -> list[bytes]:
        """Every mail, whole, in no order; smtp-sink's X-Mail-Args and X-Rcpt-Args lines give the envelope."""
        return [file.read_bytes() for file in self._taken()]

    def _taken(self) -> list[Path]:
        # In this order: a file that it opens meanwhile is in neither. It leaves an empty one for a refused mail.
        files = list((self.directory / "mails").iterdir())
        unfinished = self._unfinished()
        return [file for file in files if file not in unfinished and file.stat().st_size]

    def _unfinished(self) -> set[Path]:
        """The files that it is writing: it closes one before it answers that it has the mail."""
        if self._daemon is None:
            return set()
        unfinished = set()
        for entry in Path(f"/proc/{self._daemon.pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                unfinished.add(entry.readlink())
        # Its sockets, its log and /dev/null are open, too.
        return {file for file in unfinished if file.parent == self.directory / "mails"}

    def wait_for(self, count: int, *, seconds: float = PATIENCE_SECONDS) -> None:
        """Return when it has taken at least so many mails; raise TimeoutError when it has not in time."""
        wait_until(lambda: self.count() >= count, what=f"{count} mails in the sink", seconds=seconds)
