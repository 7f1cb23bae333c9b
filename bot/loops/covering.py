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
from bot.store import contacts, cursors
from bot.store.engine import Store, StoreUnavailable

logger = log.get("covering")
EVERY_SECONDS = 600.0
# Under which name the store remembers the level of an account, so that a new start is no change.
REMEMBERED = "coverage of "
_LEVELS = {"red": 0, "amber": 1, "green": 2}


class Covering:
    """`found` holds the last answer of each account."""

    def __init__(self, accounts: Mapping[str, Covered], meter: Meter, store: Store, present: Present) -> None:
        self.found: dict[str, Coverage] = {}
        self.accounts, self._meter, self._store, self._present = accounts, meter, store, present
        self._recorded: dict[str, str] = {}

    async def run(self) -> None:
        """Ask for ever."""
        while True:
            for name, account in self.accounts.items():
                before, now = self.found.get(name), await ask(account)
                self.found[name] = now
                self._meter.coverage.labels(name).set(_LEVELS[now.level])
                if before is None or before != now:
                    say = logger.info if now.level == "green" else logger.warning
                    say("channel.coverage", channel=name, level=now.level, findings=list(now.findings))
                if self._recorded.get(name) != now.level:
                    await self._record(name, now.level)
            await asyncio.sleep(EVERY_SECONDS)

    async def _record(self, name: str, level: str) -> None:
        """Have the store know of it; where it cannot be written now, at the next look."""
        try:
            await self._store.write(partial(record, channel=name, level=level, now=self._present.now()))
            self._recorded[name] = level
        except StoreUnavailable as error:
            logger.warning("coverage.not_recorded", channel=name, error=str(error))


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
