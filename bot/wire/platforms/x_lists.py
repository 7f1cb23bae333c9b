"""The lists of X that are read: the path and the query of each (docs.x.com/x-api), and what is new in them."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.channel import Batch
from bot.core.messages import Inbound
from bot.wire.platforms.platform import Api
from bot.wire.platforms.polling import AT_ONCE
from bot.wire.platforms.x_events import Reader

Item = tuple[str, list[Inbound]]

PAGE = 100
_EXPANDED_FIELDS = {"media.fields": "type,url,variants", "user.fields": "name,username"}
_POSTS = {
    "max_results": PAGE,
    "post.fields": "attachments,conversation_id,created_at,display_text_range,entities,id,note_post,text",
    "expansions": "attachments.media_keys,author_id,in_reply_to_user_id,referenced_posts",
    **_EXPANDED_FIELDS,
}
MESSAGES = {
    # Reading a message, which happens once a day, costs as much as ten mentions.
    "max_results": 25,
    "event_types": "MessageCreate",
    "dm_event.fields": "attachments,created_at,dm_conversation_id,event_type,id,text",
    "expansions": "attachments.media_keys,sender_id",
    **_EXPANDED_FIELDS,
}
QUERIES: Mapping[str, Mapping[str, Any]] = {
    "messages": MESSAGES,
    "mentions": _POSTS,
    "posts": {**_POSTS, "exclude": "retweets"},
}
PATHS = {"messages": "/2/dm_events", "mentions": "/2/users/{me}/mentions", "posts": "/2/users/{me}/tweets"}


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of the account `me`. `get` asks X by the name of a connection; `clock` has X's own time."""

    get: Callable[[str, str, Mapping[str, Any]], Awaitable[Any]]
    reader: Reader
    clock: Api
    me: str

    async def first_place(self, *, begins_with_all: bool) -> dict[str, str]:
        """Return the first cursor; `since` limits the repeated looks to what came after it."""
        if begins_with_all:
            return dict.fromkeys((*QUERIES, "since"), "")
        newest = {kind: _newest(await self.page(kind, {"max_results": 5})) for kind in QUERIES}
        return {**newest, "since": self.clock.at.isoformat()}

    async def look(self, place: dict[str, str], span: timedelta | None) -> AsyncGenerator[Batch]:
        """Yield what is new of each kind; with a span, everything of that span again, whatever the cursor says."""
        since = None
        if span is not None:
            first_instant = datetime.fromisoformat(place["since"]) if place["since"] else None
            since = max(filter(None, (first_instant, self.clock.at - span)))
        for kind in QUERIES:
            fresh, earlier = await self._pages(kind, place[kind], None if kind == "posts" else since)
            for first in range(0, len(fresh), AT_ONCE):
                items = fresh[first : first + AT_ONCE]
                place[kind] = next(filter(None, (name for name, _ in reversed(items))), place[kind])
                yield Batch(tuple(message for _, group in items for message in group), json.dumps(place))
            if earlier:
                yield Batch(tuple(earlier), again=True)

    async def _pages(self, kind: str, last: str, since: datetime | None) -> tuple[list[Item], list[Inbound]]:
        """Return items newer than `last` by id, and messages that are not but came after `since`; the oldest first.

        Pages are newest first, and later items have higher ids.
        """
        fresh: list[Item] = []
        earlier: list[Inbound] = []
        query: dict[str, Any] = {} if last else {"max_results": PAGE}
        if last and since is None and kind != "messages":
            query["since_id"] = last
        async with aclosing(self._items(kind, query)) as items:
            async for item, includes in items:
                name = _number(item)
                if _is_newer(name, last):
                    fresh.append((name, self._read(kind, item, includes)))
                elif since is not None and _is_since(item, since):
                    earlier += self._read(kind, item, includes)
                else:
                    break
        return fresh[::-1], earlier[::-1]

    def _read(self, kind: str, item: Any, includes: Any) -> list[Inbound]:
        return list(self.reader.items([(kind, item, includes)], self.me))

    async def _items(self, kind: str, query: dict[str, Any]) -> AsyncGenerator[tuple[Any, Any]]:
        """Yield the items of every page, and what accompanies them."""
        while True:
            content = await self.page(kind, query)
            for item in content.get("data") or ():
                yield item, content.get("includes")
            query["pagination_token"] = (content.get("meta") or {}).get("next_token")
            if not query["pagination_token"]:
                return

    async def page(self, kind: str, query: Mapping[str, Any]) -> Any:
        """Return a page of a list. Raises Temporary, Permanent or Misconfigured."""
        return await self.get(kind, PATHS[kind].format(me=self.me), {**QUERIES[kind], **query})


def _number(item: Any) -> str:
    """Return the number by which an item has its place in a list, or "": then it is read, and moves no cursor."""
    name = str(item.get("id", "")) if isinstance(item, dict) else ""
    return name if name.isdecimal() else ""


def _is_newer(name: str, last: str) -> bool:
    return not last or not name or int(name) > int(last)


def _is_since(item: Mapping[str, Any], since: datetime) -> bool:
    try:
        return datetime.fromisoformat(item["created_at"]) >= since
    except (KeyError, TypeError, ValueError):
        return True  # it is read, and found to be what cannot be understood


def _newest(content: Mapping[str, Any]) -> str:
    return next((str(item["id"]) for item in content.get("data") or ()), "")
