"""Bounces that Postfix makes, answers that staff file in a mail client, and two Ackbots that meet: on real servers."""

import json
import smtplib
import sqlite3
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient

from tests.components import service as configured
from tests.components.dovecot import CONTACT, Dovecot
from tests.components.ports import PATIENCE_SECONDS, free_port, wait_until
from tests.components.postfix import Postfix
from tests.components.service import Service
from tests.components.sink import Sink
from tests.journeys.test_kill import hand_over, mail

# What tells a program's mail from a person's, and what careless forwarders take away.
SIGNS = "^(Auto-Submitted|X-Ackbot-Loop|X-Auto-Response-Suppress|Precedence):"
QUIET_SECONDS = 1.0


def channels(port: int, address: str, smtp_port: int) -> list[str]:
    """One mailbox by LMTP, answered by SMTP, at this address."""
    ways = [configured.LMTP.format(port=port), configured.SMTP.format(port=smtp_port)]
    return [way.replace("customer.services@example.gov.uk", address) for way in ways]


def whole(service: Service, reference: str) -> dict[str, Any]:
    """Everything that is known of a contact."""
    contact: dict[str, Any] = json.loads(service.command("contacts", "show", reference, "--json").stdout)
    return contact


def count_of(service: Service, query: str) -> int:
    """What a query counts in the store itself."""
    with closing(sqlite3.connect(f"file:{service.store}?mode=ro", uri=True, timeout=PATIENCE_SECONDS)) as store:
        return int(store.execute(query).fetchone()[0])


def from_person(sender: str, to: str, number: int = 1) -> bytes:
    """A mail that a person typed."""
    return (
        f"From: Somebody <{sender}>\r\nTo: {to}\r\nSubject: A matter\r\nMessage-ID: <{number}.{sender}>\r\n\r\n"
        "Please help.\r\n"
    ).encode()


def offer(port: int, sender: str, to: str, raw: bytes) -> None:
    """Hand one mail over by LMTP."""
    with smtplib.LMTP("127.0.0.1", port, timeout=PATIENCE_SECONDS) as client:
        client.sendmail(sender, [to], raw)


@pytest.mark.needs("postfix", "smtp-sink")
def test_a_receipt_that_postfix_sends_back_is_a_task_for_staff(tmp_path: Path) -> None:
    """Its report comes to the signed address: not acknowledged, suppressed, and no end of notices about notices."""
    port = free_port()
    with (
        Sink("-f", "RCPT") as refusing,
        Postfix(lmtp_port=port, relay_port=refusing.port) as post,
        Service(tmp_path, channels(port, "contact@council.test", post.port)) as service,
    ):
        hand_over(port, range(1))
        events = "SELECT count(*) FROM events WHERE kind = 'undeliverable'"
        wait_until(lambda: count_of(service, events) > 0, what="the report of non-delivery")
        (contact, *_) = service.contacts()
        assert (contact["acknowledged_at"], contact["state"]) == (None, "open")
        assert "undeliverable" in {event["kind"] for event in whole(service, contact["reference"])["events"]}
        output = service.command("suppressions").stdout
        assert "resident0@residents.example" in output
        # The notice to staff comes back, too, as do alerts; that must come to an end.
        queued = "SELECT count(*) FROM deliveries"
        count = -1
        while count != count_of(service, queued):
            count = count_of(service, queued)
            time.sleep(QUIET_SECONDS)
        assert count < 6
        assert service.command("suppressions", "--drop", "resident0@residents.example").exit_code == 0
        assert "resident0" not in service.command("suppressions").stdout


@pytest.mark.needs("dovecot", "smtp-sink")
def test_an_answer_that_staff_file_in_their_mail_client_stops_the_clock(tmp_path: Path) -> None:
    """An APPEND to the folder of sent mail, which comes into being only then; a wrong guess is put right."""
    with Sink() as sink, Dovecot() as server:
        way = configured.IMAP.format(port=server.imap_port, user=CONTACT, begin="all")
        way += 'sent_folder = "Answers"\npoll_seconds = 1\n'
        with Service(tmp_path, [way, configured.SMTP.format(port=sink.port)]) as service:
            server.deliver(mail(1), mail_from="resident1@residents.example")
            wait_until(lambda: service.acknowledged() == 1, what="the acknowledgement")
            (contact,) = service.contacts()
            sent_at = datetime.fromisoformat(contact["received_at"])
            answer = (
                "From: Jo Ellis <enquiries@example.gov.uk>\r\nTo: resident1@residents.example\r\n"
                f"Subject: Re: Street light 1\r\nIn-Reply-To: {contact['external_id']}\r\n"
                f"Message-ID: <typed@example.gov.uk>\r\nDate: {sent_at:%a, %d %b %Y %H:%M:%S %z}\r\n\r\n"
                "The street light was repaired on Friday. Thank you for telling us.\r\n"
            ).encode()
            with IMAPClient("127.0.0.1", server.imap_port, ssl=False) as client:
                client.login(CONTACT, "secret")
                client.create_folder("Answers")
                # Once it has a cursor nothing in it is missed.
                wait_until(
                    lambda: count_of(service, "SELECT count(*) FROM cursors WHERE name LIKE 'enquiries%'") == 2,
                    what="the look into the folder",
                )
                client.append("Answers", answer)
            answered = "SELECT count(*) FROM contacts WHERE state = 'answered'"
            wait_until(lambda: count_of(service, answered) == 1, what="the answer to be seen")
            (contact,) = service.contacts()
            assert datetime.fromisoformat(contact["responded_at"]) == sent_at
            assert whole(service, contact["reference"])["messages"][1]["written_by"] == "staff"
            output = service.command("contacts", "correct", contact["reference"], "--as", "holding").stdout
            assert "holding reply" in output
            assert service.contacts()[0]["state"] == "open"
            live = service.command("check", "--live").stdout
            assert "a first look would log 1 of 1 messages" in live


@pytest.mark.needs("postfix", "smtp-sink")
@pytest.mark.parametrize("drop", ["$^", SIGNS], ids=["as sent", "signs taken away"])
def test_two_ackbots_that_write_to_each_other_stop_by_themselves(tmp_path: Path, drop: str) -> None:
    """Also through forwarders that take every sign of a program away: at most a receipt and a note each."""
    ports = free_port(), free_port()
    ours, theirs = "contact@council.test", "resident@residents.test"
    with (
        Sink() as sink,
        Postfix(lmtp_port=ports[1], relay_port=sink.port, drop=drop) as to_them,
        Postfix(lmtp_port=ports[0], relay_port=sink.port, drop=drop) as to_us,
        Service(tmp_path / "one", channels(ports[0], ours, to_them.port)) as our_bot,
        Service(tmp_path / "two", channels(ports[1], theirs, to_us.port)) as their_bot,
    ):
        offer(ports[0], theirs, ours, from_person(theirs, ours))
        offer(ports[1], ours, theirs, from_person(ours, theirs))
        for service in (our_bot, their_bot):
            wait_until(lambda service=service: service.acknowledged() >= 1, what="a receipt")  # type: ignore[misc]
        held = "SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM deliveries)"
        count = -1
        while count != (now := count_of(our_bot, held) + count_of(their_bot, held)):
            count = now
            time.sleep(QUIET_SECONDS)
        for service in (our_bot, their_bot):
            assert count_of(service, "SELECT count(*) FROM deliveries WHERE purpose = 'acknowledgement'") <= 2
            assert count_of(service, "SELECT count(*) FROM deliveries WHERE purpose = 'added'") <= 2
            assert count_of(service, "SELECT count(*) FROM messages") <= 6
