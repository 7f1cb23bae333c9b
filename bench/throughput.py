"""Mails a second, logged and acknowledged, compared with the raw serial loop in the same run."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bench import rig
from bench.mails import mails
from tests.components import service as configured
from tests.components.dovecot import CONTACT, Dovecot
from tests.components.ports import free_port, wait_until
from tests.components.service import Service
from tests.components.sink import Sink

Facts = dict[str, Any]
# One mail in ten comes from a robot: logged, never acknowledged.
ANSWERED = 0.9
BATCH = 50


def every_way(count: int) -> None:
    """Measure a waiting mailbox, then LMTP over one, four and ten connections."""
    middle_of_five(partial(from_mailbox, count))
    for connections in (1, 4, 10):
        middle_of_five(partial(by_lmtp, count, connections))


def middle_of_five(measure: Callable[[], Facts]) -> None:
    """Show the round with the middle CPU a mail, and the spread: a shared machine's speed changes within minutes."""
    rounds = sorted((measure() for _ in range(5)), key=lambda facts: facts["cpu_milliseconds_a_mail"])
    names = {"cpu_milliseconds_a_mail": "cpu_of_rounds", "ratio_to_raw_serial": "ratios_of_rounds"}
    spreads = {spread: [float(f"{facts[name]:.3g}") for facts in rounds] for name, spread in names.items()}
    rig.show(**rounds[2], **spreads)


def from_mailbox(count: int) -> Facts:
    """Measure a full mailbox that waits when the server comes up."""
    with Sink() as sink, Dovecot() as server, tempfile.TemporaryDirectory() as folder:
        rig.fill_mailbox(server, mails(count))
        raw = rig.result_of(
            rig.run_raw("imap", server.imap_port, CONTACT, "secret", sink.port, count, Path(folder) / "raw.db")
        )
        server.stop()
        channels = [
            configured.IMAP.format(port=server.imap_port, user=CONTACT, begin="all"),
            configured.SMTP.format(port=sink.port),
            configured.NO_BREAKER,
        ]
        with Service(Path(folder), channels) as service:
            rig.settle()
            before = rig.cost(service.pid)
            server.start()
            wait_until(lambda: rig.sent_count(service) >= count * ANSWERED, what="every acknowledgement", seconds=300)
            after = rig.cost(service.pid)
            # The clock starts at the first commit, so the mails of the first batch are not counted.
            return _facts("waiting mailbox", count, count - BATCH, rig.span(service), raw, before, after)


def by_lmtp(count: int, connections: int) -> Facts:
    """Measure a mail server that hands over one mail after another on each connection."""
    with Sink() as sink, tempfile.TemporaryDirectory() as folder:
        raw_port, port = free_port(), free_port()
        loop = rig.run_raw("lmtp", raw_port, sink.port, count, Path(folder) / "raw.db")
        wait_until(lambda: _listens(raw_port), what="the raw loop")
        rig.deliver_apart(raw_port, count, 1).wait()
        raw = rig.result_of(loop)
        channels = [configured.LMTP.format(port=port), configured.SMTP.format(port=sink.port), configured.NO_BREAKER]
        with Service(Path(folder), channels) as service:
            rig.settle()
            before = rig.cost(service.pid)
            rig.deliver_apart(port, count, connections).wait()
            wait_until(lambda: rig.sent_count(service) >= count * ANSWERED, what="every acknowledgement", seconds=300)
            after = rig.cost(service.pid)
            name = f"LMTP, {connections} connection{'s' if connections > 1 else ''}"
            return _facts(name, count, count, rig.span(service), raw, before, after)


def _listens(port: int) -> bool:
    # Not by connecting: the raw loop serves its first caller only.
    port_field = f":{port:04X} "
    return any(
        port_field in line and " 0A " in line for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()
    )


def _facts(
    way: str, count: int, timed: int, seconds: float, raw: dict[str, float], before: rig.Cost, after: rig.Cost
) -> Facts:
    rate, raw_rate = timed / seconds, count / raw["seconds"]
    return {
        "benchmark": "mails logged and acknowledged",
        "way": way,
        "mails": count,
        "cpu_milliseconds_a_mail": 1000 * (after.cpu_seconds - before.cpu_seconds) / count,
        "ratio_to_raw_serial": rate / raw_rate,
        "mails_a_second": rate,
        "raw_serial_mails_a_second": raw_rate,
        "raw_cpu_milliseconds_a_mail": 1000 * raw["cpu_seconds"] / count,
        "peak_megabytes": after.peak_megabytes,
    }
