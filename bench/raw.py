"""The raw serial loop: one mail at a time, one insert, one SMTP send over a kept connection, and no logic.

    python -m bench.raw imap PORT USER PASSWORD SMTP_PORT COUNT STORE
    python -m bench.raw lmtp PORT SMTP_PORT COUNT STORE

Prints the seconds from its first mail to its last, as JSON with its own CPU seconds.
"""

import json
import resource
import smtplib
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from time import perf_counter

from imapclient import IMAPClient

ANSWER = (
    b"From: customer.services@example.gov.uk\r\nTo: resident@residents.example\r\nSubject: We have your message\r\n"
    b"Auto-Submitted: auto-replied\r\n\r\n" + b"We have your message. " * 120 + b"\r\n"
)


def from_imap(port: int, user: str, password: str, count: int) -> Iterator[bytes]:
    """Fetch one mail at a time."""
    client = IMAPClient("127.0.0.1", port=port, ssl=False)
    client.login(user, password)
    client.select_folder("INBOX", readonly=True)
    for uid in client.search("ALL")[:count]:
        yield client.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"]
    client.logout()


def from_lmtp(port: int, count: int) -> Iterator[bytes]:
    """Accept one mail at a time on one connection; the next is read when this one is done."""
    with socket.create_server(("127.0.0.1", port)) as server:
        connection, _ = server.accept()
    with connection, connection.makefile("rwb") as line:
        _say(line, "220 raw")
        mail_count = 0
        while mail_count < count:
            verb = line.readline()[:4].upper()
            if verb == b"DATA":
                _say(line, "354 go on")
                body = []
                while (text := line.readline()) != b".\r\n":
                    body.append(text)
                yield b"".join(body)
                mail_count += 1
            _say(line, "250 ok")


def _say(line: "socket.SocketIO | object", words: str) -> None:
    line.write(words.encode() + b"\r\n")  # type: ignore[union-attr]  # a buffered pair, which the types do not name
    line.flush()  # type: ignore[union-attr]


def loop(mails: Iterator[bytes], smtp_port: int, store: str) -> float:
    """Run the loop; return its seconds from the first mail on."""
    database = sqlite3.connect(store, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE IF NOT EXISTS mails (id INTEGER PRIMARY KEY, raw BLOB)")
    start = 0.0
    with smtplib.SMTP("127.0.0.1", smtp_port) as smtp:
        for raw in mails:
            start = start or perf_counter()
            database.execute("INSERT INTO mails (raw) VALUES (?)", (raw,))
            smtp.sendmail("customer.services@example.gov.uk", ["resident@residents.example"], ANSWER)
        return perf_counter() - start


def main() -> None:
    """Run as a process of its own, so that its CPU time can be measured."""
    kind, *rest = sys.argv[1:]
    ways: dict[str, Callable[..., Iterator[bytes]]] = {"imap": from_imap, "lmtp": from_lmtp}
    *source, smtp_port, count, store = rest
    port, *account = source
    seconds = loop(ways[kind](int(port), *account, int(count)), int(smtp_port), store)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"seconds": seconds, "cpu_seconds": usage.ru_utime + usage.ru_stime}))


if __name__ == "__main__":
    main()
