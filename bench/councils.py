"""Many organisations on one PostgreSQL: a real service and a database for each, at rest and in their busiest hour.

A large council gets 100,000 contacts a year: 50 in an hour of a working day, and three times as many in the busiest.
Then one of them is flooded while the others go on, and the database is started anew under all of them.

Every service is forked from a process that has imported the program, as to import it takes most of a start: memory that
they share is counted once. Two hundred take a quarter of an hour on two cores that have nothing else to do.
"""

import random
import smtplib
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from bench import rig
from bot.store import schema
from tests.components import service as configured
from tests.components.ports import free_port, wait_until
from tests.components.postgres import Postgres
from tests.components.service import Service, ask
from tests.components.sink import Sink
from tests.faults.fleet import ADDRESS, mail

CONTACTS_AN_HOUR = 150
AT_REST_SECONDS = 120.0
FLOOD_MAILS, FLOOD_CONNECTIONS = 2_000, 4
# So many start side by side: as many as an operator's tool would do at once.
STARTS_AT_ONCE = 10
LINES = 8
LATENCIES = """SELECT coalesce(extract(epoch FROM d.sent_at - c.received_at), 'infinity')
               FROM contacts c LEFT JOIN deliveries d ON d.contact_id = c.id AND d.purpose = 'acknowledgement'
               WHERE c.received_at > '{since}'"""
ACTIVITY = """SELECT (SELECT count(*) FROM pg_stat_activity WHERE usename IS NOT NULL),
              (SELECT sum(xact_commit + xact_rollback) FROM pg_stat_database),
              (SELECT sum(pg_database_size(datname)) FROM pg_database)"""


@dataclass(frozen=True, slots=True)
class Reading:
    """The counters of everything at one moment: CPU in seconds, memory in MB."""

    at: float
    services: float
    database: float
    transactions: int
    connections: int
    stored: float

    @classmethod
    def take(cls, services: Sequence[Service], server: Postgres) -> "Reading":
        """Read them now."""
        with psycopg.connect(server.url) as connection:
            activity = connection.execute(ACTIVITY).fetchone()
        assert activity is not None
        connections, transactions, size = activity
        return cls(
            time.monotonic(),
            sum(rig.cost(service.pid).cpu_seconds for service in services),
            _database_seconds(server),
            int(transactions),
            int(connections),
            float(size) / 2**20,
        )

    def since(self, before: "Reading", count: int) -> dict[str, Any]:
        """What was used between two readings by so many services."""
        seconds = self.at - before.at
        return {
            "seconds": seconds,
            "cores_of_all_services": (self.services - before.services) / seconds,
            "cpu_milliseconds_a_second_of_a_service": (self.services - before.services) / seconds / count * 1_000,
            "cores_of_the_database": (self.database - before.database) / seconds,
            "transactions_a_second": (self.transactions - before.transactions) / seconds,
            "connections": self.connections,
        }


def on_one_server(count: int, minutes: float = 4) -> None:
    """Start so many services, watch them at rest, in their busiest hour, beside a flood, and after a restart."""
    Service.is_forked = True
    folder = tempfile.TemporaryDirectory()
    with Sink() as sink, Postgres(durable=True, connections=8 * count + 50) as server, folder:
        schema.upgrade(server.create("fresh"))
        ports = [free_port() for _ in range(count)]
        services = [_council(Path(folder.name), server, sink, number, port) for number, port in enumerate(ports)]
        try:
            began = time.monotonic()
            _start(services)
            cpu_seconds = sum(rig.cost(service.pid).cpu_seconds for service in services)
            seconds = time.monotonic() - began
            rig.show(benchmark=f"{count} organisations: start", seconds=seconds, cpu_seconds_each=cpu_seconds / count)
            _at_rest(services, server)
            _busiest_hour(services, ports, server, minutes)
            _flood(services, ports, server, minutes / 2)
            _restart(services, server)
        finally:
            for service in services:
                service.kill()


def _council(folder: Path, server: Postgres, sink: Sink, number: int, port: int) -> Service:
    url = server.create(f"council{number}", template="fresh")
    channels = [configured.LMTP.format(port=port), configured.SMTP.format(port=sink.port), configured.FORM]
    return Service(folder / f"{number}", channels, store_url=url)


def _start(services: Sequence[Service]) -> None:
    for first in range(0, len(services), STARTS_AT_ONCE):
        batch = services[first : first + STARTS_AT_ONCE]
        for service in batch:
            service.start(wait=False)
        for service in batch:
            wait_until(service.started, what="a service", seconds=300)


def _at_rest(services: Sequence[Service], server: Postgres) -> None:
    rig.settle()
    before = Reading.take(services, server)
    time.sleep(AT_REST_SECONDS)
    after = Reading.take(services, server)
    rig.show(
        benchmark=f"{len(services)} organisations: at rest",
        **after.since(before, len(services)),
        megabytes_of_all_services=_proportional(service.pid for service in services),
        megabytes_of_the_database=_proportional(server.pids),
        megabytes_stored=after.stored,
    )


def _busiest_hour(services: Sequence[Service], ports: Sequence[int], server: Postgres, minutes: float) -> None:
    urls = [service.store_url for service in services]
    ((since,),) = ask(urls[0], "SELECT now()")
    before = Reading.take(services, server)
    numbers = range(int(len(services) * CONTACTS_AN_HOUR * minutes / 60))
    _write(ports, numbers, pause=LINES * minutes * 60 / len(numbers))
    _wait_for_receipts(urls, len(numbers))
    usage = Reading.take(services, server).since(before, len(services))
    rig.show(
        benchmark=f"{len(services)} organisations: their busiest hour",
        mails=len(numbers),
        **usage,
        **_latencies(urls, since),
    )


def _flood(services: Sequence[Service], ports: Sequence[int], server: Postgres, minutes: float) -> None:
    """Flood the first one; the figures are those of the others."""
    others = [service.store_url for service in services[1:]]
    stored = _contact_count(others)
    ((since,),) = ask(others[0], "SELECT now()")
    numbers = range(1_000_000, 1_000_000 + int(len(others) * CONTACTS_AN_HOUR * minutes / 60))
    before = Reading.take(services, server)
    flood = threading.Thread(target=partial(rig.deliver_among, ports[:1], FLOOD_MAILS, FLOOD_CONNECTIONS))
    flood.start()
    _write(ports[1:], numbers, pause=LINES * minutes * 60 / len(numbers))
    flood.join()
    _wait_for_receipts(others, stored + len(numbers))
    usage = Reading.take(services, server).since(before, len(services))
    rig.show(
        benchmark=f"{len(services)} organisations: one is flooded",
        mails_to_the_others=len(numbers),
        mails_to_the_flooded=FLOOD_MAILS,
        **usage,
        **_latencies(others, since),
    )


def _restart(services: Sequence[Service], server: Postgres) -> None:
    before = Reading.take(services, server)
    server.restart()
    began = time.monotonic()
    for service in services:
        wait_until(service.ready, what="a service after the restart", seconds=300)
    rig.show(
        benchmark=f"{len(services)} organisations: the database starts anew",
        seconds_until_all_are_ready=time.monotonic() - began,
        connections_before=before.connections,
    )


def _write(ports: Sequence[int], numbers: range, pause: float) -> None:
    """Hand over a mail of one resident after another, each to some council; return when all are taken."""

    def send(line: int) -> None:
        chance = random.Random(line)
        for number in numbers[line::LINES]:
            began = time.monotonic()
            with smtplib.LMTP("127.0.0.1", chance.choice(ports), timeout=60) as client:
                client.sendmail(f"resident{number}@residents.example", [ADDRESS], mail(number))
            time.sleep(max(0.0, pause - (time.monotonic() - began)))

    threads = [threading.Thread(target=send, args=(line,)) for line in range(LINES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _contact_count(urls: Sequence[str]) -> int:
    return sum(int(ask(url, "SELECT count(*) FROM contacts")[0][0]) for url in urls)


def _wait_for_receipts(urls: Sequence[str], count: int) -> None:
    query = "SELECT count(*) FROM deliveries WHERE purpose = 'acknowledgement' AND state = 'sent'"

    def all_left() -> bool:
        return sum(int(ask(url, query)[0][0]) for url in urls) >= count

    wait_until(all_left, what=f"{count} receipts", seconds=300)


def _latencies(urls: Sequence[str], since: datetime) -> dict[str, float]:
    """Seconds from the arrival of each mail since then to its receipt."""
    seconds = sorted(float(row[0]) for url in urls for row in ask(url, LATENCIES.format(since=since.isoformat())))
    return {
        "seconds_to_a_receipt_median": seconds[len(seconds) // 2],
        "seconds_to_a_receipt_p95": seconds[len(seconds) * 95 // 100],
        "seconds_to_a_receipt_worst": seconds[-1],
    }


def _database_seconds(server: Postgres) -> float:
    """The CPU of every process of it, those that have ended among them."""
    main, *others = server.pids
    past = Path(f"/proc/{main}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[13:15]
    seconds = sum(map(int, past)) / rig.TICKS + rig.cost(main).cpu_seconds
    for pid in others:
        with suppress(FileNotFoundError):
            seconds += rig.cost(pid).cpu_seconds
    return seconds


def _proportional(pids: Iterable[int]) -> float:
    """The memory of processes in MB, with what they share counted once."""
    kilobytes = 0
    for pid in pids:
        with suppress(FileNotFoundError):
            words = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").split()
            kilobytes += int(words[words.index("Pss:") + 1])
    return kilobytes / 1024
