"""The short form of `make faults`, by night: real services on a real PostgreSQL, and the worst that happens to them."""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from bot.store import schema
from tests.components.ports import wait_until
from tests.components.postgres import Postgres
from tests.components.service import ask
from tests.components.sink import Sink
from tests.faults import later
from tests.faults.fleet import Fleet
from tests.faults.proxy import Proxy
from tests.faults.scene import Scene, smtp

pytestmark = pytest.mark.nightly


@pytest.fixture
def scene(tmp_path: Path, postgres: Postgres) -> Iterator[Scene]:
    """An empty store on PostgreSQL, and 120 mails that come within six seconds."""
    yield Scene(tmp_path, postgres.url_of("fresh"), 120, random.Random(1), seconds=6.0)
    postgres.empty("fresh")


@contextmanager
def harmed(scene: Scene, sink: Sink, size: int, through: Proxy | None = None) -> Iterator[Fleet]:
    """That many services, while mail comes; every promise was kept when the block is left."""
    urls = [scene.store_url] * size
    if through:
        urls = [make_url(scene.store_url).set(port=through.port).render_as_string(hide_password=False)] * size
    fleet = Fleet(scene.directory, scene.store_url, size, [smtp(sink.port)], through=urls)
    with scene.mail_comes(fleet):
        yield fleet
    outcome = scene.outcome(sink)
    assert outcome.verdict.good, outcome


@pytest.mark.needs("smtp-sink")
def test_killed_and_stopped_services_lose_and_double_nothing(scene: Scene) -> None:
    """One stands still for longer than its lease while the others die; what it had claimed is taken over."""
    with Sink() as sink, harmed(scene, sink, 3) as fleet:
        stopped, *others = fleet.services
        os.kill(stopped.pid, signal.SIGSTOP)
        began = time.monotonic()
        for service in others:
            service.kill()
            service.start()
        wait_until(lambda: time.monotonic() - began > 11, what="the end of its lease")
        os.kill(stopped.pid, signal.SIGCONT)
    assert schema.current(scene.store_url) == schema.newest()


@pytest.mark.needs("smtp-sink")
def test_a_database_that_crashes_or_cannot_be_reached_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Its processes are killed; connections are reset in the middle of commits."""
    with Postgres() as server, Sink() as sink, Proxy(server.port) as wire:
        schema.upgrade(server.create("fresh"))
        scene = Scene(tmp_path, server.url_of("fresh"), 120, random.Random(1), seconds=6.0)
        with harmed(scene, sink, 2, through=wire):
            server.kill()
            server.start()
            for _ in range(8):
                time.sleep(scene.chance.uniform(0.1, 0.4))
                wire.cut()


@pytest.mark.needs("smtp-sink")
def test_a_later_version_upgrades_the_store_while_this_one_works(tmp_path: Path, postgres: Postgres) -> None:
    """Services of before go on meanwhile, and one that is started again works on the newer schema."""
    url = postgres.create("upgraded")
    schema.upgrade(url)
    scene = Scene(tmp_path, url, 120, random.Random(1), seconds=6.0)
    with Sink() as sink, harmed(scene, sink, 2) as fleet:
        later.upgrade(url, tmp_path, seconds=1.0)
        fleet.services[0].stop()
        fleet.services[0].start()
    assert schema.current(url) == later.REVISION
    postgres.drop("upgraded")


REFUSED = "SELECT count(*) FROM deliveries WHERE state = 'permanent-failure'"


def _harm(sink: Sink, *options: str) -> None:
    sink.options = options
    sink.restart()


def _taken(sink: Sink) -> int:
    """How many receipts it has: notices to staff come, too, and are not what the verdict counts."""
    return sum(b"\nMessage-ID: <ack." in mail for mail in sink.mails())


@pytest.mark.needs("smtp-sink")
def test_a_mail_server_that_hangs_up_and_refuses_loses_and_doubles_nothing(scene: Scene) -> None:
    """What it took without saying so leaves again as the same mail; whom it refuses staff must reach."""
    with Sink() as sink:
        with harmed(scene, sink, 2):
            # First, as what is tried again while it refuses would never be repeated.
            _harm(sink, "-f", "RCPT")
            wait_until(lambda: ask(scene.store_url, REFUSED)[0][0] > 0, what="mails that it refuses")
            _harm(sink, "-q", ".")
            before = _taken(sink)
            wait_until(lambda: _taken(sink) > before + 2, what="mails that it takes without saying so")
            sink.options = ()
            sink.restart()
        verdict = scene.outcome(sink).verdict
    assert verdict.repeated
    assert verdict.refused
