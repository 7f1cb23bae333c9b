"""Asks every account now and then whether all that people write reaches us; staff are told when it gets worse."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from bot import log
from bot.channel import ChannelError, Coverage, Covered
from bot.core.events import Event, EventKind
from bot.loops.metering import Meter
from bot.present import Present
from bot.store import contacts, cursors, shunt
from bot.store.engine import Store, StoreUnavailable

logger = log.get("covering")
EVERY_SECONDS = 600.0
_COUNTS_A_ROUND = 20
# Under which name the store remembers the level of an account, so that a new start is no change.
REMEMBERED = "coverage of "
_LEVELS = {"red": 0, "amber": 1, "green": 2}


class Covering:
    """`found` holds what is known of each account, and of every channel with messages that wait for a person.

    Such a message is one that did not reach anybody: a channel with one is not green.
    """

    def __init__(self, accounts: Mapping[str, Covered], meter: Meter, store: Store, present: Present) -> None:
        self.found: dict[str, Coverage] = {}
        self._accounts, self._meter, self._store, self._present = accounts, meter, store, present
        self._answers: dict[str, Coverage] = {}
        self._recorded: dict[str, str] = {}

    async def run(self) -> None:
        """Ask for ever; what was shunted is counted more often."""
        while True:
            for name, account in self._accounts.items():
                self._answers[name] = await ask(account)
            for _ in range(_COUNTS_A_ROUND):
                await self._look()
                await asyncio.sleep(EVERY_SECONDS / _COUNTS_A_ROUND)

    async def _look(self) -> None:
        try:
            shunted = await self._store.read(shunt.by_channel)
        except StoreUnavailable as error:
            logger.warning("coverage.not_counted", error=str(error))
            return
        # One that had some, and has none any more, is told to be green again.
        for name in {**self._answers, **shunted, **self.found}:
            await self._show(name, with_shunted(self._answers.get(name, Coverage("green")), shunted.get(name, 0)))

    async def _show(self, name: str, now: Coverage) -> None:
        before, self.found[name] = self.found.get(name), now
        self._meter.coverage.labels(name).set(_LEVELS[now.level])
        if before != now:
            say = logger.info if now.level == "green" else logger.warning
            say("channel.coverage", channel=name, level=now.level, findings=list(now.findings))
        if self._recorded.get(name) != now.level:
            await self._record(name, now.level)

    async def _record(self, name: str, level: str) -> None:
        """Have the store know of it; where it cannot be written now, at the next look."""
        try:
            await self._store.write(partial(record, channel=name, level=level, now=self._present.now()))
            self._recorded[name] = level
        except StoreUnavailable as error:
            logger.warning("coverage.not_recorded", channel=name, error=str(error))


def with_shunted(coverage: Coverage, count: int) -> Coverage:
    """Return the coverage of a channel of which so many messages wait for a person."""
    if not count:
        return coverage
    what = "1 message that came was" if count == 1 else f"{count} messages that came were"
    finding = f"{what} not understood, or could not be logged: a person has to read {'it' if count == 1 else 'them'}"
    return Coverage("red" if coverage.level == "red" else "amber", (*coverage.findings, finding))


async def ask(account: Covered) -> Coverage:
    """What it says now; red where it cannot be asked."""
    try:
        return await account.coverage()
    except ChannelError as error:
        return Coverage("red", (str(error),))


def record(connection: Connection, channel: str, level: str, now: datetime) -> None:
    """Note how well an account is covered, where that is another level than the last one noted."""
    before = cursors.read(connection, f"{REMEMBERED}{channel}") or ""
    if before == level:
        return
    cursors.put(connection, f"{REMEMBERED}{channel}", level, now)
    details = {"channel": channel, "level": level, "level_before": before}
    contacts.note(connection, [Event(None, now, EventKind.COVERAGE_CHANGED, details=details)])
