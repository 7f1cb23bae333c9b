"""Faults of the database, and of the wire to it."""

import time
from collections.abc import Callable
from functools import partial

from sqlalchemy import make_url

from bot.store import schema
from tests.components.postgres import Postgres
from tests.components.sink import Sink
from tests.components.standby import Standby
from tests.faults import later
from tests.faults.fleet import Fleet
from tests.faults.full import full_disk
from tests.faults.on_processes import LONGER_THAN_A_LEASE
from tests.faults.proxy import Proxy
from tests.faults.scene import Outcome, Scene, smtp


def restarted(scene: Scene) -> Outcome:
    """It is restarted, as for an update: every session is ended."""
    return _with_a_server_of_its_own(scene, Postgres.restart)


def crashed(scene: Scene) -> Outcome:
    """Every process of it is killed at once; it starts again and recovers."""

    def crash(server: Postgres) -> None:
        server.kill()
        server.start()

    return _with_a_server_of_its_own(scene, crash)


def _with_a_server_of_its_own(scene: Scene, harm: Callable[[Postgres], None]) -> Outcome:
    with Postgres(durable=True) as server, Sink() as sink:
        scene.store_url = server.create("fresh")
        schema.upgrade(scene.store_url)
        fleet = Fleet(scene.directory, scene.store_url, 3, [smtp(sink.port)])
        with scene.mail_comes(fleet):
            for _ in range(2):
                with scene.harm():
                    harm(server)
                time.sleep(3)
        return scene.outcome(sink)


def upgraded(scene: Scene) -> Outcome:
    """A later version upgrades the schema, and locks it for longer than anybody waits; each service starts on it."""
    with Postgres(durable=True) as server, Sink() as sink:
        scene.store_url = server.create("fresh")
        schema.upgrade(scene.store_url)
        fleet = Fleet(scene.directory, scene.store_url, 3, [smtp(sink.port)])
        with scene.mail_comes(fleet):
            with scene.harm():
                later.upgrade(scene.store_url, scene.directory, seconds=7.0)
            for service in fleet.services:
                service.stop()
                service.start()
        return scene.outcome(sink)


def failed_over(scene: Scene) -> Outcome:
    """The primary is gone for good; the standby takes over."""
    with Postgres() as primary, Sink() as sink:
        schema.upgrade(primary.create("fresh"))
        with Standby(primary) as standby:
            scene.store_url = standby.either("fresh")
            fleet = Fleet(scene.directory, scene.store_url, 3, [smtp(sink.port)])
            with scene.mail_comes(fleet):
                time.sleep(2)
                with scene.harm():
                    primary.kill()
                    standby.promote()
            return scene.outcome(sink)


def line_cut(scene: Scene) -> Outcome:
    """Every connection to it is reset, again and again; what was just committed may not be known to be."""

    def harm(wire: Proxy) -> None:
        for _ in range(20):
            with scene.harm():
                wire.cut()
            time.sleep(scene.chance.uniform(0.2, 1.5))

    return _wired(scene, harm)


def line_slow(scene: Scene) -> Outcome:
    """Every packet takes 20 ms more, and one of twenty is lost and sent again."""

    def harm(wire: Proxy) -> None:
        with scene.harm(), wire.slow(0.02, loss=0.05):
            time.sleep(scene.seconds / 2)

    return _wired(scene, harm)


def line_stalled(scene: Scene) -> Outcome:
    """Connections stay open and carry nothing, for longer than a lease."""
    return _wired(scene, partial(_stall, scene))


def line_stalled_for_one(scene: Scene) -> Outcome:
    """Only one service's connections carry nothing: the others take over what it had claimed."""
    return _wired(scene, partial(_stall, scene), who=(0,))


def _stall(scene: Scene, wire: Proxy) -> None:
    with scene.harm(), wire.stalled():
        time.sleep(LONGER_THAN_A_LEASE)


def unreachable(scene: Scene) -> Outcome:
    """Connections are reset and refused for longer than a lease."""

    def harm(wire: Proxy) -> None:
        with scene.harm(), wire.refused():
            time.sleep(LONGER_THAN_A_LEASE)

    return _wired(scene, harm)


def _wired(scene: Scene, harm: Callable[[Proxy], None], *, who: tuple[int, ...] = (0, 1, 2)) -> Outcome:
    """Three services, those of `who` by a wire that is harmed."""
    with Sink() as sink:
        there = make_url(scene.store_url)
        with Proxy(there.port or 5432) as wire:
            by_wire = there.set(port=wire.port).render_as_string(hide_password=False)
            through = [by_wire if number in who else scene.store_url for number in range(3)]
            fleet = Fleet(scene.directory, scene.store_url, 3, [smtp(sink.port)], through=through)
            with scene.mail_comes(fleet, lines=12):
                harm(wire)
        return scene.outcome(sink)


def disk_full(scene: Scene) -> Outcome:
    """No table can grow for ten seconds. Needs root, for a file system of a few megabytes."""
    with Postgres() as server, Sink() as sink:
        scene.store_url = server.create("fresh")
        schema.upgrade(scene.store_url)
        fleet = Fleet(scene.directory, scene.store_url, 3, [smtp(sink.port)])
        with full_disk(server, "fresh") as disk:
            with scene.mail_comes(fleet), scene.harm(), disk.full():
                time.sleep(10)
            return scene.outcome(sink)


ALL = (
    *(restarted, crashed, upgraded, failed_over),
    *(line_cut, line_slow, line_stalled, line_stalled_for_one, unreachable, disk_full),
)
