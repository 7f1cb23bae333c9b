"""A Bluesky account: mentions, replies, quotes and private messages in, answers out.

Notifications come newest first, sorted by an instant that the writer's clock influences, so each look overlaps with
the last one (docs.bsky.app/docs/api/app-bsky-notification-list-notifications). Private messages are kept by a separate
service, which is reached through the account's server; its log begins now and goes on from a cursor
(.../chat-bsky-convo-get-log). The service's own posts have keys of 1970, so that a repeat is the same post.
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping
from contextlib import aclosing, suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pydantic import Field, SecretStr

from bot.channel import Account, Batch, ChannelError, Coverage, Handed, Permanent, Temporary
from bot.core.files import File
from bot.core.lengths import Longest
from bot.core.messages import Inbound, Outbound, RemoteFile
from bot.core.outlets import Limits
from bot.wire.platforms import bsky_posts as posts
from bot.wire.platforms.bsky_chat import Chats, place_after
from bot.wire.platforms.bsky_reader import IGNORED, Reader, instant, writer_of
from bot.wire.platforms.downloads import Downloads
from bot.wire.platforms.platform import Api, PlatformUrl
from bot.wire.platforms.polling import AT_ONCE, Rounds
from bot.wire.platforms.recent import Recent
from bot.wire.platforms.xrpc import Did, Handle, NoAccess, Xrpc, error_name

PAGE, _BAD_REQUEST, _OVERLAP = 100, 400, timedelta(minutes=10)
# A picture is named by its writer's DID and its CID (docs.bsky.app/docs/advanced-guides/api-directory).
_PICTURE = re.compile(r"did:[a-z]{1,20}:[A-Za-z0-9._:%-]{1,200}/[A-Za-z0-9]{1,200}")
# The platform counts graphemes, of which a text never has more than code points.
_LONGEST_POST, _LONGEST_MESSAGE = Longest(300), Longest(1000)
_BLIND = "the network does not show posts that it takes for unwanted, or of people whom the account mutes or blocks"

Item = TypeVar("Item")


class Settings(Account):
    """`handle` and an app password of the account; `chat` reads private messages, through the service `chat_did`."""

    media = ("bluesky",)
    service: PlatformUrl = "https://bsky.social"
    handle: Handle
    app_password: SecretStr
    poll_seconds: float = Field(default=30, ge=0.1, le=3600)
    media_url: PlatformUrl = "https://cdn.bsky.app"
    chat: bool = True
    chat_did: Did = "did:web:api.bsky.chat"


class Bluesky:
    """One account, inbound and outbound."""

    alone = True

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.ready = asyncio.Event()
        self.limits = Limits(2, format="text", longest=_LONGEST_MESSAGE, longest_public=_LONGEST_POST)
        self._settings = settings
        self._xrpc = Xrpc(name, settings.service, settings.handle, settings.app_password)
        self._rounds = Rounds(settings.poll_seconds)
        self._chats = Chats(self._xrpc, f"{settings.chat_did}#bsky_chat")
        self._reader = Reader(name)
        self._me = ""
        # Notifications and records that the last look logged, and the next one meets again.
        self._logged_uris: set[str] = set()

    async def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Yield everything since the cursor, then new messages; repeat the recent past again and again."""
        self._me = await self._xrpc.did()
        place: dict[str, Any] = {"recent": {}} | (json.loads(cursor) if cursor else await self._first_place())
        if cursor is None:
            yield Batch((), json.dumps(place))
        self.ready.set()
        try:
            async with aclosing(self._rounds.begin()) as rounds:
                async for span in rounds:
                    async for batch in self._look(place, span):
                        yield batch
        finally:
            self.ready.clear()

    async def send(self, message: Outbound) -> Handed:
        """Post one public reply, or send one private message; a repeat does nothing."""
        self._me = await self._xrpc.did()
        words = message.content.decode()
        longest = _LONGEST_POST if message.public else _LONGEST_MESSAGE
        if too_long := longest.why_not(words):
            raise Permanent(f"channel {self.name}: {too_long}")
        return await (self._reply(message, words) if message.public else self._say(message, words))

    async def fetch(self, file: RemoteFile, most_bytes: int) -> File:
        """Return a picture, as the network shows it to everybody: as JPEG, whatever it was."""
        if not _PICTURE.fullmatch(file.locator):
            raise Permanent(f"channel {self.name}: this is not the name of a picture")
        address = f"{self._settings.media_url}/img/feed_fullsize/plain/{file.locator}@jpeg"
        content = await Downloads(Api(self.name, self._settings.media_url), ()).fetch(address, most_bytes)
        return File(file.name or "picture.jpeg", content)

    def reread(self, raw: bytes) -> list[Inbound]:
        """Read again what could not be read before."""
        return self._reader.piece(json.loads(raw))

    async def check(self) -> str:
        """Sign in; return one sentence about the account. Raises Temporary or Misconfigured."""
        me = await self._xrpc.get("com.atproto.server.getSession")
        return f"signed in at {self._settings.service} as @{me['handle']}"

    async def coverage(self) -> Coverage:
        """Return what the account's settings, its app password and the network withhold."""
        try:
            me = await self._xrpc.get("com.atproto.server.getSession")
            findings = (*await self._chat_findings(me["did"]), _BLIND)
        except ChannelError as error:
            return Coverage("red", (str(error),))
        late = self._rounds.coverage()
        return Coverage("amber", findings) if late.level == "green" else late

    async def close(self) -> None:
        """Close the connections."""
        await self._xrpc.close()

    async def _chat_findings(self, me: str) -> list[str]:
        """Return the reasons why private messages may not arrive."""
        if not self._settings.chat:
            return []
        findings = []
        query = {"repo": me, "collection": "chat.bsky.actor.declaration", "rkey": "self"}
        answer = await self._xrpc.ask("GET", "com.atproto.repo.getRecord", params=query)
        allowed_from = answer.content["value"].get("allowIncoming") if answer.status < 400 else "following"
        if allowed_from != "all":
            findings.append(f"private messages are allowed from {allowed_from}: set the chat to allow everyone")
        try:
            await self._chats.now()
        except NoAccess:
            findings.append("the app password does not allow private messages: make one that does")
        except Temporary as error:
            findings.append(f"private messages cannot be read: {error}")
        return findings

    async def _first_place(self) -> dict[str, str]:
        """Return the first cursor. `since` limits the repeated looks; a `log` of "" stands for the whole log."""
        if self._settings.begin == "all":
            return {"notifications": "", "posts": "", "log": "", "since": ""}
        log = ""
        if self._settings.chat:
            with suppress(NoAccess):  # coverage() reports it; what is public is read all the same
                log = await self._chats.now()
        await self._xrpc.get("com.atproto.server.getSession")
        now = self._xrpc.clock.at.isoformat()
        return {"notifications": now, "posts": now, "log": log, "since": now}

    async def _look(self, place: dict[str, Any], span: timedelta | None) -> AsyncGenerator[Batch]:
        """Yield what is new; with a span, everything of that span again, whatever the cursor says."""
        begin = instant(place["since"])
        notifications = await self._notifications(_latest(instant(place["notifications"]), begin))
        for part in _parts(self._not_logged(notifications)):
            messages = tuple(self._reader.notifications(part, self._me))
            place["notifications"] = max([place["notifications"], *map(_indexed_at, part)])
            _remember(Recent(place["recent"]), messages)
            yield Batch(messages, json.dumps(place))
        records = await self._own_replies(_latest(instant(place["posts"]), begin))
        now = self._xrpc.clock.at
        place["posts"] = now.isoformat()
        for part in _parts(self._not_logged(records)):
            yield Batch(tuple(self._reader.own(part, now)), json.dumps(place))
        self._logged_uris = {_uri(item) for item in (*notifications, *records)} - {""}
        async for batch in self._chat_batches(place):
            yield batch
        if span is not None:
            async for batch in self._compare(place, max(filter(None, (self._xrpc.clock.at - span, begin)))):
                yield batch

    async def _compare(self, place: dict[str, Any], since: datetime) -> AsyncGenerator[Batch]:
        """Yield everything since then again, and what was deleted of it."""
        again = await self._recent_messages(since)
        for messages in _parts(again):
            yield Batch(tuple(messages), again=True)
        present = {message.external_id for message in again}
        recent = Recent(place["recent"])
        if uris := await recent.deletions(present, since, self._xrpc.clock.at, self._is_deleted):
            yield Batch(tuple(self._reader.deletion(uri) for uri in uris), json.dumps(place))

    async def _is_deleted(self, uri: str, _writer: str) -> bool:
        """Ask for the record itself, which no block and no mute hides."""
        repo, collection, key = uri.removeprefix("at://").split("/")
        query = {"repo": repo, "collection": collection, "rkey": key}
        answer = await self._xrpc.ask("GET", "com.atproto.repo.getRecord", params=query)
        return answer.status == _BAD_REQUEST and error_name(answer) == "RecordNotFound"

    def _not_logged(self, items: list[Any]) -> list[Any]:
        return [item for item in items if _uri(item) not in self._logged_uris]

    async def _recent_messages(self, since: datetime) -> list[Inbound]:
        messages = list(self._reader.notifications(await self._notifications(since), self._me))
        messages += self._reader.own(await self._own_replies(since), self._xrpc.clock.at)
        return messages + (await self._private_messages(since) if self._settings.chat else [])

    async def _notifications(self, since: datetime | None) -> list[Any]:
        """Return the notifications that are not rightly ignored, the oldest first."""
        notifications: list[Any] = []
        # Without a filter for reasons: with one, the server would search years of likes to fill a page.
        query = {"limit": PAGE, "priority": "false", "cursor": ""}
        while True:
            page = await self._xrpc.get("app.bsky.notification.listNotifications", query)
            for notification in page["notifications"]:
                if since is not None and _is_before(notification, since):
                    return notifications[::-1]
                notifications += [] if _is_ignored(notification) else [notification]
            query["cursor"] = page.get("cursor") or ""
            if not query["cursor"]:
                return notifications[::-1]

    async def _own_replies(self, since: datetime | None) -> list[Any]:
        """Return the account's own posts that reply to something, the oldest first."""
        records: list[Any] = []
        after = posts.tid(since) if since else ""
        query = {"repo": self._me, "collection": posts.COLLECTION, "limit": PAGE, "reverse": "true", "cursor": after}
        while True:
            page = await self._xrpc.get("com.atproto.repo.listRecords", query)
            records += [record for record in page["records"] if not _is_announcement(record)]
            query["cursor"] = page.get("cursor") or ""
            if not page["records"] or not query["cursor"]:
                return records

    async def _chat_batches(self, place: dict[str, Any]) -> AsyncGenerator[Batch]:
        """Yield the news in the log of the private messages, where they are read."""
        if not self._settings.chat:
            return
        try:
            if not place["log"]:
                log = await self._chats.now()
                messages = await self._private_messages(None) if self._settings.begin == "all" else []
                for part in _parts(messages):
                    yield Batch(tuple(part))
                place["log"] = log
                yield Batch((), json.dumps(place))
            while entries := await self._chats.log(place["log"]):
                place["log"], last = place_after(entries, place["log"]), place["log"]
                yield Batch(tuple(self._reader.pieces(await self._pieces(entries))), json.dumps(place))
                if place["log"] == last:
                    return  # nothing of it says where the log goes on
        except NoAccess:
            return

    async def _pieces(self, entries: Iterable[Any]) -> list[Mapping[str, Any]]:
        """Return entries of the log with what is needed to read them: of messages the writer and the group."""
        pieces: list[Mapping[str, Any]] = []
        for entry in entries:
            values = entry if isinstance(entry, dict) else {}
            context: dict[str, Any] = {"me": self._me}
            if str(values.get("$type")).endswith("#logCreateMessage"):
                name = str(values.get("convoId"))
                context = await self._context(name, values.get("message"), values.get("relatedProfiles"))
            pieces.append({**context, "entry": entry})
        return pieces

    async def _context(self, conversation: str, message: Any, people: Any) -> dict[str, Any]:
        did = writer_of(message)
        profiles = [person for person in people if isinstance(person, dict)] if isinstance(people, list) else []
        members = {person.get("did"): person for person in profiles}
        convo = await self._chats.conversation(conversation)
        author = members.get(did) or convo.people.get(did) or {"did": did}
        return {"conversation": conversation, "group": convo.group, "author": author, "me": self._me}

    async def _private_messages(self, since: datetime | None) -> list[Inbound]:
        """Return the private messages since then, conversation by conversation."""
        pieces = []
        with suppress(NoAccess):
            async for name, message in self._chats.messages(since):
                pieces.append({**await self._context(name, message, ()), "message": message})
        return list(self._reader.pieces(pieces))

    async def _reply(self, message: Outbound, words: str) -> Handed:
        parents = (await self._xrpc.get("app.bsky.feed.getPosts", {"uris": message.in_reply_to}))["posts"]
        if not parents:
            raise Permanent(f"channel {self.name}: the post is gone, or its writer blocks the account")
        parent = {"uri": parents[0]["uri"], "cid": parents[0]["cid"]}
        root = (parents[0]["record"].get("reply") or {}).get("root", parent)
        at = self._xrpc.clock.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        record = {"$type": posts.COLLECTION, "text": words, "createdAt": at, "reply": {"root": root, "parent": parent}}
        key = posts.our_key(message.idempotency_key)
        # swapRecord null: only if there is no record of this key yet.
        content = {"repo": self._me, "collection": posts.COLLECTION, "rkey": key, "record": record, "swapRecord": None}
        answer = await self._xrpc.ask("POST", "com.atproto.repo.putRecord", json=content)
        if answer.status >= 400 and error_name(answer) != "InvalidSwap":
            raise self._xrpc.error(answer)
        return Handed(f"at://{self._me}/{posts.COLLECTION}/{key}")

    async def _say(self, message: Outbound, words: str) -> Handed:
        """Send a private message unless it has been sent already: the service itself detects no repeats."""
        for private_message in await self._chats.newest(message.conversation):
            if f"{message.conversation}/{private_message.get('id')}" == message.in_reply_to:
                break
            if writer_of(private_message) == self._me and private_message.get("text") == words:
                return Handed(f"{message.conversation}/{private_message['id']}")
        return Handed(f"{message.conversation}/{await self._chats.say(message.conversation, words)}")


def build(name: str, settings: Settings) -> Bluesky:
    """Return the account that `settings` describe."""
    return Bluesky(name, settings)


def _uri(item: Any) -> str:
    return str(item.get("uri", "")) if isinstance(item, dict) else ""


def _is_before(notification: Any, since: datetime) -> bool:
    """Tell whether a notification is not newer; one without an instant is read, and is what cannot be understood."""
    at = instant(notification.get("indexedAt")) if isinstance(notification, dict) else None
    return at is not None and at <= since


def _is_ignored(notification: Any) -> bool:
    return isinstance(notification, dict) and str(notification.get("reason")) in IGNORED


def _is_announcement(record: Any) -> bool:
    value = record.get("value") if isinstance(record, dict) else None
    return isinstance(value, dict) and "text" in value and not value.get("reply")


def _indexed_at(notification: Any) -> str:
    """Return when the network took a post in, in its own words, or ""."""
    at = notification.get("indexedAt") if isinstance(notification, dict) else None
    return str(at) if instant(at) else ""


def _remember(recent: Recent, messages: Iterable[Inbound]) -> None:
    for message in messages:
        if message.is_understood and message.received_at:
            recent.note(message.external_id, message.received_at.isoformat())


def _latest(place: datetime | None, begin: datetime | None) -> datetime | None:
    """Return where to read from: a little before the last place, and never before the first one."""
    if place is None:
        return None
    return max(place - _OVERLAP, begin) if begin else place - _OVERLAP


def _parts(items: list[Item]) -> Iterator[list[Item]]:
    return (items[first : first + AT_ONCE] for first in range(0, len(items), AT_ONCE))
