"""The first look at a large folder by Microsoft Graph: how long it takes, and what memory."""

import re
import tempfile
from pathlib import Path
from time import perf_counter

from bench import rig
from tests.components import service as configured
from tests.components.ports import wait_until
from tests.components.service import Service
from tests.peers.graph import GraphPeer

_READ = re.compile(r'^ackbot_channel_up\{channel="enquiries"\} 1', re.MULTILINE)


def first_look(count: int) -> None:
    """Start with begin = "now" over an empty folder, and over one with so many messages; nothing is acknowledged."""
    seconds, megabytes = zip(*(_look(number) for number in (1, count)), strict=True)
    rig.show(
        benchmark="first look by Microsoft Graph",
        messages=count,
        seconds=seconds[-1],
        peak_megabytes=megabytes[-1],
        ratio_of_memory_to_that_of_one_message=megabytes[-1] / megabytes[0],
    )


def _look(count: int) -> tuple[float, float]:
    with GraphPeer() as peer, tempfile.TemporaryDirectory() as folder:
        peer.fill(count, days=30)
        service = Service(Path(folder), [peer.table(), configured.LOOPBACK])
        service.environment |= peer.environment()
        with service:
            start = perf_counter()
            wait_until(lambda: _has_read(service, peer), what="the first look", seconds=300)
            seconds = perf_counter() - start
            assert service.acknowledged() == 0
            return seconds, rig.cost(service.pid).peak_megabytes


def _has_read(service: Service, peer: GraphPeer) -> bool:
    """Whether the walk has ended: from then on Graph is asked with a token for what has changed."""
    is_up = _READ.search(service.get("/metrics")[1])
    return bool(is_up) and peer.walks_ended > 0
