"""The real servers behave as the tests that use them rely on."""

import smtplib
import ssl
from collections.abc import Iterator

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from tests.components.dovecot import CONTACT, Dovecot
from tests.components.ports import wait_until
from tests.components.postfix import Postfix
from tests.components.sink import Sink
from tests.conftest import Needs

MAIL = b"From: Ann <ann@elsewhere.test>\r\nSubject: Pothole\r\n\r\nIn Mill Lane.\r\n"


@pytest.fixture
def dovecot(needs: Needs) -> Iterator[Dovecot]:
    needs("dovecot")
    with Dovecot() as server:
        yield server


@pytest.fixture
def sink(needs: Needs) -> Iterator[Sink]:
    needs("smtp-sink")
    with Sink() as server:
        yield server


def test_what_is_delivered_stays_over_a_restart(dovecot: Dovecot) -> None:
    """LMTP puts a mail into the mailbox, IMAP over TLS shows it, and a restarted server still has it."""
    dovecot.deliver(MAIL)
    dovecot.restart()
    context = ssl.create_default_context(cafile=dovecot.certificate)
    with IMAPClient("127.0.0.1", dovecot.imaps_port, ssl_context=context) as client:
        client.login(CONTACT, "secret")
        assert client.select_folder("INBOX")[b"EXISTS"] == 1


def test_a_new_password_is_in_force(dovecot: Dovecot) -> None:
    """Once `set_password` returns, the old password is refused."""
    dovecot.set_password(CONTACT, "another")
    with IMAPClient("127.0.0.1", dovecot.imap_port, ssl=False) as client:
        with pytest.raises(LoginError):
            client.login(CONTACT, "secret")
        client.login(CONTACT, "another")


def test_a_folder_can_be_numbered_anew(dovecot: Dovecot) -> None:
    """`change_uidvalidity` changes UIDVALIDITY each time, and loses no mail."""
    dovecot.deliver(MAIL)
    seen = set()
    for _ in range(2):
        dovecot.change_uidvalidity()
        with IMAPClient("127.0.0.1", dovecot.imap_port, ssl=False) as client:
            client.login(CONTACT, "secret")
            folder = client.select_folder("INBOX")
            assert folder[b"EXISTS"] == 1
            seen.add(folder[b"UIDVALIDITY"])
    assert len(seen) == 2


def test_a_server_may_be_unable_to_push(needs: Needs) -> None:
    """`Dovecot(idle=False)` does not offer IDLE."""
    needs("dovecot")
    with Dovecot(idle=False) as server, IMAPClient("127.0.0.1", server.imap_port, ssl=False) as client:
        client.login(CONTACT, "secret")
        assert not client.has_capability("IDLE")


def test_mail_finds_its_way(needs: Needs, dovecot: Dovecot, sink: Sink) -> None:
    """Postfix hands the council's mail to Dovecot and all other to the sink, which keeps its envelope."""
    needs("postfix")
    with Postfix(lmtp_port=dovecot.lmtp_port, relay_port=sink.port) as server:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            client.sendmail("ann@elsewhere.test", [CONTACT, "bob@elsewhere.test"], MAIL)
        sink.wait_for(1)
        wait_until(lambda: any((dovecot.mailbox_path() / "new").glob("*")), what="the mail in the mailbox")
        assert b"X-Rcpt-Args: <bob@elsewhere.test>" in sink.mails()[0]


def test_a_sink_can_refuse(sink: Sink) -> None:
    """With smtp-sink's options it refuses, and keeps what it took before."""
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        client.sendmail("ann@elsewhere.test", ["bob@elsewhere.test"], MAIL)
    sink.options = ("-f", "RCPT")
    sink.restart()
    with smtplib.SMTP("127.0.0.1", sink.port) as client, pytest.raises(smtplib.SMTPRecipientsRefused):
        client.sendmail("ann@elsewhere.test", ["bob@elsewhere.test"], MAIL)
    assert sink.count() == 1
