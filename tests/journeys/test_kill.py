"""Nothing lost, nothing doubled: the real service, real Dovecot, a real SMTP server, and SIGKILL at random moments."""

import random
import smtplib
import threading
import time
from collections import defaultdict
from email import message_from_bytes
from pathlib import Path

import pytest

from bot.loops.sending import RECORD_AT_ONCE
from tests.components import service as configured
from tests.components.dovecot import CONTACT, Dovecot
from tests.components.ports import LEAVING_SECONDS, PATIENCE_SECONDS, free_port, wait_until
from tests.components.service import Service
from tests.components.sink import Sink

MAILS_EACH_WAY = 250
KILLS = 8


def mail(number: int) -> bytes:
    """A mail of one resident of their own."""
    return (
        f"From: Resident {number} <resident{number}@residents.example>\r\nTo: customer.services@example.gov.uk\r\n"
        f"Subject: Street light {number}\r\nMessage-ID: <kill.{number}@residents.example>\r\n\r\nIt is out.\r\n"
    ).encode()


def hand_over(port: int, numbers: range) -> None:
    """Like a mail server: every mail is offered again until it is taken."""
    for number in numbers:
        while True:
            try:
                with smtplib.LMTP("127.0.0.1", port, timeout=PATIENCE_SECONDS) as client:
                    client.sendmail(
                        f"resident{number}@residents.example", ["customer.services@example.gov.uk"], mail(number)
                    )
                break
            except (OSError, smtplib.SMTPException):
                time.sleep(0.02)


def fill(server: Dovecot, numbers: range) -> None:
    """Mails arrive in a mailbox."""
    for number in numbers:
        server.deliver(mail(number), mail_from=f"resident{number}@residents.example")


@pytest.mark.needs("dovecot", "smtp-sink")
def test_five_hundred_mails_through_many_deaths(tmp_path: Path) -> None:
    """500 contacts, 500 acknowledgements; a doubled one carries the same Message-ID."""
    chance = random.Random(7)
    with Sink() as sink, Dovecot() as server:
        port = free_port()
        service = Service(
            tmp_path,
            [
                configured.LMTP.format(port=port),
                configured.IMAP.format(port=server.imap_port, user=CONTACT, begin="all"),
                configured.SMTP.format(port=sink.port),
                configured.NO_BREAKER,
            ],
        )
        by_lmtp, by_imap = range(MAILS_EACH_WAY), range(MAILS_EACH_WAY, 2 * MAILS_EACH_WAY)
        with service:
            ways = [
                threading.Thread(target=hand_over, args=(port, by_lmtp)),
                threading.Thread(target=fill, args=(server, by_imap)),
            ]
            for way in ways:
                way.start()
            for _ in range(KILLS):
                time.sleep(chance.uniform(0.05, 0.6))
                service.kill()
                service.start()
            for way in ways:
                way.join()
            wait_until(lambda: service.acknowledged() == 2 * MAILS_EACH_WAY, what="500 acknowledgements")
            service.stop()
        assert service.words().count("service.started") == KILLS + 1
        contacts = service.contacts()
        assert len({contact["external_id"] for contact in contacts}) == len(contacts) == 2 * MAILS_EACH_WAY
        assert len({contact["reference"] for contact in contacts}) == len(contacts)
        _every_resident_heard_once(sink.mails())


def _every_resident_heard_once(sent: list[bytes]) -> None:
    heard: dict[str, set[str]] = defaultdict(set)
    for mail in map(message_from_bytes, sent):
        heard[mail["To"]].add(mail["Message-ID"])
    assert len(heard) == 2 * MAILS_EACH_WAY
    assert all(len(message_ids) == 1 for message_ids in heard.values())
    doubled = len(sent) - len(heard)
    # At each death: a hand-over on each of eight connections, and what was handed over and is being recorded.
    assert doubled <= (8 + RECORD_AT_ONCE) * KILLS


class FromNothing(Service):
    """The program as it starts where nothing of it has been imported yet: other tests fork it, to save that time."""

    is_forked = False


@pytest.mark.needs("smtp-sink")
def test_a_term_drains_and_loses_nothing(tmp_path: Path) -> None:
    """Started as from a terminal; SIGTERM in its work: it stops within ten seconds, a restart does the rest, once."""
    with Sink("-w", "1") as slow:
        port = free_port()
        channels = [configured.LMTP.format(port=port), configured.SMTP.format(port=slow.port)]
        with FromNothing(tmp_path, channels) as service:
            hand_over(port, range(20))
            began = time.monotonic()
            assert service.stop() == 0
            assert time.monotonic() - began < LEAVING_SECONDS
            service.start()
            wait_until(lambda: service.acknowledged() == 20, what="the rest")
            service.stop()
        sent = [message_from_bytes(raw) for raw in slow.mails()]
        assert len(sent) == len({mail["To"] for mail in sent}) == 20
