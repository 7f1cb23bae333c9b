"""A Mastodon account: mentions and private messages in, answers out; its own posts show what staff have answered.

Messages come from the list of notifications, read from a cursor; the stream only tells when to read it. Identifiers
are opaque strings: servers of other makes use letters (docs.joinmastodon.org, "Pagination").
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing, suppress
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr

from bot.allowed import Form
from bot.channel import Account, Batch, ChannelError, Coverage, Handed, Misconfigured, Permanent
from bot.core.files import File
from bot.core.lengths import Longest, Unit
from bot.core.messages import Inbound, Outbound, RemoteFile
from bot.core.outlets import Limits
from bot.wire.platforms.downloads import Downloads
from bot.wire.platforms.mastodon_statuses import IGNORED, Statuses
from bot.wire.platforms.platform import Api, PlatformUrl
from bot.wire.platforms.polling import AT_ONCE, Rounds
from bot.wire.platforms.recent import Recent

PAGE = 40
# A server takes 500 at least; the name of the person stands before the words (docs.joinmastodon.org, "Posting toots").
_LONGEST = Longest(450, Unit.SHORT_LINKS)
_NOT_FOUND, _UNPROCESSABLE = 404, 422
# What is not in the table is asked for, so that a new kind of notification is seen.
_NEWS = {"exclude_types[]": list(IGNORED), "include_filtered": "true"}
_GONE = (404, 410)
_POLICIES = {
    "for_private_mentions": "private messages of people whom it does not follow",
    "for_not_following": "mentions by people whom it does not follow",
    "for_not_followers": "mentions by people who do not follow it",
    "for_new_accounts": "mentions by new accounts",
    "for_limited_accounts": "mentions by accounts that its server has limited",
}


Host = Annotated[str, Form(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)+", "a host such as files.example.org, or .example.org")]


class Settings(Account):
    """`url` of the server, `token` with read:accounts, read:follows, read:notifications, read:statuses, write:statuses.

    `media_hosts` are hosts of the server's from which its files are fetched; a point before one is all below it.
    """

    media = ("mastodon",)
    url: PlatformUrl
    token: SecretStr
    poll_seconds: float = Field(default=30, ge=0.1, le=3600)
    media_hosts: tuple[Host, ...] = ()


class Mastodon:
    """One account, inbound and outbound."""

    alone = True

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.ready = asyncio.Event()
        self.limits = Limits(2, format="text", longest=_LONGEST, longest_public=_LONGEST)
        self._settings = settings
        self._host = urlsplit(settings.url).netloc
        self._statuses = Statuses(name, self._host)
        headers = {"Authorization": f"Bearer {settings.token.get_secret_value()}"}
        self._api = Api(name, settings.url, headers)
        self._rounds = Rounds(settings.poll_seconds)

    async def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Yield everything since the cursor, then new messages; repeat the recent past again and again."""
        me = str((await self._api.get("/api/v1/accounts/verify_credentials")).content["id"])
        own = f"/api/v1/accounts/{me}/statuses"
        place: dict[str, Any] = {"recent": {}} | (json.loads(cursor) if cursor else await self._first_place(own))
        if cursor is None:
            yield Batch((), json.dumps(place))
        self.ready.set()
        stream = asyncio.create_task(self._follow_stream())
        try:
            async with aclosing(self._rounds.begin()) as rounds:
                async for span in rounds:
                    async for batch in self._look(me, own, place, span):
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

    async def fetch(self, file: RemoteFile, most_bytes: int) -> File:
        """Return a file: from the server, a host below it, or one of `media_hosts`; as anybody, without the token."""
        hosts = (self._host, f".{self._host}", *self._settings.media_hosts)
        content = await Downloads(self._api, hosts).fetch(file.locator, most_bytes)
        return File(file.name or urlsplit(file.locator).path.rpartition("/")[2], content)

    def reread(self, raw: bytes) -> list[Inbound]:
        """Read a notification or a status again that could not be read before."""
        return self._statuses.piece(json.loads(raw))

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

    async def _look(self, me: str, own: str, place: dict[str, Any], span: timedelta | None) -> AsyncGenerator[Batch]:
        """Yield what is new; with a span, everything of that span again, whatever the cursor says."""
        async for page in self._since("/api/v1/notifications", _NEWS, place["notifications"]):
            place["notifications"] = _id(page[::-1]) or place["notifications"]
            messages = tuple(self._statuses.mentions(page, me))
            _remember(Recent(place["recent"]), page)
            yield Batch(messages, json.dumps(place))
        async for page in self._since(own, {"exclude_reblogs": "true"}, place["statuses"]):
            place["statuses"] = _id(page[::-1]) or place["statuses"]
            yield Batch(tuple(self._statuses.own(page)), json.dumps(place))
        if deletions := self._rounds.pop_deletions():
            yield Batch(tuple(self._statuses.deletion(status_id) for status_id in deletions))
        if span is not None:
            async for batch in self._compare(me, place, self._api.at - span):
                yield batch

    async def _compare(self, me: str, place: dict[str, Any], since: datetime) -> AsyncGenerator[Batch]:
        """Yield everything since then again, and what was deleted of it while nobody told us."""
        since = max(since, _instant(place["since"])) if place["since"] else since
        again = await self._recent_messages(since, me)
        for first in range(0, len(again), AT_ONCE):
            yield Batch(tuple(again[first : first + AT_ONCE]), again=True)
        present = {message.external_id for message in again}
        if names := await Recent(place["recent"]).deletions(present, since, self._api.at, self._is_deleted):
            yield Batch(tuple(map(self._statuses.deletion, names)), json.dumps(place))

    async def _since(self, path: str, query: Mapping[str, Any], min_id: str) -> AsyncGenerator[list[Any]]:
        """Yield pages after `min_id`, the oldest first; all pages if it is empty."""
        if not min_id:
            items: list[Any] = []
            last = None
            while (max_id := _id(items[::-1])) != last:
                items += await self._page(path, {**query, "limit": PAGE, "max_id": max_id})
                last = max_id
            items.reverse()
            for first in range(0, len(items), AT_ONCE):
                yield items[first : first + AT_ONCE]
            return
        while page := await self._page(path, {**query, "limit": PAGE, "min_id": min_id}):
            min_id, last = _id(page) or min_id, min_id
            yield page[::-1]
            if min_id == last:
                return  # nothing of this page has a name by which to go on

    async def _recent_messages(self, since: datetime, me: str) -> list[Inbound]:
        """Return the recent messages in both lists of the server; only these show edits."""
        messages: list[Inbound] = []
        last = ""
        while page := await self._page("/api/v1/notifications", {**_NEWS, "limit": PAGE, "max_id": last}):
            recent = [notification for notification in page if _is_since(notification, since)]
            messages += [*self._statuses.mentions(recent, me), *self._statuses.edits(_with_edits(recent))]
            last, previous = _id(page[::-1]), last
            if len(recent) < len(page) or last == previous:
                break
        return messages + await self._conversations(since, me)

    async def _conversations(self, since: datetime, me: str) -> list[Inbound]:
        page = await self._page("/api/v1/conversations", {"limit": PAGE})
        newest = [conversation.get("last_status") for conversation in page if isinstance(conversation, dict)]
        newest_of_people = (status for status in newest if status and not _is_by(status, me))
        return list(self._statuses.private(status for status in newest_of_people if _is_since(status, since)))

    async def _page(self, path: str, query: Mapping[str, Any]) -> list[Any]:
        pairs = [(key, item) for key, value in query.items() if value for item in _items(value)]
        content = (await self._api.call("GET", path, params=pairs)).content
        return content if isinstance(content, list) else []

    async def _is_deleted(self, name: str, account: str) -> bool:
        """Tell whether a status is gone; one of somebody who has blocked the account is only hidden from it."""
        if (await self._api.ask("GET", f"/api/v1/statuses/{quote(name, safe='')}")).status not in _GONE:
            return False
        answer = await self._api.ask("GET", "/api/v1/accounts/relationships", params=[("id[]", account)])
        relations = answer.content if answer.status < 400 and isinstance(answer.content, list) else [{"blocked_by": 1}]
        return not any(relation.get("blocked_by") for relation in relations)

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


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _id(page: Sequence[Any]) -> str:
    """Return the name of the first item that has one."""
    names = (item.get("id") for item in page if isinstance(item, dict))
    return next((str(name) for name in names if name), "")


def _instant(value: str) -> datetime:
    return datetime.fromisoformat(value)


def _is_by(status: Any, account: str) -> bool:
    writer = status.get("account") if isinstance(status, dict) else None
    return isinstance(writer, dict) and str(writer.get("id")) == account


def _remember(recent: Recent, page: Iterable[Any]) -> None:
    """Note whose each status is, and when it was written."""
    for item in page:
        with suppress(KeyError, TypeError):
            status = item["status"]
            recent.note(str(status["id"]), str(status["created_at"]), str(status["account"]["id"]))


def _is_since(notification: Any, since: datetime) -> bool:
    try:
        return _instant(notification["created_at"]) >= since
    except (KeyError, TypeError, ValueError):
        return True  # it is read, and found to be what cannot be understood


def _with_edits(page: Iterable[Any]) -> list[Any]:
    """Return the statuses of notifications that were edited."""
    items = (item.get("status") for item in page if isinstance(item, dict))
    return [status for status in items if isinstance(status, dict) and status.get("edited_at")]
