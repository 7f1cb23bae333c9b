"""A mail server that takes outgoing mail (RFC 5321), and refuses, or breaks the line, exactly where its script says.

It runs in a thread of its own, so that it serves the service in another process as well as an outlet in this one.
"""

import socketserver
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any, Literal, Self

Step = Literal["MAIL", "RCPT", "DATA", "."]
DROP = "drop"


@dataclass
class Attempt:
    """One mail as far as it came: its envelope, and the bytes that followed DATA."""

    sender: str = ""
    recipient: str = ""
    content: bytes = b""


# What it says at this step of this attempt: an answer, DROP for a line that breaks, or "" for yes.
Script = Callable[[Step, Attempt], str]


def takes_all(_step: Step, _attempt: Attempt) -> str:
    """Yes to everything."""
    return ""


@dataclass
class MailServer:
    """`attempts` are those that named a recipient, `taken` those that it said yes to in the end."""

    script: Script = takes_all
    attempts: list[Attempt] = field(default_factory=list)
    taken: list[Attempt] = field(default_factory=list)
    port: int = 0

    def __enter__(self) -> Self:
        """Open the door, on a free port."""
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), partial(_Line, self))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close it."""
        self._server.shutdown()
        self._server.server_close()

    def recipients(self) -> list[str]:
        """Who has mail, in the order in which it was taken."""
        return [attempt.recipient for attempt in self.taken]


class _Line(socketserver.StreamRequestHandler):
    """One connection."""

    def __init__(self, server_of_mail: MailServer, *others: Any) -> None:
        self.server_of_mail = server_of_mail
        super().__init__(*others)

    def handle(self) -> None:
        """Answer until the other side goes, or the script breaks the line."""
        self._say("220 post.test ESMTP")
        self._attempt, self._has_recipient = Attempt(), False
        while line := self.rfile.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            if verb == "QUIT":
                return self._say("221 2.0.0 Bye")
            if not self._obey(verb, rest):
                return None
        return None

    def _obey(self, verb: str, rest: str) -> bool:
        """Answer one command; tell whether the line still stands."""
        match verb:
            case "MAIL":
                self._attempt, self._has_recipient = Attempt(sender=_address(rest)), False
                return self._follow("MAIL", "250 2.1.0 Ok")
            case "RCPT":
                self._attempt.recipient = _address(rest)
                self.server_of_mail.attempts.append(self._attempt)
                return self._follow("RCPT", "250 2.1.5 Ok")
            case "DATA" if not self._has_recipient:
                self._say("554 5.5.1 No valid recipients")
            case "DATA":
                return self._follow("DATA", "354 Go on")
            case "EHLO":
                self._say("250-post.test\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250 DSN")
            case _:
                self._say("250 2.0.0 Ok")
        return True

    def _follow(self, step: Step, yes: str) -> bool:
        """Say what the script says; tell whether the line still stands."""
        answer = self.server_of_mail.script(step, self._attempt)
        if answer == DROP:
            return False
        self._say(answer or yes)
        if step == "RCPT":
            self._has_recipient = not answer
        return self._content() if step == "DATA" and not answer else True

    def _content(self) -> bool:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line)
        self._attempt.content = b"".join(lines)
        answer = self.server_of_mail.script(".", self._attempt)
        if answer == DROP:
            return False
        if not answer:
            self.server_of_mail.taken.append(self._attempt)
        self._say(answer or f"250 2.0.0 Ok: queued as 4XyZ{len(self.server_of_mail.taken)}")
        return True

    def _say(self, words: str) -> None:
        with suppress(OSError):  # the other side may have gone
            self.wfile.write(f"{words}\r\n".encode())


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]
