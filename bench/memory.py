"""Memory over many mails, which must stay flat."""

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
    """Hand over mails by LMTP in four parts; measure the memory after each."""
    with Sink() as sink, tempfile.TemporaryDirectory() as folder:
        port = free_port()
        channels = [configured.LMTP.format(port=port), configured.SMTP.format(port=sink.port), configured.NO_BREAKER]
        with Service(Path(folder), channels) as service:
            megabytes_held = []
            for part in range(1, 5):
                first = (part - 1) * count // 4
                _hand_over(port, first, count * part // 4)
                mail_count = count * part // 4
                wait_until(partial(_all_sent, service, mail_count), what="acknowledgements", seconds=300)
                megabytes_held.append(rig.resident_megabytes(service.pid))
            rig.show(
                benchmark="memory",
                mails=count,
                megabytes_after_each_quarter=[round(megabytes) for megabytes in megabytes_held],
                ratio_last_to_first=megabytes_held[-1] / megabytes_held[0],
                peak_megabytes=rig.cost(service.pid).peak_megabytes,
            )


def _all_sent(service: Service, mail_count: int) -> bool:
    return rig.sent_count(service) >= mail_count * 0.9


def _hand_over(port: int, first: int, last: int) -> None:

    rig.deliver(port, mails(last)[first:], 4)
