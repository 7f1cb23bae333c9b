"""Faults of a machine's clock. Debian's libfaketime gives one service a clock of its own; the others' stay right."""

import time
from datetime import timedelta
from pathlib import Path

from tests.components.ports import wait_until
from tests.components.service import ask
from tests.components.sink import Sink
from tests.faults.fleet import Fleet
from tests.faults.scene import Outcome, Scene, smtp

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
HOUR = timedelta(hours=1)


class Clock:
    """What a process takes for the time, after `environment` was given to it; steps are noticed within a second."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.step(timedelta(0))
        self.environment = {
            "LD_PRELOAD": str(LIBRARIES[-1]) if LIBRARIES else "",
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": "1",
            # A step moves the clock on the wall; the one that counts from the start of the machine knows no steps.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def step(self, by: timedelta) -> None:
        """Be so far ahead of the right time."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{by.total_seconds():+.0f}\n", encoding="ascii")
        fresh.replace(self._file)


def stepped_forward(scene: Scene) -> Outcome:
    """One machine's clock jumps an hour ahead, and is put right again."""
    return _stepped(scene, HOUR, size=3)


def stepped_back(scene: Scene) -> Outcome:
    """One machine's clock falls back an hour, and is put right again."""
    return _stepped(scene, -HOUR, size=3)


def all_stepped_back(scene: Scene) -> Outcome:
    """The only machine's clock falls back an hour, with mail waiting to leave, and stays there."""
    return _stepped(scene, -HOUR, size=1, back=False)


def _stepped(scene: Scene, by: timedelta, *, size: int, back: bool = True) -> Outcome:
    if not LIBRARIES:
        raise RuntimeError("libfaketime is not installed; tests/components/install.sh installs it")
    clock = Clock(scene.directory / "clock")
    # Slow, so that some are on their way and some wait when the clock jumps.
    with Sink("-w", "2") as sink:
        fleet = Fleet(scene.directory, scene.store_url, size, [smtp(sink.port)])
        fleet.services[0].environment |= clock.environment
        with scene.mail_comes(fleet, lines=8):
            if size == 1:
                wait_until(lambda: _unclaimed(scene) > 5, what="some that wait", seconds=60)
            else:
                time.sleep(3)
            with scene.harm():
                clock.step(by)
                time.sleep(2)
            time.sleep(3)
            if back:
                clock.step(timedelta(0))
        return scene.outcome(sink)


def _unclaimed(scene: Scene) -> int:
    return int(ask(scene.store_url, "SELECT count(*) FROM deliveries WHERE state = 'created'")[0][0])


ALL = (stepped_forward, stepped_back, all_stepped_back)
