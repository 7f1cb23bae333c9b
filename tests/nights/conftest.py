"""What the nights happen to: a service that takes mail, and answers into a folder."""

import smtplib
from collections.abc import Callable, Iterator
from email import message_from_bytes
from pathlib import Path

import pytest

from tests.components import service as configured
from tests.components.ports import free_port
from tests.components.service import Service

ADDRESS = "customer.services@example.gov.uk"
Write = Callable[[int], None]


@pytest.fixture
def port() -> int:
    """Where the service takes mail."""
    return free_port()


@pytest.fixture
def service(tmp_path: Path, port: int) -> Iterator[Service]:
    """It does not run yet; a night may write more into its configuration."""
    channels = [configured.LMTP.format(port=port), configured.LOOPBACK]
    process = Service(tmp_path, channels)
    process.environment["ACKBOT_SECRET"] = "s" * 40
    yield process
    process.kill()


@pytest.fixture
def write(port: int) -> Write:
    """Writes a mail of one resident of that number."""

    def hand_over(number: int) -> None:
        sender = f"resident{number}@residents.example"
        mail = (
            f"From: {sender}\r\nTo: {ADDRESS}\r\nSubject: Street light {number}\r\n"
            f"Message-ID: <night.{number}@residents.example>\r\n\r\nIt is out.\r\n"
        )
        with smtplib.LMTP("127.0.0.1", port) as client:
            client.sendmail(sender, [ADDRESS], mail.encode())

    return hand_over


def mails(service: Service) -> list[tuple[str, str]]:
    """To whom each mail went that left into the folder, and its words, in their order."""
    folder = service.directory / "sent"
    read = (path.read_bytes() for path in sorted(folder.glob("*")) if path.is_file()) if folder.exists() else ()
    return [(str(message_from_bytes(raw)["To"]), raw.decode(errors="replace")) for raw in read]


def receivers(service: Service) -> list[str]:
    """The residents who were sent something, once for each mail."""
    return sorted(to for to, _ in mails(service) if "residents.example" in to)
