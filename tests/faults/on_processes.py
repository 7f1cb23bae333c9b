"""Faults of the services themselves: killed, or stopped for longer than their leases."""

import os
import signal
import time

from tests.components.ports import wait_until
from tests.components.sink import Sink
from tests.faults.fleet import Fleet
from tests.faults.scene import Outcome, Scene, smtp

KILL_EVERY_SECONDS = 2.0
LONGER_THAN_A_LEASE = 12.0


def killed(scene: Scene) -> Outcome:
    """One of the three is killed every two seconds and started again, as long as mail comes.

    The next waits until two are ready: where starting takes longer than two seconds, none would be left.
    """
    with Sink() as sink:
        fleet = Fleet(scene.directory, scene.store_url, 3, [smtp(sink.port)])
        with scene.mail_comes(fleet) as senders:
            while not senders.done:
                wait_until(lambda: len(fleet.ready()) > 1, what="two services that are ready", seconds=60)
                service = scene.chance.choice(fleet.ready())
                with scene.harm():
                    service.kill()
                service.start(wait=False)
                time.sleep(KILL_EVERY_SECONDS)
        return scene.outcome(sink)


def stopped(scene: Scene) -> Outcome:
    """One stands still for longer than its lease, and then goes on as if nothing had happened."""
    with Sink() as sink:
        fleet = Fleet(scene.directory, scene.store_url, 3, [smtp(sink.port)])
        with scene.mail_comes(fleet):
            for service in fleet.services[:2]:
                with scene.harm():
                    os.kill(service.pid, signal.SIGSTOP)
                    time.sleep(LONGER_THAN_A_LEASE)
                    os.kill(service.pid, signal.SIGCONT)
        return scene.outcome(sink)


ALL = (killed, stopped)
