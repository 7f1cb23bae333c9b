"""A copy of the store is put back after a loss: nobody hears twice, and nobody is forgotten."""

import shutil
from email import message_from_bytes
from pathlib import Path

import pytest

from tests.components import service as configured
from tests.components.dovecot import CONTACT, Dovecot
from tests.components.ports import wait_until
from tests.components.service import Service
from tests.components.sink import Sink


def arrive(server: Dovecot, numbers: range) -> None:
    """Mails of one resident each come into the mailbox."""
    for number in numbers:
        sender = f"resident{number}@residents.example"
        server.deliver(
            f"From: {sender}\r\nTo: enquiries@example.gov.uk\r\nSubject: Light {number}\r\n"
            f"Message-ID: <restore.{number}@residents.example>\r\n\r\nIt is out.\r\n".encode(),
            mail_from=sender,
        )


def heard(sink: Sink) -> list[str]:
    """Which residents were sent something, once for each message."""
    return sorted(
        to for mail in map(message_from_bytes, sink.mails()) if "residents.example" in (to := str(mail["To"]))
    )


@pytest.mark.needs("dovecot", "smtp-sink")
def test_a_copy_put_back_sends_nothing_twice(tmp_path: Path) -> None:
    """Made while the service runs, put back after it died: what may have been answered is held, and staff are told."""
    copy = tmp_path / "copy.db"
    with Sink() as sink, Dovecot() as server:
        channels = [
            configured.IMAP.format(port=server.imap_port, user=CONTACT, begin="all"),
            configured.SMTP.format(port=sink.port),
        ]
        with Service(tmp_path, channels) as service:
            arrive(server, range(5))
            wait_until(lambda: service.acknowledged() == 5, what="five receipts")
            assert "MB" in service.command("store", "backup", str(copy)).stdout
            assert service.command("store", "backup", str(copy), check=False).exit_code == 2
            arrive(server, range(5, 10))
            wait_until(lambda: service.acknowledged() == 10, what="ten receipts")
            service.kill()
            shutil.copy(copy, service.store)
            for beside in ("-wal", "-shm"):
                service.store.with_name(f"{service.store.name}{beside}").unlink(missing_ok=True)

            service.start()
            wait_until(lambda: len(service.contacts()) == 10, what="the five that the copy did not know")
            stopped = service.command("release", "--list").stdout.splitlines()
            arrive(server, range(10, 11))
            wait_until(lambda: service.acknowledged() == 6, what="a receipt for who wrote after")
            assert len(stopped) == 5
            everybody = [f"resident{number}@residents.example" for number in range(11)]
            assert heard(sink) == sorted(everybody)
            subjects = [str(message_from_bytes(raw)["Subject"]) for raw in sink.mails()]
            assert sum("put back" in subject for subject in subjects) == 1

            service.kill()
            service.start()
            service.command("contacts", "acknowledge-now", stopped[0].split()[0])
            wait_until(lambda: service.acknowledged() == 7, what="the one receipt that staff let leave")
            assert "4 receipts" in service.command("release").stdout
            wait_until(lambda: service.acknowledged() == 11, what="the rest")
            references = [contact["reference"] for contact in service.contacts()]
            assert len(set(references)) == 11
            subjects = [str(message_from_bytes(raw)["Subject"]) for raw in sink.mails()]
            assert sum("put back" in subject for subject in subjects) == 1
