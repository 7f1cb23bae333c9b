"""The real service and a mail server that refuses us for a while: one alarm, and everybody has their receipt."""

from collections import Counter
from email import message_from_bytes
from pathlib import Path

from tests.components import service as configured
from tests.components.ports import free_port, wait_until
from tests.components.service import Service, ask
from tests.journeys.test_kill import hand_over
from tests.peers.mail_server import Attempt, MailServer, Step, takes_all

PEOPLE = 5


def has_no_quota(step: Step, attempt: Attempt) -> str:
    """The day's quota is used up for all but the house itself."""
    is_outside = attempt.recipient.endswith("residents.example")
    return "550 5.4.5 Daily sending quota exceeded" if step == "RCPT" and is_outside else ""


def test_a_quota_costs_nobody_a_receipt(tmp_path: Path) -> None:
    """Staff hear of it once; when it is lifted everybody has one receipt, within seconds."""
    port = free_port()
    with MailServer(has_no_quota) as server:
        ways = [configured.LMTP.format(port=port), configured.SMTP.format(port=server.port)]
        with Service(tmp_path, ways) as service:
            hand_over(port, range(PEOPLE))
            notices = "SELECT count(*) FROM deliveries WHERE purpose = 'notice'"
            wait_until(lambda: ask(service.store_url, notices)[0][0] == 1, what="the alarm")
            states = Counter(row[0] for row in ask(service.store_url, "SELECT state FROM deliveries"))
            assert not states["permanent-failure"] + states["technical-failure"]
            server.script = takes_all
            wait_until(lambda: service.acknowledged() == PEOPLE, what="everybody's receipt")
            assert ask(service.store_url, notices)[0][0] == 1
    receipts = Counter(message_from_bytes(attempt.content)["To"] for attempt in server.taken)
    assert all(receipts[f"resident{number}@residents.example"] == 1 for number in range(PEOPLE))
