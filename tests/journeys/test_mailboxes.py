"""The service on a mailbox whose server misbehaves: everybody who can be read is answered, and the rest is told."""

from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from tests.components import service as configured
from tests.components.ports import wait_until
from tests.components.service import Service
from tests.components.sink import Sink
from tests.peers.imap import Folder, ImapServer


@pytest.fixture
def sink() -> Iterator[Sink]:
    """Where acknowledgements and alerts arrive."""
    with Sink() as running:
        yield running


def mail(number: int) -> bytes:
    """A mail that a person typed."""
    return (
        f"From: Sam <sam{number}@residents.example>\r\nTo: enquiries@example.gov.uk\r\nSubject: Bins {number}\r\n"
        f"Message-ID: <{number}@residents.example>\r\n\r\nBin number {number} was not emptied.\r\n"
    ).encode()


def channels(server: ImapServer, sink: Sink) -> list[str]:
    """A mailbox with two folders and one of unwanted mail."""
    table = configured.IMAP.format(port=server.port, user="enquiries", begin="now")
    more = 'folders = ["INBOX", "Enquiries"]\njunk = true\npoll_seconds = 1\n'
    return [table + more, configured.SMTP.format(port=sink.port)]


def sent(sink: Sink) -> list[Message]:
    """What has left."""
    return list(map(message_from_bytes, sink.mails()))


def acknowledged(sink: Sink) -> set[str]:
    """The people who have an acknowledgement."""
    return {mail["To"] for mail in sent(sink) if str(mail["To"]).endswith("@residents.example")}


def notices(sink: Sink) -> set[str]:
    """The subjects of what staff are told."""
    return {mail["Subject"] for mail in sent(sink) if mail["To"] == "front.office@example.gov.uk"}


@pytest.mark.needs("smtp-sink")
def test_a_mailbox_whose_server_misbehaves(tmp_path: Path, sink: Sink) -> None:
    """Two mails that the server does not give, one taken away, one unwanted, one in the future: each has its end."""
    with ImapServer() as server:
        server.folders |= {"Enquiries": Folder(), "Spam": Folder(use="\\Junk")}
        service = Service(tmp_path, channels(server, sink))
        with service:
            wait_until(lambda: server.commands["IDLE"] >= 3, what="three folders that are listened to")
            server.add(mail(1))
            wait_until(lambda: acknowledged(sink) == {"sam1@residents.example"}, what="the first receipt")
        with server.lock:
            server.add(mail(2), trouble="cut")
            server.add(mail(3), date='"01-Jan-2099 00:00:00 +0000"')
            server.add(mail(4), trouble="refused")
            server.remove(server.add(mail(5)))
            server.add(mail(6), date=None)
            server.add(mail(7), folder="Enquiries")
            server.add(mail(8), folder="Spam")
            server.answers["LOGIN"] = ["NO [THROTTLED] slow down"]
            server.answers["EXAMINE"] = ["BAD User is authenticated but not connected."]
        with service:
            people = {f"sam{number}@residents.example" for number in (1, 3, 6, 7)}
            wait_until(lambda: acknowledged(sink) == people, what="the receipts of all who can be read")
            subjects = {"A message on enquiries needs a person", "1 message was moved before we read it"}
            wait_until(lambda: subjects <= notices(sink), what="what staff are told")
            wait_until(lambda: len(shunted(service)) == 2, what="what could not be read")
            wait_until(lambda: unwanted(service) == ["sam8@residents.example"], what="the unwanted mail")
    assert acknowledged(sink) == people
    assert "Traceback" not in service.words()


def shunted(service: Service) -> list[str]:
    """Why messages could not be read."""
    return [row[0] for row in configured.ask(service.store_url, "SELECT error FROM shunted ORDER BY id")]


def unwanted(service: Service) -> list[str]:
    """Who wrote what was logged as unwanted."""
    query = "SELECT sender_address, rule FROM contacts WHERE outcome = 'log'"
    return [row[0] for row in configured.ask(service.store_url, query) if row[1] == "16 unwanted mail"]
