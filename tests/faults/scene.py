"""One fault and what came of it: mail that keeps coming, the harm, and the judgement once all has settled."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from pathlib import Path

from bot.present import Present
from tests.components import service as configured
from tests.components.ports import wait_until
from tests.components.service import ask
from tests.components.sink import Sink
from tests.faults.checker import Verdict, judge
from tests.faults.fleet import Fleet, Senders, message_id

SETTLED_SECONDS = 180.0
_SLOWEST = (
    "SELECT COALESCE(EXTRACT(EPOCH FROM max(sent_at - created_at)), 0) FROM deliveries "
    "WHERE purpose = 'acknowledgement'"
)


@dataclass(slots=True)
class Harm:
    """When a fault began, and when what was broken was whole again."""

    began: datetime
    ended: datetime


@dataclass(slots=True)
class Outcome:
    """What came of a fault.

    `recovery_seconds`: from the beginning of a fault until receipts flowed again, the worst of all; `slowest_seconds`:
    the longest that a receipt took after its contact was logged, which is how late work was taken over.
    """

    verdict: Verdict
    recovery_seconds: float
    slowest_seconds: float
    faults: int


@dataclass(slots=True)
class Scene:
    """Where a fault is tried: an empty store at `store_url`, and `contacts` mails that come over `seconds`."""

    directory: Path
    store_url: str
    contacts: int
    chance: random.Random
    seconds: float = 20.0
    harms: list[Harm] = field(default_factory=list)

    @contextmanager
    def harm(self) -> Iterator[None]:
        """The block breaks something, and mends it."""
        harm = Harm(_now(), _now())
        self.harms.append(harm)
        yield
        harm.ended = _now()

    @contextmanager
    def mail_comes(self, fleet: Fleet, *, lines: int = 4) -> Iterator[Senders]:
        """While the block runs; afterwards every mail is logged and nothing waits to leave."""
        with fleet:
            senders = Senders(
                fleet.ports, range(self.contacts), lines=lines, pause=self.seconds * lines / self.contacts
            ).start()
            wait_until(lambda: fleet.acknowledged() > 0, what="the first receipt")
            yield senders
            senders.join(SETTLED_SECONDS)
            self.settle(fleet)

    def settle(self, fleet: Fleet) -> None:
        """Return when every mail is logged and nothing waits to leave."""
        wait_until(lambda: self._logged() >= self.contacts, what="every contact", seconds=SETTLED_SECONDS)
        wait_until(lambda: fleet.waiting() == 0, what="an empty outbox", seconds=SETTLED_SECONDS)

    def outcome(self, sink: Sink) -> Outcome:
        """Judge it, once the services are gone."""
        left = sorted(_receipts(sink))
        recovery = 0.0
        for harm in self.harms:
            after = next((at for at in left if at > harm.ended.timestamp()), None)
            if after is not None:
                recovery = max(recovery, after - harm.began.timestamp())
        return Outcome(
            judge(self.store_url, map(message_id, range(self.contacts)), sink.mails()),
            recovery,
            float(ask(self.store_url, _SLOWEST)[0][0]),
            len(self.harms),
        )

    def _logged(self) -> int:
        return int(ask(self.store_url, "SELECT count(*) FROM contacts")[0][0])


def smtp(port: int) -> str:
    """The way out, which no breaker stops: hundreds write within a minute."""
    return configured.SMTP.format(port=port) + configured.NO_BREAKER


def _receipts(sink: Sink) -> Iterator[float]:
    """When each receipt had arrived, by the clock of the file system."""
    for file in (sink.directory / "mails").iterdir():
        if str(message_from_bytes(file.read_bytes())["Message-ID"]).startswith("<ack."):
            yield file.stat().st_mtime


def _now() -> datetime:
    return Present().now()
