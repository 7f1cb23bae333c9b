"""Somebody may be in danger: staff are called where they are, on real servers, until one of them has taken it."""

import json
import re
import urllib.parse
import urllib.request
from contextlib import ExitStack
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from imapclient import IMAPClient

from tests.components import service as configured
from tests.components.dovecot import CONTACT, Dovecot
from tests.components.ports import free_port, wait_until
from tests.components.postfix import Postfix
from tests.components.receiver import Receiver
from tests.components.service import Service
from tests.components.synapse import PASSWORD, Synapse
from tests.journeys.test_mail import offer

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
HOOK = """
[[channel]]
name = "pager"
kind = "webhook"
url = "http://127.0.0.1:{port}/hook"
secret = "{secret}"
"""


CRY = (
    b"From: Zebedee <resident@residents.test>\r\nTo: customer.services@example.gov.uk\r\n"
    b"Subject: Zebedee\r\nMessage-ID: <1@residents.test>\r\n\r\nI can smell gas on the stairs.\r\n"
)


def in_mailbox(server: Dovecot) -> list[str]:
    """The text of each mail that staff find in their mailbox."""
    with IMAPClient("127.0.0.1", server.imap_port, ssl=False) as client:
        client.login(CONTACT, "secret")
        client.select_folder("INBOX", readonly=True)
        items = client.fetch(client.search(), ["BODY.PEEK[]"]).values()
    parsed = [message_from_bytes(item[b"BODY[]"], policy=policy.default) for item in items]
    bodies = [mail.get_body(("plain",)) for mail in parsed if "Urgent" in (mail["Subject"] or "")]
    return [body.get_content() for body in bodies if body is not None]


@pytest.mark.needs("dovecot", "postfix", "synapse")
def test_staff_are_called_by_mail_matrix_and_webhook_until_one_has_taken_it(tmp_path: Path) -> None:
    """At once, each; then the lead after a quarter of an hour, also over a kill; then somebody takes it by the link."""
    port = free_port()
    with (
        Dovecot() as mailboxes,
        Postfix(lmtp_port=mailboxes.lmtp_port) as post,
        Synapse() as matrix,
        Receiver() as hook,
    ):
        room = matrix.room("duty")
        way = f"matrix://bot:{PASSWORD}@127.0.0.1:{matrix.port}/%23duty?e2ee=no"
        channels = [configured.LMTP.format(port=port), configured.SMTP.format(port=post.port)]
        service = Service(tmp_path, [*channels, HOOK.format(port=hook.port, secret=SECRET)])
        path = service.config / "ackbot.toml"
        alerts = f'alert = ["mailto:{CONTACT}", "env:MATRIX_URL"]\nlead = ["channel:pager"]'
        text = path.read_text(encoding="utf-8").replace('alert = ["mailto:front.office@example.gov.uk"]', alerts)
        path.write_text(text, encoding="utf-8")
        service.environment["MATRIX_URL"] = way
        # A quarter of an hour is nine seconds; two days in the night of a weekend are not lived to the end.
        faster = ("--pretend-now", "2026-11-29T02:30+00:00", "--speed", "100")
        service.start(*faster)
        with ExitStack() as ended:
            ended.callback(service.kill)
            offer(port, "resident@residents.test", "customer.services@example.gov.uk", CRY)
            wait_until(lambda: bool(in_mailbox(mailboxes)), what="the mail")
            wait_until(lambda: bool(matrix.said_in(room)), what="the words in the room")
            (contact,) = service.contacts()
            assert (contact["urgent"], contact["kind"]) == ("gas", "urgent")
            service.kill()
            service.start("--pretend-now", "2026-11-29T02:50+00:00", "--speed", "100")
            wait_until(lambda: bool(hook.calls), what="the lead's call")
            event = json.loads(hook.calls[0].body)
            assert (event["type"], event["subject"]) == ("ackbot.urgent.v1", contact["reference"])
            mail, room_message = in_mailbox(mailboxes)[0], matrix.said_in(room)[-1]
            for words in (mail, room_message, hook.calls[0].body.decode()):
                assert (contact["reference"] in words, "Zebedee" in words) == (True, False)
            link = re.search(r"https://contact\.example\.gov\.uk(/alerts/\S+)", mail)
            assert link is not None
            assert service.get(link[1])[0] == 200
            taken = urllib.request.urlopen(
                f"http://127.0.0.1:{service.web_port}{link[1]}", urllib.parse.urlencode({"action": "take"}).encode()
            )
            assert "It is yours." in taken.read().decode()
            (after,) = service.contacts()
            assert (after["taken_by"], after["urgent_at"]) == (f"staff:{CONTACT}", None)
        rows = configured.ask(
            service.store_url, "SELECT step, recipient, state FROM deliveries WHERE purpose = 'urgent'"
        )
        assert len({(row.step, row.recipient) for row in rows}) == len(rows)
        assert PASSWORD + "@" not in service.words()
