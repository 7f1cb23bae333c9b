"""An IMAP server (RFC 3501) that does on purpose what real ones do seldom: it refuses, drops lines, renumbers.

with ImapServer() as server:
    server.add(raw, trouble="refused")     # into INBOX; the server will not give it
    ...                                    # sign in at server.port with any name and password
"""

import contextlib
import re
import select
import socketserver
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Literal, Self

from tests.peers.peer import now

Trouble = Literal["", "refused", "cut", "nothing", "throttled", "vanishes", "flees", "unreadable envelope"]
IDLE_LOOK_SECONDS = 0.02


@dataclass(slots=True)
class Letter:
    """One message. `date` is the INTERNALDATE as it is written on the wire, None: the server does not give one."""

    uid: int
    raw: bytes
    date: str | None
    trouble: Trouble = ""


@dataclass(slots=True)
class Folder:
    """One folder; `use` is its special use (RFC 6154)."""

    uidvalidity: int = 7
    next_uid: int = 1
    letters: list[Letter] = field(default_factory=list)
    use: str = ""


def internal_date(at: datetime) -> str:
    """Write an instant as INTERNALDATE has it."""
    return f'"{at:%d-%b-%Y %H:%M:%S +0000}"'


class ImapServer:
    """The server, in threads of its own.

    `answers` are what it says once to a command (LOGIN, EXAMINE, FETCH, IDLE ...) in place of doing it, one after the
    other; "BYE" closes the line. `commands` counts what it was asked. `idle` says whether it has IDLE.
    """

    def __init__(self, *, idle: bool = True) -> None:
        self.folders = {"INBOX": Folder()}
        self.answers: dict[str, list[str]] = {}
        self.always: dict[str, str] = {}
        self.commands: Counter[str] = Counter()
        self.idle = idle
        self.lock = threading.RLock()
        self._server = _Threads(("127.0.0.1", 0), _Session)
        self._server.host = self
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add(
        self, raw: bytes, *, trouble: Trouble = "", date: str | None = "now", folder: str = "INBOX", uid: int = 0
    ) -> int:
        """Put a message into a folder, under the next number or a later one; return its UID."""
        with self.lock:
            place = self.folders[folder]
            uid = uid or place.next_uid
            place.letters.append(Letter(uid, raw, internal_date(now()) if date == "now" else date, trouble))
            place.next_uid = uid + 1
            return uid

    def remove(self, uid: int, folder: str = "INBOX") -> None:
        """Expunge a message."""
        with self.lock:
            place = self.folders[folder]
            place.letters = [letter for letter in place.letters if letter.uid != uid]

    def renumber(self, folder: str = "INBOX") -> None:
        """Number the folder anew, as a server that was restored or moved does."""
        with self.lock:
            place = self.folders[folder]
            place.uidvalidity += 1
            for uid, letter in enumerate(place.letters, 1):
                letter.uid = uid
            place.next_uid = len(place.letters) + 1


class _Threads(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False
    host: ImapServer

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of lines that clients drop."""


class _Closed(Exception):
    """The line is dropped."""


class _Refused(Exception):
    """The command has its answer already."""


class _Session(socketserver.StreamRequestHandler):
    """One connection."""

    server: _Threads
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Answer commands until the line is dropped."""
        self.host, self.folder, self.name, self.count = self.server.host, Folder(), "", 0
        with contextlib.suppress(_Closed, OSError):
            self.say("* OK ready")
            while line := self.rfile.readline().decode("utf-8", "replace").strip():
                tag, _, rest = line.partition(" ")
                with contextlib.suppress(_Refused):
                    self.obey(tag, rest)

    def say(self, *lines: str | bytes) -> None:
        """Write lines."""
        self.wfile.write(b"".join((line.encode() if isinstance(line, str) else line) + b"\r\n" for line in lines))

    def obey(self, tag: str, rest: str) -> None:
        """Carry out one command, or answer what the script says."""
        words = rest.upper().split()
        command = words[1] if words[0] == "UID" else words[0]
        with self.host.lock:
            self.host.commands[command] += 1
            script = self.host.answers.get(command)
            answer = script.pop(0) if script else self.host.always.get(command, "")
        if answer == "BYE":
            raise _Closed
        if answer:
            self.say(f"{tag} {answer}")
            return
        actions: dict[str, Callable[[], None]] = {
            "LOGIN": lambda: None,
            "CAPABILITY": self.capability,
            "LIST": self.list_folders,
            "EXAMINE": lambda: self.examine(rest),
            "SEARCH": lambda: self.search(rest),
            "FETCH": lambda: self.fetch(tag, rest),
            "NOOP": self.news,
            "STATUS": self.status,
            "IDLE": self.wait,
            "LOGOUT": lambda: self.say("* BYE"),
        }
        actions[command]()
        code = "[READ-ONLY] " if command == "EXAMINE" else ""
        self.say(f"{tag} OK {code}done")

    def capability(self) -> None:
        """Say what the server has."""
        self.say("* CAPABILITY IMAP4rev1" + (" IDLE" if self.host.idle else ""))

    def list_folders(self) -> None:
        """List every folder with its special use."""
        for name, place in self.host.folders.items():
            self.say(f'* LIST ({place.use}) "/" "{name}"')

    def examine(self, rest: str) -> None:
        """Open a folder."""
        self.name = rest.partition(" ")[2].strip('"')
        self.folder = self.host.folders[self.name]
        self.count = len(self.folder.letters)
        self.say(
            f"* {self.count} EXISTS",
            f"* OK [UIDVALIDITY {self.folder.uidvalidity}] numbers",
            f"* OK [UIDNEXT {self.folder.next_uid}] next",
        )

    def status(self) -> None:
        """Say the next number of the open folder."""
        self.say(f'* STATUS "{self.name}" (UIDNEXT {self.folder.next_uid})')

    def news(self) -> None:
        """Say how many messages there are, where that has changed."""
        if len(self.folder.letters) != self.count:
            self.count = len(self.folder.letters)
            self.say(f"* {self.count} EXISTS")

    def wait(self) -> None:
        """Announce news until the client says DONE."""
        self.say("+ idling")
        while not select.select([self.connection], [], [], IDLE_LOOK_SECONDS)[0]:
            self.news()
        if not self.rfile.readline():
            raise _Closed

    def search(self, rest: str) -> None:
        """List the numbers of a range; days are not looked at, which a client must expect anyway."""
        self.folder.letters = [letter for letter in self.folder.letters if letter.trouble != "flees"]
        uids = [letter.uid for letter in self.folder.letters]
        if span := re.search(r"\(?UID (\d+)(?::(\d+|\*))?", rest.removeprefix("UID SEARCH")):
            first, last = int(span[1]), span[2]
            top = max(uids, default=0) if last == "*" else int(last or first)
            uids = [uid for uid in uids if min(first, top) <= uid <= max(first, top)]
        self.say(" ".join(["* SEARCH", *map(str, uids)]))

    def fetch(self, tag: str, rest: str) -> None:
        """Give what is asked for of each message, or the trouble of one."""
        numbers, _, items = rest.removeprefix("UID FETCH ").partition(" ")
        uids = set(_numbers(numbers))
        for place, letter in enumerate(list(self.folder.letters), 1):
            if letter.uid in uids:
                self.give(tag, place, letter, items)

    def give(self, tag: str, place: int, letter: Letter, items: str) -> None:
        """Give one message."""
        if "BODY" not in items:
            self.facts(tag, place, letter, items)
            return
        match letter.trouble:
            case "refused" | "unreadable envelope":
                self.refuse(tag, "NO the message is broken")
            case "throttled":
                self.refuse(tag, "NO [THROTTLED] later")
            case "nothing":
                self.say(f"* {place} FETCH (UID {letter.uid} BODY[] NIL)")
            case "vanishes":
                self.host.remove(letter.uid, self.name)
            case "cut":
                self.say(f"* {place} FETCH (UID {letter.uid} BODY[] {{{len(letter.raw)}}}", letter.raw[:10])
                raise _Closed
            case _:
                partial = re.search(r"<0\.(\d+)>", items)
                raw = letter.raw[: int(partial[1])] if partial else letter.raw
                item = "BODY[]<0>" if partial else "BODY[]"
                self.say(f"* {place} FETCH (UID {letter.uid} {item} {{{len(raw)}}}".encode() + b"\r\n" + raw + b")")

    def facts(self, tag: str, place: int, letter: Letter, items: str) -> None:
        """Give what is known without the message itself."""
        if "ENVELOPE" in items:
            if letter.trouble == "unreadable envelope":
                self.refuse(tag, "NO the index is broken, too")
            sender = '(("Pat" NIL "pat" "residents.example"))'
            envelope = f'(NIL "Bins" {sender} {sender} {sender} NIL NIL NIL NIL "<{letter.uid}@residents.example>")'
            self.say(f"* {place} FETCH (UID {letter.uid} ENVELOPE {envelope})")
            return
        date = f" INTERNALDATE {letter.date}" if letter.date and "INTERNALDATE" in items else ""
        self.say(f"* {place} FETCH (UID {letter.uid} RFC822.SIZE {len(letter.raw)}{date})")

    def refuse(self, tag: str, words: str) -> None:
        """End the command with a refusal; the next command comes on the same line."""
        self.say(f"{tag} {words}")
        raise _Refused


def _numbers(text: str) -> Iterator[int]:
    for part in text.split(","):
        first, _, last = part.partition(":")
        yield from range(int(first), int(last or first) + 1)
