"""Faults of a mailbox that two services share: one reads it at a time, and the other takes over."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.components import service as configured
from tests.components.dovecot import CONTACT, Dovecot
from tests.components.ports import wait_until
from tests.components.service import ask
from tests.components.sink import Sink
from tests.faults.fleet import Fleet, mail
from tests.faults.proxy import Proxy
from tests.faults.scene import Outcome, Scene, smtp


@dataclass(slots=True)
class Shared:
    """One mailbox, and two services that each reach it by a wire of their own."""

    server: Dovecot
    fleet: Fleet
    wires: list[Proxy]

    def reader(self) -> int:
        """Which of the two reads it now."""
        lines = [service.words().splitlines() for service in self.fleet.services]
        taken = [[line for line in words if "leases.taken" in line and "enquiries" in line] for words in lines]
        return max(range(2), key=lambda number: taken[number][-1].partition('"timestamp"')[2] if taken[number] else "")


def reader_killed(scene: Scene) -> Outcome:
    """Who reads is killed, three times, and started again."""

    def harm(shared: Shared) -> None:
        for _ in range(3):
            service = shared.fleet.services[shared.reader()]
            with scene.harm():
                service.kill()
                _wait_for_more(scene, seconds=60)
            service.start()
            time.sleep(1)

    return _play(scene, harm)


def said_goodbye(scene: Scene) -> Outcome:
    """The server ends every session with BYE, again and again."""

    def harm(shared: Shared) -> None:
        for _ in range(5):
            with scene.harm():
                shared.server.doveadm("kick", CONTACT, check=False)
            time.sleep(2)

    return _play(scene, harm)


def mailbox_restarted(scene: Scene) -> Outcome:
    """The server is away for a few seconds."""

    def harm(shared: Shared) -> None:
        with scene.harm():
            shared.server.stop()
            time.sleep(3)
            shared.server.start()

    return _play(scene, harm)


def mailbox_stalled_for_reader(scene: Scene) -> Outcome:
    """The line of the one that reads carries nothing more; the other's is sound."""

    def harm(shared: Shared) -> None:
        with scene.harm(), shared.wires[shared.reader()].stalled():
            _wait_for_more(scene, seconds=240)

    return _play(scene, harm)


def mailbox_out_of_reach_of_reader(scene: Scene) -> Outcome:
    """The one that reads cannot reach the server any more; the other can."""

    def harm(shared: Shared) -> None:
        with scene.harm(), shared.wires[shared.reader()].refused():
            _wait_for_more(scene, seconds=240)

    return _play(scene, harm)


def _play(scene: Scene, harm: Callable[[Shared], None]) -> Outcome:
    with Sink() as sink, _shared(scene, sink) as shared:
        with shared.fleet:
            arriving = threading.Thread(target=_arrive, args=(scene, shared), daemon=True)
            arriving.start()
            wait_until(lambda: _read(scene) > 0, what="the first mail", seconds=30)
            harm(shared)
            arriving.join()
            scene.settle(shared.fleet)
        return scene.outcome(sink)


@contextmanager
def _shared(scene: Scene, sink: Sink) -> Iterator[Shared]:
    with Dovecot() as server, Proxy(server.imap_port) as first, Proxy(server.imap_port) as second:
        wires = [first, second]
        own = [[_MAILBOX.format(port=wire.port, user=CONTACT, begin="all")] for wire in wires]
        yield Shared(server, Fleet(scene.directory, scene.store_url, 2, [smtp(sink.port)], own=own), wires)


_MAILBOX = configured.IMAP.rstrip() + "\npoll_seconds = 5\n"


def _arrive(scene: Scene, shared: Shared) -> None:
    for number in range(scene.contacts):
        while True:
            try:
                shared.server.deliver(mail(number), mail_from=f"resident{number}@residents.example")
                break
            except OSError:
                time.sleep(0.2)
        time.sleep(scene.seconds / scene.contacts)


def _wait_for_more(scene: Scene, *, seconds: float) -> None:
    before = _read(scene)
    wait_until(lambda: _read(scene) > before + 2, what="the other one", seconds=seconds)


def _read(scene: Scene) -> int:
    return int(ask(scene.store_url, "SELECT count(*) FROM contacts")[0][0])


ALL = (reader_killed, said_goodbye, mailbox_restarted, mailbox_stalled_for_reader, mailbox_out_of_reach_of_reader)
