"""Mails a second on PostgreSQL: one process, then three on the same store, in one run."""

import tempfile
import time
from datetime import datetime
from pathlib import Path

from bench import rig
from bot.store import schema
from tests.components import service as configured
from tests.components.ports import wait_until
from tests.components.postgres import Postgres
from tests.components.service import ask
from tests.components.sink import Sink
from tests.faults.fleet import Fleet

# One mail in ten comes from a robot: logged, never acknowledged.
ANSWERED = 0.9
# A few connections, and the most that the mail servers of three machines hold open, at Postfix's default of twenty
# each.
CONNECTIONS = (12, 60)


def one_and_three(count: int) -> None:
    """Hand the same mails over by LMTP to one process and then to three; over few connections, and over many."""
    for connections in CONNECTIONS:
        _one_and_three(count, connections)


def _one_and_three(count: int, connections: int) -> None:
    with Sink() as sink, Postgres(durable=True) as server, tempfile.TemporaryDirectory() as folder:
        rates = []
        for size in (1, 3):
            url = server.create(f"size{size}")
            schema.upgrade(url)
            with Fleet(
                Path(folder) / f"{size}", url, size, [configured.SMTP.format(port=sink.port), configured.NO_BREAKER]
            ) as fleet:
                rig.settle()
                before = [rig.cost(service.pid) for service in fleet.services]
                rig.deliver_among(fleet.ports, count, connections)
                wait_until(lambda u=url: _sent_count(u) >= count * ANSWERED, what="every acknowledgement", seconds=300)  # type: ignore[misc]
                after = [rig.cost(service.pid) for service in fleet.services]
                rates.append(count / _span(url))
                rig.show(
                    benchmark="mails logged and acknowledged on PostgreSQL",
                    way=f"LMTP, {connections} connections",
                    processes=size,
                    mails=count,
                    mails_a_second=rates[-1],
                    ratio_to_one_process=rates[-1] / rates[0],
                    cpu_milliseconds_a_mail=1000
                    * sum(late.cpu_seconds - early.cpu_seconds for early, late in zip(before, after, strict=True))
                    / count,
                )
            time.sleep(1)


def _sent_count(url: str) -> int:
    query = "SELECT count(*) FROM deliveries WHERE state = 'sent' AND purpose = 'acknowledgement'"
    return int(ask(url, query)[0][0])


def _span(url: str) -> float:
    """Return the seconds from the first contact's logging to the last acknowledgement's hand-over."""
    ((first,),) = ask(url, "SELECT min(at) FROM events WHERE kind = 'logged'")
    ((last,),) = ask(url, "SELECT max(sent_at) FROM deliveries")
    assert isinstance(first, datetime)
    assert isinstance(last, datetime)
    return (last - first).total_seconds()
