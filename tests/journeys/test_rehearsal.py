"""A fortnight in seconds: the ladder, the digest, and an answer that ends them."""

from contextlib import ExitStack
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from bot.core.calendars import calendar
from bot.core.clocks import due
from bot.core.durations import duration
from bot.core.escalations import RESPOND_LADDER
from tests.components import service as configured
from tests.components.ports import free_port, wait_until
from tests.components.service import Service
from tests.components.sink import Sink
from tests.journeys.test_kill import hand_over

# Friday; ten working days end on Wednesday 6 January, over Christmas and New Year (two weekends, three bank holidays).
BEGIN = "2026-12-18T10:00+00:00"
SPEED = "100000"


def subjects(sink: Sink, *, to: str) -> list[str]:
    """The subjects of what was sent to one address, in the order of their dates."""
    parsed = [message_from_bytes(raw, policy=policy.default) for raw in sink.mails()]
    chosen = [mail for mail in parsed if to in (mail["To"] or "")]  # the last one may still be half written
    return [mail["Subject"] for mail in sorted(chosen, key=lambda mail: mail["Date"].datetime)]


@pytest.mark.needs("smtp-sink")
def test_the_ladder_is_climbed_once_also_over_a_restart(tmp_path: Path) -> None:
    """Half and three quarters in the daily list, then two messages, each once; an answer ends it."""
    with Sink() as sink:
        port = free_port()
        channels = [configured.LMTP.format(port=port), configured.SMTP.format(port=sink.port)]
        service = Service(tmp_path, channels, daily_list=True)
        service.start("--pretend-now", BEGIN, "--speed", SPEED)
        with ExitStack() as ended:
            ended.callback(service.kill)
            hand_over(port, range(1))
            wait_until(lambda: any(_lists(sink, "half of the time or more")), what="a list with the contact")
            (contact,) = service.contacts()
            received = datetime.fromisoformat(contact["received_at"])
            assert BEGIN[:10] <= contact["received_at"][:10] < "2027"
            promised = due(duration("10 working days"), received, calendar("england"))
            assert datetime.fromisoformat(contact["respond_by"]) == promised
            service.kill()
            service.start("--pretend-now", "2027-01-01T10:00+00:00", "--speed", SPEED)
            wait_until(lambda: len(_alerts(sink)) >= 2, what="two alerts")
            wait_until(lambda: any(_lists(sink, "Why, and whose it is: late")), what="a list of what is overdue")
            service.command("contacts", "respond", contact["reference"])
            (contact,) = service.contacts()
            assert contact["state"] == "answered"
            assert contact["responded_at"] > contact["respond_by"]
            service.stop()
        steps = _alerts(sink)
        assert len(steps) == len(set(steps)) == 2
        assert all(contact["reference"] in subject for subject in steps)
        assert all(_lists(sink, contact["reference"]))
        assert "rehearsal" in service.words()


def _mails(sink: Sink) -> list[EmailMessage]:
    parsed = [message_from_bytes(raw, policy=policy.default) for raw in sink.mails()]
    return [mail for mail in parsed if "front.office" in (mail["To"] or "")]


def _lists(sink: Sink, words: str) -> list[bool]:
    """Whether each daily list holds these words, where any does."""
    lists = [mail for mail in _mails(sink) if mail["Subject"].startswith("Answers owed")]
    return [words in str(mail.get_body(("plain",))) for mail in lists]


def _alerts(sink: Sink) -> list[str]:
    """The alerts about the answer. On a busy machine the hurried clock may pass the window of the receipt, too."""
    words = [step.words for step in RESPOND_LADDER]
    return [subject for subject in subjects(sink, to="front.office") if any(map(subject.endswith, words))]
