"""After a stop or an outage: whoever staff have answered meanwhile is not told that we have their message."""

import secrets
import shutil
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient

from tests.components import service as configured
from tests.components.dovecot import CONTACT, Dovecot
from tests.components.ports import wait_until
from tests.components.service import Service, ask
from tests.components.sink import Sink
from tests.journeys.test_kill import mail

ANSWERED, LEFT = range(1, 4), range(4, 7)
FULL_ANSWER = "The street light was repaired on Friday. Thank you for telling us."
HOLDING_REPLY = "We will look into this and get back to you."


def channels(server: Dovecot, sink: Sink, *, sent_folder: str = "Sent") -> list[str]:
    """A mailbox with a folder of sent mail, and a way out."""
    way = configured.IMAP.format(port=server.imap_port, user=CONTACT, begin="now")
    way += f'sent_folder = "{sent_folder}"\npoll_seconds = 1\n'
    return [way, configured.SMTP.format(port=sink.port)]


def answer_to(number: int, words: str) -> bytes:
    """What staff's mail program files when they have answered."""
    return (
        f"From: Jo Ellis <enquiries@example.gov.uk>\r\nTo: resident{number}@residents.example\r\n"
        f"Subject: Re: Street light {number}\r\nIn-Reply-To: <kill.{number}@residents.example>\r\n"
        f"Message-ID: <typed.{number}@example.gov.uk>\r\n"
        f"Date: {datetime.now(UTC):%a, %d %b %Y %H:%M:%S} +0000\r\n\r\n{words}\r\n"  # noqa: TID251 - staff's own clock
    ).encode()


def answer(server: Dovecot, number: int, words: str = FULL_ANSWER) -> None:
    """File an answer of staff's; their mail program marks the mail as answered, too."""
    with IMAPClient("127.0.0.1", server.imap_port, ssl=False) as client:
        client.login(CONTACT, "secret")
        client.append("Sent", answer_to(number, words), flags=[rb"\Seen"])
        client.select_folder("INBOX")
        client.add_flags(client.search(["HEADER", "Message-ID", f"<kill.{number}@"]), [rb"\Answered"])


def arrive(server: Dovecot, *numbers: int) -> None:
    """People write."""
    for number in numbers:
        server.deliver(mail(number), mail_from=f"resident{number}@residents.example")


def wait_for_cursors(service: Service) -> None:
    """Wait until both folders have been looked at for the first time: from then on nothing is missed."""
    query = "SELECT count(*) FROM cursors WHERE name LIKE 'enquiries%'"
    wait_until(lambda: ask(service.store_url, query)[0][0] == 2, what="the first look into both folders")


def receivers_of(sink: Sink) -> list[Any]:
    """Who has been told that we have their message."""
    mails = [message_from_bytes(raw) for raw in sink.mails()]
    return sorted(message["To"] for message in mails if "residents" in message["To"])


def residents(numbers: range) -> list[str]:
    """Their addresses."""
    return [f"resident{number}@residents.example" for number in numbers]


def wait_for_answers(service: Service, count: int) -> None:
    """Wait until staff's answers are seen."""
    query = "SELECT count(*) FROM messages WHERE written_by = 'staff'"
    wait_until(lambda: ask(service.store_url, query)[0][0] == count, what="staff's answers")


@pytest.mark.needs("dovecot", "smtp-sink")
@pytest.mark.parametrize("words", [FULL_ANSWER, HOLDING_REPLY], ids=["full answers", "holding replies"])
def test_who_was_answered_during_a_stop_gets_no_receipt(tmp_path: Path, words: str) -> None:
    """They wrote and were answered while the service was stopped; everybody else has one receipt at once."""
    with Sink() as sink, Dovecot() as server, Service(tmp_path, channels(server, sink)) as service:
        wait_for_cursors(service)
        assert service.stop() == 0
        arrive(server, *ANSWERED, *LEFT)
        for number in ANSWERED:
            answer(server, number, words)
        service.start()
        wait_until(lambda: len(receivers_of(sink)) >= len(LEFT), what="the receipts of the others")
        wait_for_answers(service, len(ANSWERED))
        # Somebody who writes now has a receipt, and so has everybody that was to have one.
        arrive(server, 9)
        wait_until(lambda: "resident9@residents.example" in receivers_of(sink), what="the receipt of a new mail")
        assert receivers_of(sink) == [*residents(LEFT), "resident9@residents.example"]
        events = ask(service.store_url, "SELECT count(*) FROM events WHERE kind = 'receipt not needed'")
        assert events[0][0] == len(ANSWERED)


@pytest.mark.needs("dovecot", "smtp-sink")
def test_who_was_answered_while_their_receipt_waited_gets_none(tmp_path: Path) -> None:
    """The mail server was away, then the service was stopped, and staff answered: nothing of it leaves afterwards."""
    with Sink() as sink, Dovecot() as server, Service(tmp_path, channels(server, sink)) as service:
        wait_for_cursors(service)
        sink.stop()
        arrive(server, *ANSWERED, *LEFT)
        waits = "SELECT count(*) FROM deliveries WHERE state = 'temporary-failure'"
        wait_until(lambda: ask(service.store_url, waits)[0][0] == 6, what="receipts that wait")
        assert service.stop() == 0
        for number in ANSWERED:
            answer(server, number)
        sink.start()
        service.start()
        wait_until(lambda: len(receivers_of(sink)) >= len(LEFT), what="the receipts of the others")
        wait_for_answers(service, len(ANSWERED))
        assert receivers_of(sink) == residents(LEFT)


@pytest.mark.needs("dovecot", "smtp-sink")
def test_after_an_outage_of_the_mailbox_the_answers_are_read_first(tmp_path: Path) -> None:
    """The mailbox was out of reach, not the service: the same."""
    with Sink() as sink, Dovecot() as server, Service(tmp_path, channels(server, sink)) as service:
        wait_for_cursors(service)
        server.stop()
        wait_until(lambda: "channel.trouble" in service.words(), what="the trouble to be seen")
        for number in (*ANSWERED, *LEFT):
            put(server, "", mail(number))
        for number in ANSWERED:
            put(server, ".Sent", answer_to(number, FULL_ANSWER))
        server.start()
        wait_until(lambda: len(receivers_of(sink)) >= len(LEFT), what="the receipts of the others")
        wait_for_answers(service, len(ANSWERED))
        assert receivers_of(sink) == residents(LEFT)


@pytest.mark.needs("dovecot", "smtp-sink")
def test_a_folder_of_answers_that_does_not_exist_keeps_nobody_waiting(tmp_path: Path) -> None:
    """Nobody has answered anything then: the receipts leave at once."""
    with Sink() as sink, Dovecot() as server:
        service = Service(tmp_path, channels(server, sink, sent_folder="Answers"))
        with service:
            wait_until(lambda: has_begun(service), what="the first look")
            service.stop()
            arrive(server, *LEFT)
            service.start()
            wait_until(lambda: receivers_of(sink) == residents(LEFT), what="the receipts")


def has_begun(service: Service) -> bool:
    """Whether the inbox was looked at."""
    return bool(ask(service.store_url, "SELECT 1 FROM cursors WHERE name = 'enquiries'"))


def put(server: Dovecot, folder: str, raw: bytes) -> None:
    """Put a mail into a folder while the server does not run."""
    path = server.mailbox_path() / folder / "new" / f"{secrets.token_hex(8)}.test"
    path.write_bytes(raw)
    shutil.chown(path, "mail", "mail")
