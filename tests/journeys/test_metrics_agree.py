"""What Prometheus counts and what `ackbot report` says of the same hours are the same numbers."""

import json
import smtplib
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.components import service as configured
from tests.components.ports import free_port, wait_until
from tests.components.service import Service

# Every receipt is due on the working day after; the period lasts longer than the test on any machine.
BEGIN, FIRST, LAST = "2026-11-24T09:00+00:00", "2026-11-24", "2027-12-31"
SPEED = "20000"
PEOPLE, NOWHERE, ROBOTS, ANSWERS = 7, 5, 6, 5
MAIL = """\
From: {sender}
To: customer.services@example.gov.uk
Subject: A question
Message-ID: <{sender}>
{more}
When is the library open?
"""


def _write(port: int) -> None:
    """People write, some from addresses that take no mail, and a program does."""
    senders = [(f"person.{number}@residents.example", "") for number in range(PEOPLE)]
    senders += [(f"person.{number}@undeliverable.example", "") for number in range(NOWHERE)]
    senders += [(f"news.{number}@shop.example", "List-Id: <news.shop.example>\n") for number in range(ROBOTS)]
    with smtplib.LMTP("127.0.0.1", port) as client:
        for sender, more in senders:
            mail = MAIL.format(sender=sender, more=more).replace("\n", "\r\n").encode()
            client.sendmail(sender, ["customer.services@example.gov.uk"], mail)


def _metrics(service: Service) -> dict[tuple[str, ...], int]:
    """Each count by its name and the values of its labels."""
    families = text_string_to_metric_families(service.get("/metrics")[1])
    samples = (sample for family in families for sample in family.samples)
    return {(sample.name, *sample.labels.values()): int(sample.value) for sample in samples}


def _report(service: Service) -> dict[str, Any]:
    """The first line of the report: everything."""
    output = service.command("report", "--from", FIRST, "--to", LAST, "--format", "json").stdout
    line: dict[str, Any] = json.loads(output.splitlines()[0])
    return line


def _service(directory: Path, port: int) -> Service:
    """What goes to staff leaves by an outlet of its own."""
    outlets = [configured.LOOPBACK, configured.LOOPBACK.replace('"post"', '"alerts"').replace('"sent"', '"alerted"')]
    service = Service(directory, [configured.LMTP.format(port=port), *outlets], daily_list=True)
    main = service.config / "ackbot.toml"
    team = 'alert = ["mailto:front.office@example.gov.uk"]\nreplies_by = '
    main.write_text(main.read_text().replace(f'{team}"post"', f'{team}"alerts"'), encoding="utf-8")
    return service


def test_counters_and_report_agree_over_the_same_hours(tmp_path: Path) -> None:
    """What came, what was only logged, what left, what could not, what is open."""
    port = free_port()
    with _service(tmp_path, port).start("--pretend-now", BEGIN, "--speed", SPEED) as service:
        _write(port)
        settled = {"sent": PEOPLE, "permanent-failure": NOWHERE}
        keys = {state: ("ackbot_delivery_attempts_total", "post", state) for state in settled}
        wait_until(
            lambda: {state: _metrics(service)[key] for state, key in keys.items()} == settled, what="every receipt"
        )
        people = [c["reference"] for c in service.contacts() if c["acknowledged_at"]]
        for reference in people[:ANSWERS]:
            service.command("contacts", "respond", reference)
        wait_until(lambda: _report(service)["ack_due"] == PEOPLE + NOWHERE, what="the days on which receipts are due")
        metrics, report = _metrics(service), _report(service)
        service.stop()
    assert metrics["ackbot_messages_logged_total", "inbox", "acknowledge"] == report["received"]
    rules = [rule.partition("=")[2] for rule in report["suppressed_by_reason"].split("; ")]
    assert metrics["ackbot_messages_logged_total", "inbox", "log"] == sum(map(int, rules))
    assert settled["sent"] == report["ack_in_standard"]
    assert settled["permanent-failure"] == report["undeliverable"]
    assert metrics["ackbot_open_contacts",] == report["open_end"]
