"""Three weeks over Christmas in half a minute: killed, its clock stepped, its calendar changed; every step is once."""

import random
import time
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.cli.configuration import rulebook_of
from bot.flows.rulebook import Rulebook
from bot.kinds import load
from bot.store import contacts
from bot.store.engine import Store
from tests.components import service as configured
from tests.components.ports import free_port, wait_until
from tests.components.service import Service, ask
from tests.components.sink import Sink
from tests.faults.checker import TRUTHS
from tests.journeys.test_kill import hand_over

BEGIN = datetime(2026, 12, 18, 9, 0, tzinfo=UTC)
SPEED = 800_000
PEOPLE, ANSWERED = 12, 2
# The last step, half as much again as ten working days, is due on 14 January; the calendar's change moves it on.
END = datetime(2027, 1, 22, 12, 0, tzinfo=UTC)
HOLIDAY = 'checked = 2026-12-28\n[[holiday]]\nday = 2026-12-30\ntitle = "The jubilee"\n'


class Rehearsed(Service):
    """A service whose time goes on where the last run ended, or is stepped from there."""

    now = BEGIN

    def live(self, seconds: float, *, step: timedelta = timedelta()) -> None:
        """Run for so long, and be killed."""
        self.now += step
        self.start("--pretend-now", self.now.isoformat(), "--speed", str(SPEED))
        began = time.monotonic()
        time.sleep(seconds)
        self.kill()
        self.now += timedelta(seconds=(time.monotonic() - began) * SPEED)


@pytest.mark.needs("smtp-sink")
def test_every_step_is_taken_once_whatever_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checker of the fault suite agrees, and so does the calendar: no step is missing, none is told twice."""
    monkeypatch.setenv("ACKBOT_SECRET", "s" * 40)
    chance = random.Random(7)
    port = free_port()
    with Sink() as sink, ExitStack() as ended:
        channels = [configured.LMTP.format(port=port), configured.SMTP.format(port=sink.port)]
        service = Rehearsed(tmp_path, channels, daily_list=True)
        service.start("--pretend-now", BEGIN.isoformat(), "--speed", "1")
        ended.callback(service.kill)
        hand_over(port, range(PEOPLE))
        wait_until(lambda: service.acknowledged() == PEOPLE, what="the acknowledgements")
        for contact in service.contacts()[:ANSWERED]:
            service.command("contacts", "respond", contact["reference"])
        service.kill()
        steps = [timedelta(hours=hours) for hours in (0, 1, -1, 0)]
        while service.now < END:
            service.live(chance.uniform(0.6, 1.0), step=steps.pop() if steps else timedelta())
            if len(steps) == 2:
                (service.config / "calendars").mkdir()
                (service.config / "calendars" / "holidays.toml").write_text(HOLIDAY, encoding="utf-8")
        assert not {what: n for what, query in TRUTHS.items() if (n := ask(service.store_url, query)[0][0])}
        _judge(service, rulebook_of(load(service.config)))


def _judge(service: Rehearsed, book: Rulebook) -> None:
    store = Store(service.store_url)
    every = store.read_now(contacts.list_all)
    answered = [contact for contact in every if contact.responded_at is not None]
    assert len(answered) == ANSWERED
    for contact in every:
        history = store.read_now(partial(contacts.events_of, contact_id=contact.id))
        events = [event for event in history if event.kind == "escalated"]
        taken = Counter(e.details["step"] for e in events)
        if contact in answered:
            assert not taken
            continue
        rungs = [step.name for at, step in book.clocks.rungs(contact, book.clocks.of(contact, ())) if at <= service.now]
        # After an outage only the highest step is told: what is below it may be missing, and is behind.
        assert contact.respond_step == len(rungs)
        assert taken[rungs[-1]] == 1
        moved = sum(taken.values()) - len(taken)
        assert moved <= 1, taken  # the proclaimed holiday gives one step another date
        assert set(taken) <= set(rungs)
    store.let_go()
