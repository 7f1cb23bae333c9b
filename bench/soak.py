"""An hour at ten times the busiest hour of a large council, with faults on: memory, latency and backlog, plotted.

A county of 571,600 people gets some 1,400 e-mails on a working day; the busiest day has three times as many, 525 in
each of its eight hours. Ten times that is one and a half in a second, here by mail, by form and by a platform's calls.
"""

import random
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pygal

from bench import rig
from bot.store import schema
from tests.components import service as configured
from tests.components.form import send_form
from tests.components.ports import wait_until
from tests.components.postgres import Postgres
from tests.components.service import ask
from tests.components.sink import Sink
from tests.faults.checker import judge
from tests.faults.fleet import Fleet, Senders, message_id
from tests.peers.whatsapp import WhatsAppPeer

SECONDS_A_MAIL, SECONDS_A_FORM, SECONDS_A_CALL = 1.0, 2.0, 2.0
SAMPLE_SECONDS = 10.0
KILL_SECONDS, RESTART_SECONDS, AWAY_SECONDS = 60.0, 600.0, 420.0
AWAY_FOR_SECONDS = 30.0
CHART = Path("var/soak.svg")
_LATENCY = """SELECT percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY extract(epoch FROM sent_at - created_at))
              FROM deliveries WHERE purpose = 'acknowledgement' AND sent_at > now() - interval '30 seconds'"""


@dataclass(slots=True)
class Forms:
    """People at the form, one after another; each tries again until the page shows a reference."""

    fleet: Fleet
    until: float
    sent_count: int = 0
    thread: threading.Thread = field(init=False)

    def start(self) -> "Forms":
        """Start the thread."""
        self.thread = threading.Thread(target=self._send, daemon=True)
        self.thread.start()
        return self

    def _send(self) -> None:
        chance = random.Random(5)
        while time.monotonic() < self.until:
            words, address = (
                f"The bin of number {self.sent_count} was not emptied.",
                f"form{self.sent_count}@residents.example",
            )
            try:
                status, _ = send_form(chance.choice(self.fleet.services), words, email=address)
            except (OSError, AssertionError):
                status = 0
            self.sent_count += status == 200
            time.sleep(SECONDS_A_FORM if status == 200 else 0.2)


@dataclass(slots=True)
class Calls:
    """A platform that calls one of the processes for every message, again until one answers."""

    fleet: Fleet
    peer: WhatsAppPeer
    until: float
    message_count: int = 0
    thread: threading.Thread = field(init=False)

    def start(self) -> "Calls":
        """Start the thread."""
        self.thread = threading.Thread(target=self._call, daemon=True)
        self.thread.start()
        return self

    def _call(self) -> None:
        chance = random.Random(7)
        while time.monotonic() < self.until:
            self.peer.hook = f"http://127.0.0.1:{chance.choice(self.fleet.services).web_port}/hooks/whatsapp"
            self.peer.write(f"caller {self.message_count}", "The lamp in our street is broken.")
            self.message_count += 1
            time.sleep(SECONDS_A_CALL)
        while self.peer.waiting:
            self.peer.hook = f"http://127.0.0.1:{chance.choice(self.fleet.services).web_port}/hooks/whatsapp"
            self.peer.flush()
            time.sleep(0.2)

    def answers(self) -> list[int]:
        """Return the number of receipts of each caller."""
        return [len(self.peer.answers_to(f"caller {number}")) for number in range(self.message_count)]


def for_minutes(minutes: float) -> None:
    """Run, print a line for every sample, and write the chart at the end. Raises where a promise was broken."""
    with Sink() as sink, Postgres() as server, WhatsAppPeer() as peer, tempfile.TemporaryDirectory() as folder:
        url = server.create("soak")
        schema.upgrade(url)
        channels = [configured.SMTP.format(port=sink.port), configured.NO_BREAKER, configured.FORM, peer.table()]
        with Fleet(Path(folder), url, 3, channels) as fleet:
            until = time.monotonic() + minutes * 60
            mails = range(int(minutes * 60 / SECONDS_A_MAIL))
            senders = Senders(fleet.ports, mails, lines=4, pause=4 * SECONDS_A_MAIL).start()
            forms = Forms(fleet, until).start()
            calls = Calls(fleet, peer, until).start()
            samples = _harm_and_watch(fleet, server, sink, until)
            senders.join(300)
            forms.thread.join(60)
            calls.thread.join(60)
            wait_until(lambda: fleet.waiting() == 0, what="an empty outbox", seconds=120)
            verdict = judge(url, map(message_id, mails), [m for m in sink.mails() if b"\nTo: form" not in m])
            ((by_form,),) = ask(url, "SELECT count(*) FROM contacts WHERE channel = 'website'")
            ((by_call,),) = ask(url, "SELECT count(*) FROM contacts WHERE channel = 'whatsapp'")
            answers = calls.answers()
    _plot(samples)
    rig.show(
        benchmark="an hour of ten times the busiest hour",
        minutes=minutes,
        contacts=verdict.contacts,
        by_form=by_form,
        forms_that_people_saw_accepted=forms.sent_count,
        by_call=by_call,
        written_on_the_platform=calls.message_count,
        receipts_on_the_platform=sum(answers),
        callers_without_one=answers.count(0),
        lost=verdict.lost,
        doubled=verdict.doubled,
        repeated_with_the_same_message_id=verdict.repeated,
        faults="; ".join(verdict.faults),
        most_megabytes_of_a_process=max(max(sample["megabytes"]) for sample in samples),
        longest_backlog=max(sample["backlog"] for sample in samples),
        chart=str(CHART),
    )
    if not verdict.good or by_form < forms.sent_count or by_call != calls.message_count or 0 in answers:
        raise SystemExit("a promise was broken")


def _harm_and_watch(fleet: Fleet, server: Postgres, sink: Sink, until: float) -> list[dict[str, Any]]:
    chance, samples = random.Random(11), list[dict[str, Any]]()

    def kill_one() -> None:
        service = chance.choice(fleet.services)
        service.kill()
        service.start(wait=False)

    def away() -> None:
        sink.stop()
        due[sink.start] = time.monotonic() + AWAY_FOR_SECONDS

    start = time.monotonic()
    intervals: dict[Callable[[], None], float] = {
        kill_one: KILL_SECONDS,
        server.restart: RESTART_SECONDS,
        away: AWAY_SECONDS,
    }
    due: dict[Callable[[], None], float] = {fault: start + pause for fault, pause in intervals.items()}
    while time.monotonic() < until:
        for fault in [fault for fault, at in due.items() if time.monotonic() >= at]:
            del due[fault]
            fault()
            if fault in intervals:
                due[fault] = time.monotonic() + intervals[fault]
        samples.append(_sample(fleet, time.monotonic() - start))
        rig.show(**samples[-1])
        time.sleep(SAMPLE_SECONDS)
    if sink.start in due:
        sink.start()
    return samples


def _sample(fleet: Fleet, at: float) -> dict[str, Any]:
    ((latency,),) = ask(fleet.store_url, _LATENCY)
    half, p95 = latency or (0.0, 0.0)
    megabytes = [rig.resident_megabytes(service.pid) if service.running else 0.0 for service in fleet.services]
    return {
        "seconds": at,
        "megabytes": [float(f"{megabyte_count:.3g}") for megabyte_count in megabytes],
        "backlog": fleet.waiting(),
        "latency_p50_seconds": float(half or 0.0),
        "latency_p95_seconds": float(p95 or 0.0),
    }


def _plot(samples: list[dict[str, Any]]) -> None:
    chart = pygal.XY(js=[], title="Memory, latency and backlog over time (seconds)", show_dots=False)
    for number in range(3):
        chart.add(
            f"MB of process {number + 1}", [(sample["seconds"], sample["megabytes"][number]) for sample in samples]
        )
    chart.add("waiting deliveries", [(sample["seconds"], sample["backlog"]) for sample in samples])
    late = [(sample["seconds"], sample["latency_p95_seconds"]) for sample in samples]
    chart.add("seconds to hand over, 95th percentile", late, secondary=True)
    CHART.parent.mkdir(exist_ok=True)
    chart.render_to_file(str(CHART))
