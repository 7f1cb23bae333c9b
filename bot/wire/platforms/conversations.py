"""Compares the list of conversations of a Messenger or Instagram account with what its calls have brought."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Literal

from bot.channel import Batch
from bot.wire.platforms.messenger import Inboxes
from bot.wire.platforms.platform import Api
from bot.wire.platforms.polling import Rounds

# What the list shows may be stamped a little before what we have seen; a call may be on its way for as long.
_OVERLAP = timedelta(minutes=2)
_BEFORE_ALL = "1970-01-01T00:00:00+00:00"


class Conversations:
    """`begin` says where a first look begins; `query` is what this platform's list wants besides."""

    def __init__(self, inboxes: Inboxes, api: Api, poll_seconds: float, query: Mapping[str, str]) -> None:
        self._inboxes, self._api, self._query = inboxes, api, query
        self._rounds = Rounds(poll_seconds)

    async def read(
        self, cursor: str | None, ready: asyncio.Event, begin: Literal["now", "all"]
    ) -> AsyncGenerator[Batch]:
        """From the cursor on, and again and again; one call was answered already."""
        first = _BEFORE_ALL if begin == "all" else self._api.at.isoformat()
        place = json.loads(cursor) if cursor else {"since": first, "until": first}
        if cursor is None:
            yield Batch((), json.dumps(place))
        ready.set()
        caught_up = False
        try:
            async with aclosing(self._rounds.begin()) as rounds:
                async for span in rounds:
                    async for batch in self._look(place, span, caught_up=caught_up):
                        yield batch
                    caught_up = True
        finally:
            ready.clear()

    async def _look(self, place: dict[str, str], span: timedelta | None, *, caught_up: bool) -> AsyncGenerator[Batch]:
        """What changed since the last look; where a span is given, all of it again.

        Once we have caught up, what is not quite new should have come by a call.
        """
        first, until = (datetime.fromisoformat(place[key]) for key in ("since", "until"))
        newest, called_by_now = until, self._api.at - _OVERLAP
        since = until - _OVERLAP if span is None else min(until - _OVERLAP, self._api.at - span)
        async for page in self._inboxes.listed(self._api, self._query, max(since, first)):
            newest = max([newest, *(m.received_at for m in page if m.received_at)])
            late = tuple(m for m in page if m.received_at and m.received_at < called_by_now)
            yield Batch(late, again=caught_up)
            yield Batch(tuple(m for m in page if m not in late))
        if newest > until:
            place["until"] = newest.isoformat()
            yield Batch((), json.dumps(place))
