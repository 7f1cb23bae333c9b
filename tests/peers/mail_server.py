"""A mail server that takes outgoing mail (RFC 5321), and refuses, or breaks the line, exactly where its script says.

It runs in a thread of its own, so that it serves the service in another process as well as an outlet in this one.
"""

import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

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
        peer = self

        class Line(_Line):
            server_of_mail = peer

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Line)
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

    def notices(self) -> list[bytes]:
        """The subject of every mail that went to staff."""
        mails = [attempt.content for attempt in self.taken if attempt.recipient.endswith("@example.gov.uk")]
        return [next(line for line in mail.split(b"\r\n") if line.startswith(b"Subject:")) for mail in mails]


class _Line(socketserver.StreamRequestHandler):
    """One connection."""

    server_of_mail: MailServer

    def handle(self) -> None:
        """Answer until the other side goes, or the script breaks the line."""
        self._say("220 post.test ESMTP")
        attempt = Attempt()
        while line := self.rfile.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            match verb.upper():
                case "EHLO":
                    self._say("250-post.test\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250 DSN")
                case "MAIL":
                    attempt = Attempt(sender=_address(rest))
                    if not self._follow("MAIL", attempt, "250 2.1.0 Ok"):
                        return
                case "RCPT":
                    attempt.recipient = _address(rest)
                    self.server_of_mail.attempts.append(attempt)
                    if not self._follow("RCPT", attempt, "250 2.1.5 Ok"):
                        return
                case "DATA":
                    if not self._data(attempt):
                        return
                case "QUIT":
                    return self._say("221 2.0.0 Bye")
                case _:
                    self._say("250 2.0.0 Ok")
        return None

    def _data(self, attempt: Attempt) -> bool:
        answer = self.server_of_mail.script("DATA", attempt)
        if answer:
            return self._follow("DATA", attempt, "")
        self._say("354 Go on")
        lines = iter(self.rfile.readline, b".\r\n")
        attempt.content = b"".join(lines)
        if not self._follow(".", attempt, ""):
            return False
        return True

    def _follow(self, step: Step, attempt: Attempt, yes: str) -> bool:
        """Say what the script says; tell whether the line still stands."""
        answer = self.server_of_mail.script(step, attempt)
        if answer == DROP:
            return False
        if not answer and step == ".":
            self.server_of_mail.taken.append(attempt)
            yes = f"250 2.0.0 Ok: queued as 4XyZ{len(self.server_of_mail.taken)}"
        self._say(answer or yes)
        return True

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]
