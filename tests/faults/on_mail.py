"""Faults of the mail server by which receipts leave."""

import time
from collections.abc import Callable

from tests.components.sink import Sink
from tests.faults.fleet import Fleet
from tests.faults.proxy import Proxy
from tests.faults.scene import Outcome, Scene, smtp

HARM_SECONDS = 6.0


def put_off(scene: Scene) -> Outcome:
    """It answers 4xx to every recipient."""
    return _answering(scene, "-r", "RCPT")


def refused(scene: Scene) -> Outcome:
    """It answers 5xx to every recipient: these people stay unacknowledged, and each is a task for staff."""
    return _answering(scene, "-f", "RCPT", "-B", "550 5.1.1 no such mailbox")


def hung_up(scene: Scene) -> Outcome:
    """It hangs up when the words are to come."""
    return _answering(scene, "-q", "DATA")


def hung_up_after_taking(scene: Scene) -> Outcome:
    """It hangs up when it has everything, without a word: nobody knows whether the mail was taken."""
    return _answering(scene, "-q", ".")


def _answering(scene: Scene, *options: str) -> Outcome:
    """The mail server is started anew with these options, and after a while as it was before."""
    with Sink() as sink:
        fleet = Fleet(scene.directory, scene.store_url, 3, [smtp(sink.port)])
        with scene.mail_comes(fleet), scene.harm():
            sink.options = options
            sink.restart()
            time.sleep(HARM_SECONDS)
            sink.options = ()
            sink.restart()
        return scene.outcome(sink)


def wire_cut(scene: Scene) -> Outcome:
    """Every connection to it is reset, again and again."""

    def harm(wire: Proxy) -> None:
        for _ in range(10):
            wire.cut()
            time.sleep(scene.chance.uniform(0.1, 1.0))

    return _wired(scene, harm)


def wire_stalled(scene: Scene) -> Outcome:
    """Connections to it stay open and carry nothing."""

    def harm(wire: Proxy) -> None:
        with wire.stalled():
            time.sleep(2 * HARM_SECONDS)

    return _wired(scene, harm)


def wire_slow(scene: Scene) -> Outcome:
    """Every packet takes 100 ms more, and one of ten is lost and sent again."""

    def harm(wire: Proxy) -> None:
        with wire.slow(0.1, loss=0.1):
            time.sleep(HARM_SECONDS)

    return _wired(scene, harm)


def _wired(scene: Scene, harm: Callable[[Proxy], None]) -> Outcome:
    with Sink() as sink, Proxy(sink.port) as wire:
        fleet = Fleet(scene.directory, scene.store_url, 3, [smtp(wire.port)])
        with scene.mail_comes(fleet), scene.harm():
            harm(wire)
        return scene.outcome(sink)


ALL = (put_off, refused, hung_up, hung_up_after_taking, wire_cut, wire_stalled, wire_slow)
