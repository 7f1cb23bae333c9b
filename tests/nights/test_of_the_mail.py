"""Nights of the mail: a mailbox, an account, the provider, too many receipts, the wrong words."""

import re
from pathlib import Path

import pytest

from tests.components import service as configured
from tests.components.dovecot import CONTACT, Dovecot
from tests.components.ports import wait_until
from tests.components.service import Service
from tests.components.sink import Sink
from tests.nights.conftest import Write, mails, receivers
from tests.nights.page import Night
from tests.peers.telegram import TOKEN, TelegramPeer

MAIL = b"From: sam@residents.example\r\nMessage-ID: <night@residents.example>\r\n\r\nIt is out.\r\n"


@pytest.mark.needs("dovecot")
def test_a_mailbox_is_refused(tmp_path: Path) -> None:
    """The password was changed: the server's words are shown; with the new one what waited is read and answered."""
    with Dovecot() as server:
        mailbox = configured.IMAP.format(port=server.imap_port, user=CONTACT, begin="all")
        with Service(tmp_path, [mailbox, configured.LOOPBACK]) as service:
            right = service.environment["IMAP_PASSWORD"]
            service.kill()
            service.environment["IMAP_PASSWORD"] = "changed"
            service.start()
            server.deliver(MAIL, mail_from="sam@residents.example")
            with Night("mailbox-refused", service) as night:
                assert "enquiries" in night.step(1).words
                (service.config / "environment").write_text(f"IMAP_PASSWORD={right}\n", encoding="utf-8")
                night.step()
            wait_until(lambda: receivers(service) == ["sam@residents.example"], what="the receipt of what waited")


@pytest.mark.needs("smtp-sink")
def test_the_provider_is_down(tmp_path: Path, port: int, write: Write) -> None:
    """Nothing leaves; another server takes what waits after a restart."""
    sink = Sink()
    channels = [configured.LMTP.format(port=port), configured.SMTP.format(port=sink.port)]
    with sink, Service(tmp_path, channels) as service:
        sink.stop()
        write(1)
        wait_until(lambda: "delivery.failed" in service.words(), what="an attempt in vain")
        with Night("provider-is-down", service) as night:
            assert "the receipt has not left yet" in night.step(1).words
            sink.start()
            night.step()
        wait_until(lambda: service.acknowledged() == 1, what="the receipt that waited")


def test_receipts_are_stopped(service: Service, write: Write) -> None:
    """More wrote within a minute than the limit: all are listed, and all have their receipt once they are let go."""
    with (service.config / "ackbot.toml").open("a", encoding="utf-8") as file:
        file.write("\n[limits]\nreceipts_a_minute = 2\n")
    service.start()
    for number in range(4):
        write(number)
    with Night("receipts-are-stopped", service) as night:
        first = night.step().words
        assert "receipts are held" in first
        assert re.search(r"[1-4] receipts? leaves? now|[1-4] receipts leave now", night.step().words)
    wait_until(lambda: service.acknowledged() == 4, what="everybody's receipt")


def test_the_wrong_words_went_to_many(service: Service, write: Write) -> None:
    """Stopped, listed, put right, corrected, let go: whoever had the wrong ones hears once more, nobody else does."""
    service.start()
    for number in (1, 2):
        write(number)
    wait_until(lambda: service.acknowledged() == 2, what="receipts with the wrong words")
    with Night("we-sent-something-wrong-to-many", service, {"2026-12-18T06:00": "2026-01-01T00:00"}) as night:
        assert "no receipt leaves" in night.step().words
        write(3)
        wait_until(lambda: len(service.contacts()) == 3, what="who writes meanwhile")
        assert night.step().words.count("acknowledgement.en") == 2
        night.step()
        night.step()
        assert len((night.home / "who.txt").read_text(encoding="utf-8").split()) == 2
        (night.home / "correction.txt").write_text("We are sorry: the number was wrong.", encoding="utf-8")
        assert "2 contacts are written to" in night.step().words
        wait_until(lambda: _corrections(service) == 2, what="both corrections")
        assert "resident3@residents.example" not in receivers(service)
        assert "1 receipts leave now" in night.step().words
        wait_until(lambda: service.acknowledged() == 3, what="the receipt that was held")
        assert "0 receipts are held" in night.step().words
    assert receivers(service).count("resident3@residents.example") == 1


def _corrections(service: Service) -> int:
    return sum("the number was wrong" in words for _, words in mails(service))


def test_an_account_is_not_covered(tmp_path: Path) -> None:
    """Its token was taken back; with a new one what was written meanwhile is read and answered."""
    with TelegramPeer() as peer:
        account = peer.table().replace(f'"{TOKEN}"', '"env:TOKEN"') + 'begin = "all"\n'
        service = Service(tmp_path, [account, configured.LOOPBACK])
        service.environment["TOKEN"] = "500:taken-back"
        with service:
            peer.write("Sam", "The bin was not emptied.")
            with Night("account-not-covered", service) as night:
                assert "telegram" in night.step(1).words
                (service.config / "environment").write_text(f"TOKEN={TOKEN}\n", encoding="utf-8")
                night.step()
            wait_until(lambda: len(peer.answers_to("Sam")) == 1, what="the receipt of what was written meanwhile")
