"""A Mastodon account: mentions and private messages in, answers out; its own posts show what staff have answered.

The notifications are the truth and are read from a cursor; the stream only says when to look. Identifiers are opaque
strings: servers of other makes use letters (docs.joinmastodon.org, "Pagination").
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

from bot.channel import Account, Batch, ChannelError, Coverage, Handed, Limits, Misconfigured, Permanent
from bot.core.messages import Inbound, Outbound, Party, Post
from bot.wire.mail.markup import to_text
from bot.wire.platforms.platform import Api, PlatformUrl
from bot.wire.platforms.polling import AT_ONCE, Rounds
from bot.wire.platforms.reading import each

PAGE = 40
_NOT_FOUND, _UNPROCESSABLE = 404, 422
_ABOUT_US = ("mention", "quote")
_POLICIES = {
    "for_private_mentions": "private messages of people whom it does not follow",
    "for_not_following": "mentions by people whom it does not follow",
    "for_not_followers": "mentions by people who do not follow it",
    "for_new_accounts": "mentions by new accounts",
    "for_limited_accounts": "mentions by accounts that its server has limited",
}


class Settings(Account):
    """`url` of the server, `token` with read:accounts, read:notifications, read:statuses, write:statuses."""

    url: PlatformUrl
    token: SecretStr
    poll_seconds: float = Field(default=30, ge=0.1, le=3600)


class Mastodon:
    """One account, way in and way out."""

    alone = True

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.ready = asyncio.Event()
        self.limits = Limits(concurrency=2, format="text")
        self._settings = settings
        self._host = urlsplit(settings.url).netloc
        headers = {"Authorization": f"Bearer {settings.token.get_secret_value()}"}
        self._api = Api(name, settings.url, headers)
        self._rounds = Rounds(settings.poll_seconds)

    async def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Everything since the cursor, then what comes; and again and again what came of late."""
        me = (await self._api.get("/api/v1/accounts/verify_credentials")).content
        own = f"/api/v1/accounts/{me['id']}/statuses"
        place = json.loads(cursor) if cursor else await self._first_place(own)
        if cursor is None:
            yield Batch((), json.dumps(place))
        self.ready.set()
        stream = asyncio.create_task(self._hear())
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
        """Post one answer that names nobody but its recipient; the server knows a repeat by its key for an hour."""
        handle = message.recipient.removesuffix(f"@{self._host}")
        content = {
            "status": f"{handle} {message.content.decode()}",
            "visibility": "unlisted" if message.public else "direct",
            "in_reply_to_id": message.in_reply_to,
        }
        headers = {"Idempotency-Key": message.idempotency_key}
        answer = await self._api.ask("POST", "/api/v1/statuses", json=content, headers=headers)
        if answer.status in (_NOT_FOUND, _UNPROCESSABLE):
            # What it answers is gone; the person is still there.
            del content["in_reply_to_id"]
            answer = await self._api.ask("POST", "/api/v1/statuses", json=content, headers=headers)
        if answer.status >= 400:
            raise self._api.error(answer)
        return Handed(str(answer.content["id"]))

    async def check(self) -> str:
        """Sign in; one sentence about the account. Raises Temporary or Misconfigured."""
        me = (await self._api.get("/api/v1/accounts/verify_credentials")).content
        return f"signed in at {self._settings.url} as @{me['acct']}"

    async def coverage(self) -> Coverage:
        """What the account's own settings keep from us. `filter` does not: we ask for what was filtered, too."""
        try:
            policy = await self._policy()
        except ChannelError as error:
            return Coverage("red", (str(error),))
        dropped = [words for key, words in _POLICIES.items() if policy.get(key) == "drop"]
        if dropped:
            return Coverage("red", tuple(f"the account is set to drop {words}" for words in dropped))
        return self._rounds.coverage()

    async def close(self) -> None:
        """Let go of the connection."""
        await self._api.close()

    async def _policy(self) -> Mapping[str, Any]:
        await self._api.get("/api/v1/accounts/verify_credentials")
        answer = await self._api.ask("GET", "/api/v2/notifications/policy")
        return answer.content if answer.status < 400 and isinstance(answer.content, dict) else {}

    async def _first_place(self, own: str) -> dict[str, str]:
        """Where to begin; `since` keeps the comparing from what was there before."""
        if self._settings.begin == "all":
            return {"notifications": "", "statuses": "", "since": ""}
        newest = await self._page("/api/v1/notifications", {"limit": 1})
        latest = await self._page(own, {"limit": 1})
        since = self._api.at.isoformat()
        return {"notifications": _id(newest[:1]), "statuses": _id(latest[:1]), "since": since}

    async def _look(self, me: str, own: str, place: dict[str, str], span: timedelta | None) -> AsyncGenerator[Batch]:
        """What is new; where a span is given, everything of that span again, whatever the cursor says."""
        query = {"types[]": list(_ABOUT_US), "include_filtered": "true"}
        async for page in self._since("/api/v1/notifications", query, place["notifications"]):
            place["notifications"] = _id(page[-1:])
            yield Batch(tuple(self._told(page)), json.dumps(place))
        async for page in self._since(own, {"exclude_reblogs": "true"}, place["statuses"]):
            place["statuses"] = _id(page[-1:])
            yield Batch(tuple(self._sent(page)), json.dumps(place))
        if gone := self._rounds.taken_back():
            yield Batch(tuple(self._taken_back(status_id) for status_id in gone))
        if span is not None:
            since = self._api.at - span
            again = await self._of_late(query, max(since, _instant(place["since"]) if place["since"] else since), me)
            for first in range(0, len(again), AT_ONCE):
                yield Batch(tuple(again[first : first + AT_ONCE]), again=True)

    async def _since(self, path: str, query: Mapping[str, Any], min_id: str) -> AsyncGenerator[list[Any]]:
        """Pages after `min_id`, the oldest first; without one all that there is."""
        if not min_id:
            everything: list[Any] = []
            while page := await self._page(path, {**query, "limit": PAGE, "max_id": _id(everything[-1:])}):
                everything += page
            everything.reverse()
            for first in range(0, len(everything), AT_ONCE):
                yield everything[first : first + AT_ONCE]
            return
        while page := await self._page(path, {**query, "limit": PAGE, "min_id": min_id}):
            min_id = _id(page[:1])
            yield page[::-1]

    async def _of_late(self, query: Mapping[str, Any], since: datetime, me: str) -> list[Inbound]:
        """Everything of late that names us, by both lists that the server keeps; edits show only here."""
        found: list[Inbound] = []
        last = ""
        while page := await self._page("/api/v1/notifications", {**query, "limit": PAGE, "max_id": last}):
            last = _id(page[-1:])
            for told in page:
                if _instant(told["created_at"]) < since:
                    return found + await self._conversations(since, me)
                found += self._told([told])
                found += [self._edit(told["status"])] if (told.get("status") or {}).get("edited_at") else []
        return found + await self._conversations(since, me)

    async def _conversations(self, since: datetime, me: str) -> list[Inbound]:
        found = []
        for conversation in await self._page("/api/v1/conversations", {"limit": PAGE}):
            status = conversation.get("last_status")
            if status and status["account"]["id"] != me and _instant(status["created_at"]) >= since:
                found.append(self._inbound(status))
        return found

    async def _page(self, path: str, query: Mapping[str, Any]) -> list[Any]:
        pairs = [(key, item) for key, value in query.items() if value for item in _items(value)]
        content = (await self._api.call("GET", path, params=pairs)).content
        return content if isinstance(content, list) else []

    def _told(self, page: Sequence[Any]) -> list[Inbound]:
        statuses = [told["status"] for told in page if told.get("type") in _ABOUT_US and told.get("status")]
        return list(each(self.name, statuses, lambda status: [self._inbound(status)]))

    def _inbound(self, status: Mapping[str, Any]) -> Inbound:
        direct = status["visibility"] == "direct"
        account = status["account"]
        address = self._address(account["acct"])
        post = Post(
            kind="message" if direct else "mention",
            conversation=address if direct else "",
            answers=_answered(status),
            by_program=bool(account.get("bot")),
            holds=tuple(media["type"] for media in status.get("media_attachments", ())),
            link=status.get("url") or status.get("uri") or "",
        )
        return self._message(status, post, Party(address, account.get("display_name", "")))

    def _sent(self, page: Sequence[Any]) -> list[Inbound]:
        """What left this account for somebody: staff's answers, and our own."""
        to_somebody = [status for status in page if status.get("mentions") or status.get("in_reply_to_id")]
        return list(each(self.name, to_somebody, lambda status: [self._outgoing(status)]))

    def _outgoing(self, status: Mapping[str, Any]) -> Inbound:
        direct = status["visibility"] == "direct"
        named = [self._address(mention["acct"]) for mention in status.get("mentions", ())]
        post = Post(conversation=named[0] if direct and named else "", answers=_answered(status))
        return self._message(status, post, None)

    def _edit(self, status: Mapping[str, Any]) -> Inbound:
        post = Post("edit", about=str(status["id"]), link=status.get("url") or "")
        sender = Party(self._address(status["account"]["acct"]))
        return self._message(status, post, sender, suffix=f" edited {status['edited_at']}")

    def _taken_back(self, status_id: str) -> Inbound:
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

    async def _hear(self) -> None:
        """The stream wakes us; a server without one is polled only (docs.joinmastodon.org, "Streaming")."""
        while True:
            with suppress(ChannelError, Misconfigured, Permanent):
                async for event, data in self._api.events("/api/v1/streaming/user"):
                    if event == "delete":
                        self._rounds.note_taken_back(data)
                    else:
                        self._rounds.wake()
            await asyncio.sleep(self._settings.poll_seconds)


def build(name: str, settings: Settings) -> Mastodon:
    """The account that `settings` describe."""
    return Mastodon(name, settings)


def _answered(status: Mapping[str, Any]) -> tuple[str, ...]:
    answered = status.get("in_reply_to_id")
    return (str(answered),) if answered else ()


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _id(page: Sequence[Any]) -> str:
    return str(page[0]["id"]) if page else ""


def _instant(value: str) -> datetime:
    return datetime.fromisoformat(value)
