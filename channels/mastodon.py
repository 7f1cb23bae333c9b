"""A Mastodon account: mentions and private messages in, answers out; its own posts show what staff have answered.

Messages come from the list of notifications, read from a cursor; the stream only tells when to read it. Identifiers
are opaque strings: servers of other makes use letters (docs.joinmastodon.org, "Pagination").
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, suppress
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from bot.channel import Account, Batch, ChannelError, Coverage, Handed, Misconfigured, Permanent
from bot.core.lengths import Longest, Unit
from bot.core.messages import Inbound, Outbound, Party, Post
from bot.core.outlets import Limits
from bot.wire.mail.markup import to_text
from bot.wire.platforms.platform import Api, PlatformUrl
from bot.wire.platforms.polling import AT_ONCE, Rounds
from bot.wire.platforms.reading import read_each

PAGE = 40
# A server takes 500 at least; the name of the person stands before the words (docs.joinmastodon.org, "Posting toots").
_LONGEST = Longest(450, Unit.SHORT_LINKS)
_NOT_FOUND, _UNPROCESSABLE = 404, 422
_MENTION_TYPES = ("mention", "quote")
_POLICIES = {
    "for_private_mentions": "private messages of people whom it does not follow",
    "for_not_following": "mentions by people whom it does not follow",
    "for_not_followers": "mentions by people who do not follow it",
    "for_new_accounts": "mentions by new accounts",
    "for_limited_accounts": "mentions by accounts that its server has limited",
}


class Settings(Account):
    """`url` of the server, `token` with read:accounts, read:notifications, read:statuses, write:statuses."""

    media = ("mastodon",)
    url: PlatformUrl
    token: SecretStr
    poll_seconds: float = Field(default=30, ge=0.1, le=3600)


class Mastodon:
    """One account, inbound and outbound."""

    alone = True

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.ready = asyncio.Event()
        self.limits = Limits(2, format="text", longest=_LONGEST, longest_public=_LONGEST)
        self._settings = settings
        self._host = urlsplit(settings.url).netloc
        headers = {"Authorization": f"Bearer {settings.token.get_secret_value()}"}
        self._api = Api(name, settings.url, headers)
        self._rounds = Rounds(settings.poll_seconds)

    async def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Yield everything since the cursor, then new messages; repeat the recent past again and again."""
        me = (await self._api.get("/api/v1/accounts/verify_credentials")).content
        own = f"/api/v1/accounts/{me['id']}/statuses"
        place = json.loads(cursor) if cursor else await self._first_place(own)
        if cursor is None:
            yield Batch((), json.dumps(place))
        self.ready.set()
        stream = asyncio.create_task(self._follow_stream())
        try:
            async with aclosing(self._rounds.begin()) as rounds:
                async for span in rounds:
                    async for batch in self._look(me["id"], own, place, span):
                        yield batch
        finally:
            self.ready.clear()
            stream.cancel()
            await asyncio.wait({stream})

    async def send(self, message: Outbound) -> Handed:
        """Post one answer that mentions only its recipient; the server detects a repeat by its key for an hour."""
        handle = message.recipient.removesuffix(f"@{self._host}")
        content = {
            "status": f"{handle} {message.content.decode()}",
            "visibility": "unlisted" if message.public else "direct",
            "in_reply_to_id": message.in_reply_to,
        }
        headers = {"Idempotency-Key": message.idempotency_key}
        answer = await self._api.ask("POST", "/api/v1/statuses", json=content, headers=headers)
        if answer.status in (_NOT_FOUND, _UNPROCESSABLE):
            # The post that it answers has been deleted; the person can still be answered.
            del content["in_reply_to_id"]
            answer = await self._api.ask("POST", "/api/v1/statuses", json=content, headers=headers)
        if answer.status >= 400:
            raise self._api.error(answer)
        return Handed(str(answer.content["id"]))

    async def check(self) -> str:
        """Sign in; return one sentence about the account. Raises Temporary or Misconfigured."""
        me = (await self._api.get("/api/v1/accounts/verify_credentials")).content
        return f"signed in at {self._settings.url} as @{me['acct']}"

    async def coverage(self) -> Coverage:
        """Return what the account's settings withhold. Items under the policy `filter` are requested all the same."""
        try:
            policy = await self._policy()
        except ChannelError as error:
            return Coverage("red", (str(error),))
        policies = [words for key, words in _POLICIES.items() if policy.get(key) == "drop"]
        if policies:
            return Coverage("red", tuple(f"the account is set to drop {words}" for words in policies))
        return self._rounds.coverage()

    async def close(self) -> None:
        """Close the connection."""
        await self._api.close()

    async def _policy(self) -> Mapping[str, Any]:
        await self._api.get("/api/v1/accounts/verify_credentials")
        answer = await self._api.ask("GET", "/api/v2/notifications/policy")
        return answer.content if answer.status < 400 and isinstance(answer.content, dict) else {}

    async def _first_place(self, own: str) -> dict[str, str]:
        """Return the first cursor; `since` limits the repeated looks to what came after it."""
        if self._settings.begin == "all":
            return {"notifications": "", "statuses": "", "since": ""}
        newest = await self._page("/api/v1/notifications", {"limit": 1})
        latest = await self._page(own, {"limit": 1})
        since = self._api.at.isoformat()
        return {"notifications": _id(newest[:1]), "statuses": _id(latest[:1]), "since": since}

    async def _look(self, me: str, own: str, place: dict[str, str], span: timedelta | None) -> AsyncGenerator[Batch]:
        """Yield what is new; with a span, everything of that span again, whatever the cursor says."""
        query = {"types[]": list(_MENTION_TYPES), "include_filtered": "true"}
        async for page in self._since("/api/v1/notifications", query, place["notifications"]):
            place["notifications"] = _id(page[-1:])
            yield Batch(tuple(self._mentions(page)), json.dumps(place))
        async for page in self._since(own, {"exclude_reblogs": "true"}, place["statuses"]):
            place["statuses"] = _id(page[-1:])
            yield Batch(tuple(self._own_answers(page)), json.dumps(place))
        if deletions := self._rounds.pop_deletions():
            yield Batch(tuple(self._deletion(status_id) for status_id in deletions))
        if span is not None:
            since = self._api.at - span
            first_instant = _instant(place["since"]) if place["since"] else since
            again = await self._recent_messages(query, max(since, first_instant), me)
            for first in range(0, len(again), AT_ONCE):
                yield Batch(tuple(again[first : first + AT_ONCE]), again=True)

    async def _since(self, path: str, query: Mapping[str, Any], min_id: str) -> AsyncGenerator[list[Any]]:
        """Yield pages after `min_id`, the oldest first; all pages if it is empty."""
        if not min_id:
            items: list[Any] = []
            while page := await self._page(path, {**query, "limit": PAGE, "max_id": _id(items[-1:])}):
                items += page
            items.reverse()
            for first in range(0, len(items), AT_ONCE):
                yield items[first : first + AT_ONCE]
            return
        while page := await self._page(path, {**query, "limit": PAGE, "min_id": min_id}):
            min_id = _id(page[:1])
            yield page[::-1]

    async def _recent_messages(self, query: Mapping[str, Any], since: datetime, me: str) -> list[Inbound]:
        """Return the recent messages in both lists of the server; only these show edits."""
        messages: list[Inbound] = []
        last = ""
        while page := await self._page("/api/v1/notifications", {**query, "limit": PAGE, "max_id": last}):
            last = _id(page[-1:])
            for notification in page:
                if _instant(notification["created_at"]) < since:
                    return messages + await self._conversations(since, me)
                messages += self._mentions([notification])
                if (notification.get("status") or {}).get("edited_at"):
                    messages.append(self._edit(notification["status"]))
        return messages + await self._conversations(since, me)

    async def _conversations(self, since: datetime, me: str) -> list[Inbound]:
        messages = []
        for conversation in await self._page("/api/v1/conversations", {"limit": PAGE}):
            status = conversation.get("last_status")
            if status and status["account"]["id"] != me and _instant(status["created_at"]) >= since:
                messages.append(self._inbound(status))
        return messages

    async def _page(self, path: str, query: Mapping[str, Any]) -> list[Any]:
        pairs = [(key, item) for key, value in query.items() if value for item in _items(value)]
        content = (await self._api.call("GET", path, params=pairs)).content
        return content if isinstance(content, list) else []

    def _mentions(self, page: Sequence[Any]) -> list[Inbound]:
        statuses = [item["status"] for item in page if item.get("type") in _MENTION_TYPES and item.get("status")]
        return list(read_each(self.name, statuses, lambda status: [self._inbound(status)]))

    def _inbound(self, status: Mapping[str, Any]) -> Inbound:
        direct = status["visibility"] == "direct"
        account = status["account"]
        address = self._address(account["acct"])
        post = Post(
            kind="message" if direct else "mention",
            conversation=address if direct else "",
            answers=_parents(status),
            by_program=bool(account.get("bot")),
            holds=tuple(media["type"] for media in status.get("media_attachments", ())),
            link=status.get("url") or status.get("uri") or "",
        )
        return self._message(status, post, Party(address, account.get("display_name", "")))

    def _own_answers(self, page: Sequence[Any]) -> list[Inbound]:
        """Return the posts of this account to somebody: staff's answers, and automatic ones."""
        to_somebody = [status for status in page if status.get("mentions") or status.get("in_reply_to_id")]
        return list(read_each(self.name, to_somebody, lambda status: [self._outgoing(status)]))

    def _outgoing(self, status: Mapping[str, Any]) -> Inbound:
        direct = status["visibility"] == "direct"
        addresses = [self._address(mention["acct"]) for mention in status.get("mentions", ())]
        post = Post(conversation=addresses[0] if direct and addresses else "", answers=_parents(status))
        return self._message(status, post, None)

    def _edit(self, status: Mapping[str, Any]) -> Inbound:
        post = Post("edit", about=str(status["id"]), link=status.get("url") or "")
        sender = Party(self._address(status["account"]["acct"]))
        return self._message(status, post, sender, suffix=f" edited {status['edited_at']}")

    def _deletion(self, status_id: str) -> Inbound:
        post = Post("deletion", about=status_id)
        return Inbound(self.name, f"{status_id} taken back", "", None, post=post)

    def _message(self, status: Mapping[str, Any], post: Post, sender: Party | None, suffix: str = "") -> Inbound:
        words = to_text(status.get("content") or "")
        warning = status.get("spoiler_text") or ""
        text = f"{warning}\n\n{words}" if warning else words
        return Inbound(
            channel=self.name,
            external_id=f"{status['id']}{suffix}",
            digest=hashlib.sha256(text.encode()).hexdigest(),
            sender=sender,
            text=text,
            received_at=_instant(status["created_at"]),
            outgoing=sender is None,
            visibility="private" if status["visibility"] == "direct" else "public",
            post=post,
            raw=json.dumps(status, ensure_ascii=False).encode(),
        )

    def _address(self, acct: str) -> str:
        return f"@{acct}" if "@" in acct else f"@{acct}@{self._host}"

    async def _follow_stream(self) -> None:
        """Wake the rounds by the stream; a server without one is only polled (docs.joinmastodon.org, "Streaming")."""
        while True:
            with suppress(ChannelError, Misconfigured, Permanent):
                async for event, data in self._api.events("/api/v1/streaming/user"):
                    if event == "delete":
                        self._rounds.note_deletion(data)
                    else:
                        self._rounds.wake()
            await asyncio.sleep(self._settings.poll_seconds)


def build(name: str, settings: Settings) -> Mastodon:
    """Return the account that `settings` describe."""
    return Mastodon(name, settings)


def _parents(status: Mapping[str, Any]) -> tuple[str, ...]:
    parent = status.get("in_reply_to_id")
    return (str(parent),) if parent else ()


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _id(page: Sequence[Any]) -> str:
    return str(page[0]["id"]) if page else ""


def _instant(value: str) -> datetime:
    return datetime.fromisoformat(value)
