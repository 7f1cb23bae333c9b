"""A command at a terminal of its own: what it shows is read, and what it asks is answered by typing."""

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.components.forked import ROOT
from tests.components.ports import PATIENCE_SECONDS, wait_until

# Longer than a command that was interrupted takes to say so on a busy machine.
_PAUSE_SECONDS = 10.0


class Terminal:
    """`ackbot` with these arguments, started in `directory`. `words` is all that it has shown."""

    def __init__(self, *arguments: str, directory: Path) -> None:
        self._master, side = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot", *arguments],
            stdin=side,
            stdout=side,
            stderr=side,
            cwd=directory,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"},
            start_new_session=True,
        )
        os.close(side)
        self.words = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def read_to(self, question: str) -> None:
        """Return once these words are shown that were not before."""
        since, began = len(self.words), time.monotonic()
        while question not in self.words[since:]:
            if not self._read() or time.monotonic() - began > PATIENCE_SECONDS:
                raise AssertionError(f"it does not ask {question!r}, but: {self.words[since:]}")

    def answer(self, question: str, text: str, *, is_secret: bool = False) -> None:
        """Type a line once a question is asked that was not before; a secret, once what is typed is not shown."""
        self.read_to(question)
        if is_secret:
            wait_until(
                lambda: not termios.tcgetattr(self._master)[3] & termios.ECHO, what="a terminal that shows nothing"
            )
        os.write(self._master, f"{text}\n".encode())

    def interrupt(self, answer: str) -> None:
        """Press Ctrl-C until these words are shown, again after a while in which nothing came of it, as a person does.

        Python does not see a signal that comes after a question is shown and before the wait for its answer begins.
        """
        since, began = len(self.words), time.monotonic()
        self._process.send_signal(signal.SIGINT)
        while answer not in self.words[since:]:
            is_shown = bool(select.select([self._master], [], [], _PAUSE_SECONDS)[0])
            if (is_shown and not self._read()) or time.monotonic() - began > PATIENCE_SECONDS:
                raise AssertionError(f"it does not say {answer!r}, but: {self.words[since:]}")
            if not is_shown:
                self._process.send_signal(signal.SIGINT)

    def terminate(self) -> int:
        """Send SIGTERM; return the exit status."""
        self._process.terminate()
        return self.end()

    def end(self) -> int:
        """Read to the end; return the exit status."""
        while self._read():
            pass
        return self._process.wait(PATIENCE_SECONDS)

    def _read(self) -> bool:
        """Read what is there, waiting a while; return False at the end."""
        if select.select([self._master], [], [], PATIENCE_SECONDS)[0]:
            try:
                piece = os.read(self._master, 65_536)
            except OSError:  # Linux reports the end of a terminal so
                return False
            self.words += piece.decode(errors="replace").replace("\r\n", "\n")
            return bool(piece)
        return False
