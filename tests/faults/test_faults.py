"""The short form of `make faults`: three real services on a real PostgreSQL, and the worst that happens to them."""

import signal
import time
from collections.abc import Iterator
from os import kill
from pathlib import Path

import pytest

from bot.store import schema
from tests.components import service as configured
from tests.components.ports import wait_until
from tests.components.postgres import Postgres
from tests.components.sink import Sink
from tests.faults.checker import judge
from tests.faults.fleet import Fleet, Senders, message_id


@pytest.fixture
def store_url(postgres: Postgres) -> Iterator[str]:
    """An empty store on PostgreSQL."""
    yield postgres.url_of("fresh")
    postgres.empty("fresh")


@pytest.mark.timeout(120)
@pytest.mark.needs("smtp-sink")
def test_killed_and_stopped_services_lose_and_double_nothing(tmp_path: Path, store_url: str) -> None:
    """One after the other dies or stands still for longer than its lease; others take over what it had claimed."""
    mails = range(400)
    with Sink() as sink, Fleet(tmp_path, store_url, 3, [configured.SMTP.format(port=sink.port)]) as fleet:
        senders = Senders(fleet.ports, mails, pause=0.01).start()
        stopped = fleet.services[0].pid
        time.sleep(1)
        kill(stopped, signal.SIGSTOP)
        for service in fleet.services[1:]:
            service.kill()
            service.start()
        time.sleep(max(0.0, 11 - 4))
        kill(stopped, signal.SIGCONT)
        senders.join(60)
        wait_until(lambda: fleet.acknowledged() == len(mails), what="every acknowledgement", seconds=30)
        wait_until(lambda: fleet.waiting() == 0, what="an empty outbox")
        verdict = judge(store_url, map(message_id, mails), sink.mails())
    assert verdict.good, verdict
    assert schema.current(store_url) == schema.newest()
