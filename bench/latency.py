"""How long a person waits when the service is idle: from handing over the mail until the acknowledgement has left."""

import os
import statistics
import tempfile
from pathlib import Path
from time import sleep, time

from bench import rig
from bench.mails import mails
from tests.components import service as configured
from tests.components.dovecot import CONTACT, Dovecot
from tests.components.ports import free_port
from tests.components.service import Service
from tests.components.sink import Sink


def by_lmtp(count: int) -> None:
    """Idle LMTP: from just before the mail is handed over until the sink has the acknowledgement."""
    with Sink() as sink, tempfile.TemporaryDirectory() as folder:
        port = free_port()
        channels = [configured.LMTP.format(port=port), configured.SMTP.format(port=sink.port), configured.NO_BREAKER]
        with Service(Path(folder), channels):
            waits: list[float] = []
            for mail in _people(count):
                start = time()
                rig.deliver(port, [mail], 1)
                waits.append(_arrival(sink, len(waits) + 1) - start)
            _report("idle LMTP to acknowledgement", waits)


def by_imap(count: int) -> None:
    """Idle IMAP: Dovecot announces a mail 500 ms after its delivery; the rest is ours."""
    with Sink() as sink, Dovecot() as server, tempfile.TemporaryDirectory() as folder:
        channels = [
            configured.IMAP.format(port=server.imap_port, user=CONTACT, begin="now"),
            configured.SMTP.format(port=sink.port),
            configured.NO_BREAKER,
        ]
        with Service(Path(folder), channels):
            sleep(1)
            waits: list[float] = []
            for mail in _people(count):
                server.deliver(mail)
                start = time()
                waits.append(_arrival(sink, len(waits) + 1) - start)
            _report("idle IMAP, delivery to acknowledgement (500 ms of it Dovecot's own)", waits)


def _people(count: int) -> list[bytes]:
    return [mail for mail in mails(count * 2) if b"Auto-Submitted" not in mail][:count]


def _arrival(sink: Sink, count: int) -> float:
    """Return when the sink had so many mails: the time at which the newest file was last written."""
    sink.wait_for(count, seconds=30)
    sleep(0.02)
    with os.scandir(sink.directory / "mails") as files:
        return max(file.stat().st_mtime for file in files)


def _report(way: str, waits: list[float]) -> None:
    cuts = statistics.quantiles(waits, n=20)
    rig.show(
        benchmark="latency",
        way=way,
        mails=len(waits),
        p50_milliseconds=1000 * cuts[9],
        p95_milliseconds=1000 * cuts[18],
    )
