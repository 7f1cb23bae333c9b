"""Looks after the service itself: what would break a promise silently is told to the operators, and when it is over."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from bot import log
from bot.channel import ChannelError, Coverage
from bot.core import alarms, durations
from bot.core.alarms import Alarm, On
from bot.core.deliveries import NewDelivery
from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook
from bot.loops.listening import Listening
from bot.present import Present
from bot.store import arrivals, clocks, outbox, remote_files, scans
from bot.store.engine import Store, StoreUnavailable

logger = log.get("tending")

LOOK_SECONDS = 5.0
# What is wrong in the store is told after minutes.
LOOKS_AT_STORE_EVERY = timedelta(seconds=15)
NOTE_LOOKS_EVERY = timedelta(minutes=1)
# A daemon that loads its signatures anew does not answer for some minutes.
FILES_WAIT = timedelta(minutes=15)
FREE_SHARE, FREE_BYTES = 0.05, 512 * 1024 * 1024
_PATIENCE = "Ackbot keeps trying and goes on by itself; nothing is lost."


class SelfWatch:
    """`listeners` and `covered` are what this process reads; `folder` is where its store lies, None: elsewhere.

    `is_leader` says whether this is the process that tells what all of them share. `hand_over` sends what no store can
    keep; it raises as an outlet does.
    """

    def __init__(self, store: Store, book: Rulebook, present: Present, wake: Callable[[], None]) -> None:
        self._store, self._book, self._present, self._wake = store, book, present, wake
        self.listeners: Sequence[Listening] = ()
        self.covered: Callable[[], Mapping[str, Coverage]] = dict
        self.folder: Path | None = None
        self.is_leader: Callable[[], bool] = lambda: True
        self.hand_over: Callable[[NewDelivery], Awaitable[None]] | None = None
        self._on: dict[str, On] = {}
        self._looks_noted_at: datetime | None = None
        self._store_looked_at: datetime | None = None
        self._alarms_of_store: list[Alarm] = []
        # Who has been told that the store is lost, while it is.
        self._lost_told: set[str] = set()

    async def run(self) -> None:
        """Look for ever."""
        loop = asyncio.get_running_loop()
        start, at = self._present.now(), loop.time()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            stepped = self._present.now() - (start + self._present.wall(loop.time() - at))
            start, at = self._present.now(), loop.time()
            try:
                await self.look_for_store()
                await self.look(stepped)
            except StoreUnavailable as error:
                logger.error("alarms.not_told", error=str(error))

    async def look_for_store(self) -> None:
        """Tell the operators, each once, that the store's file is gone: no outbox can keep that for them."""
        if not (reason := self._store.why_lost):
            self._lost_told.clear()
            return
        if not self._lost_told:
            logger.error("file.lost", reason=reason)
        now, words = self._present.now(), _lost_words(reason)
        for notice in alert.notices(None, f"store-lost:{now.isoformat()}", now, self._book, **words):
            if notice.recipient in self._lost_told or self.hand_over is None:
                continue
            try:
                await self.hand_over(notice)
                self._lost_told.add(notice.recipient)
            except (ChannelError, LookupError) as error:
                logger.error("file.loss_not_told", outlet=notice.channel, error=type(error).__name__)

    async def look(self, stepped: timedelta) -> None:
        """Look once; the clock has jumped by `stepped` since the last time."""
        now = self._present.now()
        await self._look_at_store(now)
        alarms_now = [*self._channels(), *self._accounts(), *self._disk(), *self._clock(stepped, now)]
        alarms_now += self._alarms_of_store
        change = alarms.change(self._on, alarms_now, now, self._book.clocks.timing.alarm_over_after)
        if change.new or change.over:
            for alarm in change.new:
                logger.warning("alarm.began", alarm=alarm.name)
            for past in change.over:
                logger.info("alarm.over", alarm=past.alarm.name)
            names = ",".join([*(a.name for a in change.new), *(o.alarm.name for o in change.over)])
            words = alarms.words(change.new, change.over)
            rows = alert.notices(None, f"alarm:{names}:{now.isoformat()}", now, self._book, **words)
            await self._store.write(lambda connection: outbox.queue(connection, rows))
            self._wake()
        self._on = dict(change.on)
        await self._note_looks(now)

    async def _look_at_store(self, now: datetime) -> None:
        """In the process that tells what all share, now and then; a clock that was set back keeps nobody from it."""
        if not self.is_leader():
            self._store_looked_at, self._alarms_of_store = None, []
        elif self._store_looked_at is None or abs(now - self._store_looked_at) >= LOOKS_AT_STORE_EVERY:
            self._alarms_of_store = await self._store.read(lambda c: list(self._store_alarms(c, now)))
            self._store_looked_at = now

    async def _note_looks(self, now: datetime) -> None:
        """Once a minute: which channels can be read, for every process that shows it."""
        if self._looks_noted_at is not None and now - self._looks_noted_at < NOTE_LOOKS_EVERY:
            return
        if names := [listener.inbox.name for listener in self.listeners if listener.reads]:
            await self._store.write(lambda connection: arrivals.note_looks(connection, names, now))
            self._looks_noted_at = now

    def _channels(self) -> Iterable[Alarm]:
        for listener in self.listeners:
            if listener.alarm:
                name = listener.inbox.name
                yield Alarm(
                    f"channel {name}",
                    f"The channel {name} cannot be read",
                    f"Ackbot cannot read the channel {name}, so nobody who writes there is acknowledged. "
                    f"It was told: {listener.alarm}",
                    f"Put right what it names. {_PATIENCE}",
                )

    def _accounts(self) -> Iterable[Alarm]:
        for name, coverage in self.covered().items():
            runs_out = [finding for finding in coverage.findings if "runs out on" in finding]
            if coverage.level == "red" or runs_out:
                yield Alarm(
                    f"coverage {name}",
                    f"The account {name} needs you",
                    "Not everything that people write there reaches us, or soon will not: "
                    f"{'; '.join(coverage.findings)}.",
                    "Put right what it names: docs/channels.md says how, for each platform.",
                )

    def _disk(self) -> Iterable[Alarm]:
        if self.folder is None:
            return
        usage = shutil.disk_usage(self.folder)
        if usage.free < min(FREE_BYTES, usage.total * FREE_SHARE):
            yield Alarm(
                "disk",
                "The disk is nearly full",
                f"{usage.free // (1024 * 1024)} MB are free where the store lies. When it is full, mail servers are "
                "asked to come again, and forms to try again.",
                "Make room, or give it a larger disk.",
            )

    def _store_alarms(self, connection: Connection, now: datetime) -> Iterable[Alarm]:
        timing = self._book.clocks.timing
        next_look = clocks.next_look(connection)
        if next_look is not None and now - next_look > timing.looks_late_after:
            yield Alarm(
                "looks",
                "Contacts are not looked at in time",
                f"An open contact should have been looked at by {next_look:%H:%M} (UTC) on {next_look:%d %B %Y}. "
                "Alerts come late.",
                "See the log. Restart Ackbot if it does not go on by itself.",
            )
        since = scans.waiting_since(connection)
        if since is not None and now - since > FILES_WAIT:
            yield Alarm(
                "scanner",
                "Files wait for the virus scanner",
                f"ClamAV has not looked into files that came at {since:%H:%M} (UTC) on {since:%d %B %Y}. Messages are "
                "taken, and nobody can open their files.",
                f"See that it runs and answers: ackbot check --live. {_PATIENCE}",
            )
        for stuck in remote_files.stuck(connection, now - FILES_WAIT):
            yield Alarm(
                f"files of {stuck.channel}",
                f"Files of {stuck.channel} cannot be fetched",
                f"{stuck.count} files that people sent on the channel {stuck.channel} could not be fetched yet. "
                f"It was told: {stuck.reason}",
                f"Put right what it names within some days, as the platform does not keep them for ever. {_PATIENCE}",
            )
        for outlet, count in outbox.late_alerts(connection, now - timing.alerts_late_after):
            yield Alarm(
                f"alerts by {outlet}",
                f"Staff are not reached by {outlet}",
                f"{count} alerts have waited for {outlet} for more than {durations.of_span(timing.alerts_late_after)}.",
                f"Look whether {outlet} works, and tell the teams another way until it does. {_PATIENCE}",
            )

    def _clock(self, stepped: timedelta, now: datetime) -> Iterable[Alarm]:
        if abs(stepped) > self._book.clocks.timing.clock_jump:
            direction = "forward" if stepped > timedelta(0) else "back"
            yield Alarm(
                f"clock {now.isoformat()}",
                "The clock of the machine has jumped",
                f"It went {direction} by {durations.of_span(abs(stepped))}, or the machine stood still. "
                "What was due meanwhile is done now.",
                "Check that the machine keeps its time (NTP).",
                passing=True,
            )


def _lost_words(reason: str) -> dict[str, str]:
    return {
        "subject": "The store of Ackbot is gone",
        "happened": f"{reason[:1].upper()}{reason[1:]}. Ackbot takes nothing in: mail servers are asked to come again, "
        "forms to try again. What was stored since the file was taken away is only in the file that Ackbot has open.",
        "action": "Do not stop Ackbot yet. Put the file back where it was, and it goes on by itself; where it was "
        "deleted, see docs/nights/the-store-was-taken-away.md.",
    }
