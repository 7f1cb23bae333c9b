"""Asks every account now and then whether all that people write reaches us; staff are told when it gets worse."""

import asyncio
from collections.abc import Mapping

from bot import log
from bot.channel import ChannelError, Coverage, Covered
from bot.loops.metering import Meter

logger = log.get("covering")
EVERY_SECONDS = 600.0
_LEVELS = {"red": 0, "amber": 1, "green": 2}


class Covering:
    """`found` holds the last answer of each account."""

    def __init__(self, accounts: Mapping[str, Covered], meter: Meter) -> None:
        self.found: dict[str, Coverage] = {}
        self.accounts, self._meter = accounts, meter

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
            await asyncio.sleep(EVERY_SECONDS)


async def ask(account: Covered) -> Coverage:
    """What it says now; red where it cannot be asked."""
    try:
        return await account.coverage()
    except ChannelError as error:
        return Coverage("red", (str(error),))
