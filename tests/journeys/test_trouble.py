"""The service in trouble: a locked file, a full disk, a mail server away. Nothing is lost, and it recovers."""

import resource
import shutil
import smtplib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from email import message_from_bytes
from pathlib import Path

import pytest

from tests.components import service as configured
from tests.components.form import send_form
from tests.components.ports import PATIENCE_SECONDS, free_port, wait_until
from tests.components.service import Service
from tests.components.sink import Sink
from tests.journeys.test_kill import hand_over, mail


@pytest.fixture
def sink() -> Iterator[Sink]:
    """Where acknowledgements and alerts arrive."""
    with Sink() as running:
        yield running


@pytest.fixture
def port() -> int:
    """Where the service takes mail."""
    return free_port()


@pytest.fixture
def service(tmp_path: Path, sink: Sink, port: int) -> Iterator[Service]:
    """The service with LMTP, the form and a way out."""
    channels = [configured.LMTP.format(port=port), configured.FORM, configured.SMTP.format(port=sink.port)]
    with Service(tmp_path, channels) as running:
        yield running


def offer(port: int, raw: bytes) -> int:
    """Offer one mail by LMTP; the answer's code."""
    with smtplib.LMTP("127.0.0.1", port, timeout=PATIENCE_SECONDS) as client:
        try:
            client.sendmail("a@b.example", ["customer.services@example.gov.uk"], raw)
        except smtplib.SMTPDataError as error:
            return error.smtp_code
    return 250


@pytest.mark.needs("smtp-sink")
def test_a_person_at_the_form_gets_one_acknowledgement(service: Service, sink: Sink) -> None:
    """The page shows the reference, the mail carries the same one, with the date and the headers of a robot."""
    status, page = send_form(service, "The bin was not emptied.")
    assert status == 200
    (contact,) = service.contacts()
    assert contact["reference"] in page
    sink.wait_for(1)
    (sent,) = map(message_from_bytes, sink.mails())
    assert sent["To"] == "sam@residents.example"
    assert contact["reference"] in sent["Subject"]
    assert sent["Auto-Submitted"] == "auto-replied"
    assert sent["X-Auto-Response-Suppress"] == "DR, RN, NRN, OOF, AutoReply"


@pytest.mark.needs("smtp-sink")
def test_a_locked_store_is_said_on_every_way_in_and_passes(service: Service, port: int) -> None:
    """LMTP answers 451, the form says try again and keeps the words, /readyz is red; then all is well by itself."""
    with closing(sqlite3.connect(service.store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert offer(port, mail(1)) == 451
        status, page = send_form(service, "Please do not lose this.")
        assert status == 503
        assert "Please do not lose this." in page
        wait_until(lambda: service.get("/readyz")[0] == 503, what="/readyz, which looks once a second")
        assert service.get("/healthz")[0] == 200
    assert offer(port, mail(1)) == 250
    assert send_form(service, "Please do not lose this.")[0] == 200
    wait_until(lambda: service.get("/readyz")[0] == 200, what="/readyz")
    assert len(service.contacts()) == 2


@pytest.mark.needs("smtp-sink")
def test_a_full_disk_loses_nothing_and_passes(service: Service, port: int) -> None:
    """No byte can be written: mail stays with its server, /readyz is red; with room again it goes on."""
    assert offer(port, mail(1)) == 250
    service.contacts()
    unlimited = resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    assert offer(port, mail(2)) == 451
    wait_until(lambda: service.get("/readyz")[0] == 503, what="/readyz, which looks once a second")
    figures = service.get("/metrics")[1]
    assert "ackbot_store_writable 0.0" in figures
    assert "ackbot_ready 0.0" in figures
    resource.prlimit(service.pid, resource.RLIMIT_FSIZE, unlimited)
    wait_until(lambda: offer(port, mail(2)) == 250, what="room on the disk")
    wait_until(lambda: service.get("/readyz")[0] == 200, what="/readyz")
    wait_until(lambda: service.acknowledged() == 2, what="both acknowledged")
    assert len(service.contacts()) == 2


@pytest.mark.needs("smtp-sink")
def test_a_store_that_was_taken_away_takes_nothing_in(service: Service, port: int, sink: Sink, tmp_path: Path) -> None:
    """Refused on every way in, /readyz is red, the operators are called once; put back, it goes on by itself."""
    assert offer(port, mail(1)) == 250
    sink.wait_for(1)
    wait_until(lambda: service.acknowledged() == 1, what="the acknowledgement")
    service.store.rename(tmp_path / "aside.db")
    assert (offer(port, mail(2)), send_form(service, "Do not lose this.")[0]) == (451, 503)
    shutil.copy(tmp_path / "aside.db", service.store)
    assert (offer(port, mail(2)), send_form(service, "Do not lose this.")[0]) == (451, 503)
    wait_until(lambda: service.get("/readyz")[0] == 503, what="/readyz, which looks once a second")
    assert "is another file than the one that is open" in service.get("/readyz")[1]
    sink.wait_for(2)
    (tmp_path / "aside.db").rename(service.store)
    wait_until(lambda: service.get("/readyz")[0] == 200, what="/readyz")
    assert offer(port, mail(2)) == 250
    wait_until(lambda: service.acknowledged() == 2, what="both acknowledged")
    sink.wait_for(3)
    notices = [sent["Subject"] for sent in map(message_from_bytes, sink.mails()) if "front.office" in sent["To"]]
    assert notices == ["The store of Ackbot is gone"]


@pytest.mark.needs("smtp-sink")
def test_a_mail_server_that_was_away_gets_everything_once(service: Service, port: int, sink: Sink) -> None:
    """While it is away nothing is lost; when it is back each acknowledgement leaves once."""
    sink.stop()
    hand_over(port, range(5))
    wait_until(lambda: "delivery.failed" in service.words(), what="a failed attempt")
    assert service.acknowledged() == 0
    wait_until(lambda: "ackbot_waiting_deliveries 5.0" in service.get("/metrics")[1], what="/metrics")
    assert "ackbot_oldest_waiting_receipt_seconds 0.0" not in service.get("/metrics")[1]
    sink.start()
    wait_until(lambda: service.acknowledged() == 5, what="acknowledgements")
    assert sorted(message_from_bytes(raw)["To"] for raw in sink.mails()) == [
        f"resident{number}@residents.example" for number in range(5)
    ]


@pytest.mark.needs("smtp-sink")
def test_an_address_that_does_not_exist_becomes_a_task_for_staff(service: Service, port: int, sink: Sink) -> None:
    """550 for the person, taken for the team: one notice with the reference, without the address."""
    sink.stop()
    sink.options = ("-f", "RCPT", "-B", "550 5.1.1 no such user")
    sink.start()
    hand_over(port, range(1))
    wait_until(lambda: "delivery.failed" in service.words(), what="a refusal")
    sink.stop()
    sink.options = ()
    sink.start()
    sink.wait_for(1)
    (contact,) = service.contacts()
    assert contact["acknowledged_at"] is None
    (notice,) = map(message_from_bytes, sink.mails())
    assert notice["To"] == "front.office@example.gov.uk"
    assert contact["reference"] in notice["Subject"]
    assert "resident0" not in notice.as_string()


BAD_MAIL = {
    "empty": b"",
    "garbage": b"\x00\xff\xfe garbage without a header",
    "lying charset": b"From: a@b.example\r\nSubject: =?utf-8?B?////?=\r\n"
    b"Content-Type: text/plain; charset=klingon\r\n\r\n\xff\xfe\r\n",
    "10,000 headers": b"From: a@b.example\r\n" + b"X-Many: 1\r\n" * 10_000 + b"\r\nHello\r\n",
    "1,000 nested parts": b"From: a@b.example\r\n"
    + b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(1000)),
    "30 MB": b"From: a@b.example\r\nMessage-ID: <x@b.example>\r\n\r\n" + b"A line of text.\r\n" * 1_760_000,
    "injection": b"From: a@b.example\r\nMessage-ID: <evil\r\n Bcc: x@y.example>\r\n"
    b"References: <a\x0bb@c>\r\n\r\nHello\r\n",
}


@pytest.mark.needs("smtp-sink")
def test_bad_mail_is_logged_and_harms_nobody(service: Service, port: int, sink: Sink) -> None:
    """Whatever comes is logged, and the neighbour who writes next is acknowledged."""
    for number, raw in enumerate(BAD_MAIL.values()):
        assert offer(port, raw) == 250
        hand_over(port, range(number, number + 1))
    wait_until(lambda: _neighbours_acknowledged(sink) == len(BAD_MAIL), what="every neighbour's acknowledgement")
    assert len(service.contacts()) == 2 * len(BAD_MAIL)
    assert "message.shunted" not in service.words()
    assert not any(message_from_bytes(raw)["Bcc"] for raw in sink.mails())


def _neighbours_acknowledged(sink: Sink) -> int:
    return sum(b"To: resident" in raw for raw in sink.mails())


@pytest.mark.needs("smtp-sink")
def test_a_second_service_on_the_same_store_is_refused(service: Service) -> None:
    """Two would send twice: the second says what to do and ends with status 2."""
    second = service.process("run")
    assert second.returncode == 2
    assert "another Ackbot is running" in second.stderr


@pytest.mark.needs("smtp-sink")
def test_the_log_holds_no_address_and_no_words(service: Service, port: int, sink: Sink) -> None:
    """What people write, and who they are, stays out of the log and the metrics."""
    hand_over(port, range(3))
    sink.wait_for(3)
    output = service.words() + service.get("/metrics")[1]
    for private in ("resident0", "residents.example", "Street light", "It is out"):
        assert private not in output
    assert "ackbot_messages_logged_total" in output
