"""Remembers what an account was told of late, so that what its platform lists no more is found to be deleted.

It is kept with the cursor: what is deleted while nobody reads the account is found by the next look that compares.
"""

from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from bot.wire.platforms.polling import OF_DAYS

# So many are remembered, and so many of those that are listed no more are asked for in one look.
_MOST, _MOST_ASKED = 300, 20


@dataclass(frozen=True, slots=True)
class Recent:
    """What was read: by its name, when it was written and by whom, as it stands in the cursor."""

    entries: dict[str, list[str]]

    def note(self, name: str, at: str, writer: str = "") -> None:
        """Note one that was read, unless its instant is none; the oldest are forgotten first."""
        with suppress(ValueError):
            datetime.fromisoformat(at)
            self.entries[name] = [at, writer]
        for oldest in list(self.entries)[:-_MOST]:
            del self.entries[oldest]

    async def deletions(
        self,
        present: Collection[str],
        since: datetime,
        now: datetime,
        is_deleted: Callable[[str, str], Awaitable[bool]],
    ) -> list[str]:
        """Return what was deleted of what was written since then; what is listed no more may only be hidden, too."""
        for name in [name for name in self.entries if not self._is_since(name, now - OF_DAYS)]:
            del self.entries[name]
        absent = [name for name in self.entries if name not in present and self._is_since(name, since)]
        names = []
        for name in absent[:_MOST_ASKED]:
            at, writer = self.entries.pop(name)
            if await is_deleted(name, writer):
                names.append(name)
            else:
                self.entries[name] = [at, writer]  # behind the others, which are asked for at the next look
        return names

    def _is_since(self, name: str, instant: datetime) -> bool:
        return datetime.fromisoformat(self.entries[name][0]) >= instant
