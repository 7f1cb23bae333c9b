"""Fetches the files of messages from the platforms that keep them, before their links run out."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter

from bot import log
from bot.channel import Channel, ChannelError, FileKeeper, Permanent
from bot.core import remote_files as rules
from bot.core.files import File
from bot.flows.intake import media
from bot.flows.rulebook import Rulebook
from bot.loops.lagging import Lagging
from bot.loops.leasing import TIMETABLE, Leasing
from bot.present import Present
from bot.store import remote_files
from bot.store.engine import Store, StoreUnavailable
from bot.store.remote_files import Waiting
from bot.wire.clamav import NotScanned, Scanner

logger = log.get("fetching")

# For one file of the largest size on a slow line.
PATIENCE_SECONDS = 120.0
MOST_AT_ONCE = 20
_LONGEST_REASON = 300


class Fetching:
    """`channels` are all that are configured; `scanner` looks into each file, where there is one."""

    def __init__(
        self,
        store: Store,
        book: Rulebook,
        present: Present,
        channels: Mapping[str, Channel],
        scanner: Scanner | None = None,
    ) -> None:
        self._store, self._book, self._present = store, book, present
        self._keepers = {name: channel for name, channel in channels.items() if isinstance(channel, FileKeeper)}
        self._scanner = scanner

    async def run(self, leases: Leasing, lagging: Lagging) -> None:
        """Fetch for ever; of several processes one does it."""
        while True:
            await lagging.until(lambda lag: lag.has_files_to_fetch(self._present.now()))
            try:
                while leases.holds(TIMETABLE) and await self.look():
                    pass
            except StoreUnavailable as error:
                logger.warning("files.not_kept_yet", error=str(error))

    async def look(self) -> bool:
        """Fetch what is due; return whether there was as much as is fetched at once, so that more may be due."""
        due = await self._store.read(partial(remote_files.due, now=self._present.now(), most=MOST_AT_ONCE))
        by_channel = groupby(sorted(due, key=attrgetter("channel")), attrgetter("channel"))
        await asyncio.gather(*(self._fetch_of(channel, list(files)) for channel, files in by_channel))
        return len(due) == MOST_AT_ONCE

    async def _fetch_of(self, channel: str, files: Sequence[Waiting]) -> None:
        """Fetch the files of one channel, one after another, and those of the other channels meanwhile."""
        keeper = self._keepers.get(channel)
        for waiting in files:
            if keeper is None:
                await self._lose(waiting, rules.NOT_CONFIGURED)
            else:
                await self._fetch(keeper, waiting)

    async def _fetch(self, keeper: FileKeeper, waiting: Waiting) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                file = await keeper.fetch(waiting.file, rules.MOST_BYTES)
            await self._take(waiting, file)
        except StoreUnavailable:
            raise
        except Permanent as error:
            await self._lose(waiting, str(error))
        except ChannelError as error:
            await self._put_off(waiting, str(error))
        except TimeoutError:
            await self._put_off(waiting, "it took too long")
        except Exception as error:  # whatever one file breaks, here or there, the others are fetched and kept
            logger.exception("file.not_fetched", channel=waiting.channel)
            await self._put_off(waiting, type(error).__name__)

    async def _take(self, waiting: Waiting, file: File) -> None:
        """Have a file judged as those of the form are, and keep it or say why not."""
        # Both look into pictures and archives, which no start of the service needs.
        from bot.wire.uploads import NotTaken, examine_media  # noqa: PLC0415

        try:
            harmless = await asyncio.to_thread(examine_media, File(file.name or waiting.file.kind, file.content))
        except NotTaken as error:
            await self._refuse(waiting, rules.refusal(error.refusal.why))
            return
        try:
            danger = await self._scanner.scan(harmless.content) if self._scanner else ""
        except NotScanned as error:
            logger.warning("files.wait", reason=str(error))
            await self._keep(waiting, harmless, is_scanned=False)
            return
        await (self._refuse(waiting, rules.danger(danger)) if danger else self._keep(waiting, harmless))

    async def _keep(self, waiting: Waiting, file: File, *, is_scanned: bool = True) -> None:
        now = self._present.now()
        await self._store.write(lambda c: media.keep(c, waiting, file, now, is_scanned=is_scanned))

    async def _refuse(self, waiting: Waiting, reason: str) -> None:
        now = self._present.now()
        await self._store.write(lambda c: media.refuse(c, waiting, reason, now))

    async def _lose(self, waiting: Waiting, words: str) -> None:
        reason, now = _as_reason(words), self._present.now()
        logger.warning("file.lost", channel=waiting.channel, reason=reason)
        await self._store.write(lambda c: media.lose(c, waiting, reason, now, self._book))

    async def _put_off(self, waiting: Waiting, words: str) -> None:
        reason, now = _as_reason(words), self._present.now()
        await self._store.write(lambda c: media.put_off(c, waiting, reason, now, self._book))


def _as_reason(words: str) -> str:
    """Return what a platform said as it can be stored: without NUL and halves of characters, and not for ever."""
    return words.encode("utf-8", "replace").decode().replace("\0", "")[:_LONGEST_REASON]
