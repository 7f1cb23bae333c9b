"""Compares the list of conversations of a Messenger or Instagram account with the messages of its webhook calls."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Literal

from bot.channel import Batch
from bot.core.messages import Inbound
from bot.wire.platforms.messenger_list import MessageList
from bot.wire.platforms.polling import Rounds

# The list may stamp a message a little earlier than the call did; a call may be on its way for as long.
_OVERLAP = timedelta(minutes=2)
_BEFORE_ALL = "1970-01-01T00:00:00+00:00"


class Conversations:
    """Reads the list of conversations, again and again. `begin`: where a first look begins."""

    def __init__(self, messages: MessageList, poll_seconds: float) -> None:
        self._messages, self._api = messages, messages.api
        self._rounds = Rounds(poll_seconds)

    async def read(
        self, cursor: str | None, ready: asyncio.Event, begin: Literal["now", "all"]
    ) -> AsyncGenerator[Batch]:
        """Yield batches from the cursor on, again and again; the account has answered one call already."""
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
        """Yield what changed since the last look; with a span, everything of that span again.

        After the first look, a message that is not quite new should have come by a webhook call.
        """
        first, until = (datetime.fromisoformat(place[key]) for key in ("since", "until"))
        newest, called_by_now = until, self._api.at - _OVERLAP
        since = until - _OVERLAP if span is None else min(until - _OVERLAP, self._api.at - span)
        async for page in self._messages.pages_since(max(since, first)):
            newest = max([newest, *_instants(page)])
            late = tuple(message for message in page if _came_before(message, called_by_now))
            yield Batch(late, again=caught_up)
            yield Batch(tuple(message for message in page if message not in late))
        if newest > until:
            place["until"] = newest.isoformat()
            yield Batch((), json.dumps(place))


def _instants(page: list[Inbound]) -> list[datetime]:
    return [message.received_at for message in page if message.received_at]


def _came_before(message: Inbound, instant: datetime) -> bool:
    return message.received_at is not None and message.received_at < instant
