"""Several real services on one store, with mail that keeps coming."""

import random
import smtplib
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.components import service as configured
from tests.components.ports import free_port, wait_until
from tests.components.service import Service, ask

ADDRESS = "customer.services@example.gov.uk"


def mail(number: int) -> bytes:
    """A mail of one resident of their own."""
    return (
        f"From: Resident {number} <resident{number}@residents.example>\r\nTo: {ADDRESS}\r\n"
        f"Subject: Street light {number}\r\nMessage-ID: {message_id(number)}\r\n\r\nIt is out.\r\n"
    ).encode()


def message_id(number: int) -> str:
    """Its Message-ID."""
    return f"<fault.{number}@residents.example>"


class Fleet:
    """`size` services on one store, each with a way in by LMTP; `shared` are channels that every one of them has.

    `own` are channels of each besides; `through` are the addresses by which each reaches the store, where they differ.
    """

    def __init__(
        self,
        directory: Path,
        store_url: str,
        size: int,
        shared: Sequence[str],
        *,
        own: Sequence[Sequence[str]] = (),
        through: Sequence[str] = (),
    ) -> None:
        self.store_url = store_url
        self.ports = [free_port() for _ in range(size)]
        self.services = [
            Service(
                directory / f"{number}",
                [configured.LMTP.format(port=port), *shared, *(own[number] if own else ())],
                store_url=through[number] if through else store_url,
            )
            for number, port in enumerate(self.ports)
        ]

    def __enter__(self) -> Self:
        for service in self.services:
            service.start(wait=False)
        for service in self.services:
            wait_until(service.started, what=f"a service: {service.words()[-2000:]}")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for service in self.services:
            service.kill()

    def acknowledged(self) -> int:
        """How many contacts are acknowledged."""
        query = "SELECT count(*) FROM contacts WHERE acknowledged_at IS NOT NULL"
        return int(ask(self.store_url, query)[0][0])

    def ready(self) -> list[Service]:
        """Those that say that they are."""
        return [service for service in self.services if service.ready()]

    def waiting(self) -> int:
        """How many deliveries have not left."""
        return int(ask(self.store_url, "SELECT count(*) FROM deliveries WHERE next_attempt_at IS NOT NULL")[0][0])


class Senders:
    """Mail servers that offer every mail again until it is taken: `lines` connections, to any service that answers."""

    def __init__(self, ports: Sequence[int], numbers: range, *, lines: int = 4, pause: float = 0.0) -> None:
        self._ports, self._pause = ports, pause
        shares = [range(numbers.start + line, numbers.stop, lines) for line in range(lines)]
        self.threads = [threading.Thread(target=self._send, args=(share,), daemon=True) for share in shares]
        self.taken = 0

    def start(self) -> Self:
        """Begin."""
        for thread in self.threads:
            thread.start()
        return self

    def join(self, seconds: float) -> None:
        """Wait until every mail was taken; raises TimeoutError."""
        deadline = time.monotonic() + seconds
        for thread in self.threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                raise TimeoutError(f"{self.taken} mails were taken in {seconds} s")

    @property
    def done(self) -> bool:
        """Whether every mail was taken."""
        return not any(thread.is_alive() for thread in self.threads)

    def _send(self, numbers: range) -> None:
        chance = random.Random(numbers.start)
        line: smtplib.LMTP | None = None
        for number in numbers:
            while True:
                try:
                    line = line or smtplib.LMTP("127.0.0.1", chance.choice(self._ports), timeout=15)
                    line.sendmail(f"resident{number}@residents.example", [ADDRESS], mail(number))
                    break
                except (OSError, smtplib.SMTPException):
                    if line is not None:
                        line.close()
                    line = None
                    time.sleep(0.05)
            self.taken += 1
            time.sleep(self._pause)
        if line is not None:
            line.close()
