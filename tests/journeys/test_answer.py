"""What an officer types reaches the person by real mail servers; killed while it leaves, it leaves under one name."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.components import service as configured
from tests.components.officer import PASSWORD, Officer
from tests.components.ports import free_port, wait_until
from tests.components.postfix import Postfix
from tests.components.service import Service, ask
from tests.components.sink import Sink
from tests.journeys.test_kill import hand_over

ANN = "ann@example.gov.uk"
WORDS = "The street light is repaired.\nSee https://www.example.gov.uk/lights"


def officer_of(service: Service, directory: Path) -> Officer:
    """Ann, signed in."""
    password = directory / "password"
    password.write_text(PASSWORD, encoding="utf-8")
    role = ("--role", "officer", "--team", "front-office", "--name", "Ann Example")
    service.command("staff", "add", ANN, *role, "--password-file", str(password))
    officer = Officer(service.web_port)
    assert officer.sign_in(ANN).status == 200
    return officer


def answers_in(sink: Sink) -> list[EmailMessage]:
    """Every mail in the sink that an officer typed."""
    mails = [message_from_bytes(raw, policy=policy.default) for raw in sink.mails()]
    return [mail for mail in mails if str(mail["Message-ID"]).startswith("<answer.")]


def state_of(service: Service) -> str:
    """Where the answer stands in the outbox."""
    return str(ask(service.store_url, "SELECT state FROM deliveries WHERE purpose = 'answer'")[0][0])


@pytest.mark.needs("postfix", "smtp-sink")
def test_an_answer_reaches_the_person_in_their_thread(tmp_path: Path) -> None:
    """By Postfix: in answer to their mail, from the officer, as a person's mail; then the contact is answered."""
    port = free_port()
    with Sink() as sink, Postfix(lmtp_port=port, relay_port=sink.port) as post:
        channels = [configured.LMTP.format(port=port), configured.SMTP.format(port=post.port)]
        with Service(tmp_path, channels) as service:
            hand_over(port, range(1))
            (contact,) = service.contacts()
            officer = officer_of(service, tmp_path)
            assert officer.act(contact["reference"], "answer", kind="full", words=WORDS).status == 200
            wait_until(lambda: len(answers_in(sink)) == 1, what="the answer")
            (mail,) = answers_in(sink)
            assert mail["From"] == '"Ann Example, Exampleshire Council" <customer.services@example.gov.uk>'
            assert mail["To"] == "resident0@residents.example"
            assert mail["In-Reply-To"] == mail["References"] == "<kill.0@residents.example>"
            assert mail["Subject"] == f"Re: Street light 0 ({contact['reference']})"
            assert (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]) == (None, None)
            body = mail.get_body(("plain",))
            assert body is not None
            assert body.get_content().splitlines()[:2] == WORDS.splitlines()
            wait_until(lambda: service.contacts()[0]["state"] == "answered", what="the record")


@pytest.mark.needs("smtp-sink")
def test_killed_between_claim_and_record_it_leaves_under_one_name(tmp_path: Path) -> None:
    """Once or twice, as receipts do, with the same Message-ID; then the clock stops, and once."""
    port = free_port()
    with Sink("-w", "1") as slow:
        channels = [configured.LMTP.format(port=port), configured.SMTP.format(port=slow.port)]
        with Service(tmp_path, channels) as service:
            hand_over(port, range(1))
            (contact,) = service.contacts()
            wait_until(lambda: service.acknowledged() == 1, what="the receipt")
            officer = officer_of(service, tmp_path)
            assert officer.act(contact["reference"], "answer", kind="full", words=WORDS).status == 200
            wait_until(lambda: state_of(service) == "sending", what="the claim")
            service.kill()
            service.start()
            wait_until(lambda: state_of(service) == "sent", what="the record")
            wait_until(lambda: len(answers_in(slow)) in (1, 2), what="the answer")
            assert len({mail["Message-ID"] for mail in answers_in(slow)}) == 1
            (contact,) = service.contacts()
            assert contact["state"] == "answered"
            responded = "SELECT count(*) FROM events WHERE kind = 'responded'"
            assert ask(service.store_url, responded)[0][0] == 1
