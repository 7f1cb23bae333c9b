"""Nights of the machine: the process, the disk, the file, the clock, the upgrade, the backup."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.components.ports import wait_until
from tests.components.service import Service, ask
from tests.nights.conftest import Write, receivers
from tests.nights.page import Night
from tests.store import first_store

ALERTED = "SELECT count(*) FROM deliveries WHERE purpose IN ('alert', 'digest') AND state = 'sent' AND id > 23"


def test_no_process_answers(service: Service) -> None:
    """It was killed; it is started, and what is said of configuration and schema is good."""
    service.start().kill()
    with Night("no-process-answers", service) as night:
        assert "service.started" in night.step().words
        assert service.ready()
        assert "needed:" in night.step().words


def test_the_store_cannot_be_written(service: Service, write: Write) -> None:
    """The disk is looked at, and the service asked; it goes on by itself when the trouble is over."""
    service.start()
    with closing(sqlite3.connect(service.store)) as other, Night("disk-full", service) as night:
        other.execute("BEGIN EXCLUSIVE")
        wait_until(lambda: "the store cannot be written" in service.get("/readyz")[1], what="the problem on /readyz")
        assert "Mounted on" in night.step().words
        other.rollback()
        night.step()
    wait_until(service.ready, what="the end of the trouble")
    write(1)
    wait_until(lambda: receivers(service) == ["resident1@residents.example"], what="a receipt")


def test_the_file_was_deleted_while_it_was_open(service: Service, write: Write) -> None:
    """What the process has open is copied out of it, put in place, and holds what was logged last."""
    service.start()
    write(1)
    wait_until(lambda: service.acknowledged() == 1, what="a receipt")
    for path in service.directory.glob("ackbot.db*"):
        if path.suffix != ".lock":
            path.unlink()
    wait_until(lambda: "file.lost" in service.words() or not service.ready(), what="a service that notices")
    with Night("the-store-was-taken-away", service) as night:
        assert "ackbot.db" in night.step().words
        night.step()
    assert [contact["state"] for contact in service.contacts()] == ["open"]
    write(2)
    wait_until(lambda: service.acknowledged() == 2, what="a receipt of the next one")
    assert service.command("audit", "verify").exit_code == 0


def test_the_clock_is_wrong(service: Service, write: Write) -> None:
    """The machine keeps it again; the newest dates are looked at. What a step does is a fault of `make faults`."""
    service.start()
    write(1)
    wait_until(lambda: service.acknowledged() == 1, what="a receipt")
    with Night("the-clock-is-wrong", service) as night:
        assert "synchronized" in night.step().words
        assert "open" in night.step().words


def test_nobody_is_alerted(service: Service) -> None:
    """No process had the role of watching: open contacts of an old store are not looked at before a restart."""
    first_store.put(service.store_url)
    service.start("--upgrade", "--only", "listen,send,web")
    assert not ask(service.store_url, ALERTED)[0][0]
    with Night("nobody-is-alerted", service) as night:
        assert "EX-9KF4-25XH" in night.step().words
        night.step()
    wait_until(lambda: ask(service.store_url, ALERTED)[0][0] > 0, what="staff who are told")


def test_an_upgrade_went_wrong(service: Service, tmp_path: Path) -> None:
    """A newer version does not start on the old store; it is backed up, upgraded, and served."""
    first_store.put(service.store_url)
    service.start(wait=False)
    wait_until(lambda: not service.running, what="a refusal")
    assert "the store has schema 0001" in service.words()
    backup = tmp_path / "backup"
    backup.mkdir()
    with Night("an-upgrade-went-wrong", service, {"/backup/": f"{backup}/"}) as night:
        assert "ackbot schema upgrade" in night.step(1).words
        assert "is at" in night.step().words
    assert service.ready()
    assert [path.name for path in backup.glob("*.db")] == ["ackbot.db"]


def test_a_backup_is_put_back(service: Service, write: Write, tmp_path: Path) -> None:
    """What waited in it is held until somebody lets it leave; nobody hears twice, and who writes then is answered."""
    backup = tmp_path / "backup.db"
    service.start()
    write(1)
    wait_until(lambda: service.acknowledged() == 1, what="a receipt")
    service.command("store", "backup", str(backup))
    write(2)
    wait_until(lambda: service.acknowledged() == 2, what="a receipt that the backup does not know")
    with Night("restore", service, {"/backup/ackbot.db": str(backup)}) as night:
        night.step()
        night.step()
        night.step()
        night.step()
        night.step()
        write(3)
        wait_until(lambda: service.acknowledged() == 2, what="a receipt of who writes afterwards")
        assert "0 receipts are held" in night.step().words
        assert "No receipt was held" in night.step().words
    assert receivers(service) == [f"resident{number}@residents.example" for number in (1, 2, 3)]
