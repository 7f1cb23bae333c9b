"""Memory over many mails: flat, or it is a leak."""

import tempfile
from functools import partial
from pathlib import Path

from bench import rig
from bench.mails import mails
from tests.components import service as configured
from tests.components.ports import free_port, wait_until
from tests.components.service import Service
from tests.components.sink import Sink


def over(count: int) -> None:
    """`count` mails by LMTP in four parts; what the process holds after each."""
    with Sink() as sink, tempfile.TemporaryDirectory() as folder:
        port = free_port()
        channels = [configured.LMTP.format(port=port), configured.SMTP.format(port=sink.port)]
        with Service(Path(folder), channels) as service:
            held = []
            for part in range(1, 5):
                first = (part - 1) * count // 4
                _hand_over(port, first, count * part // 4)
                done = count * part // 4
                wait_until(partial(_all_sent, service, done), what="acknowledgements", seconds=300)
                held.append(rig.resident_megabytes(service.pid))
            rig.show(
                benchmark="memory",
                mails=count,
                megabytes_after_each_quarter=[round(megabytes) for megabytes in held],
                ratio_last_to_first=held[-1] / held[0],
                peak_megabytes=rig.cost(service.pid).peak_megabytes,
            )


def _all_sent(service: Service, done: int) -> bool:
    return rig.sent(service) >= done * 0.9


def _hand_over(port: int, first: int, last: int) -> None:

    rig.deliver(port, mails(last)[first:], 4)
