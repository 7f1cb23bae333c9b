"""A Bluesky account: mentions, replies, quotes and private messages in, answers out.

Notifications come newest first, sorted by an instant that the writer's clock influences, so each look overlaps with
the last one (docs.bsky.app/docs/api/app-bsky-notification-list-notifications). Private messages are kept by a separate
service, which is reached through the account's server; its log begins now and goes on from a cursor
(.../chat-bsky-convo-get-log). The service's own posts have keys of 1970, so that a repeat is the same post.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping
from contextlib import aclosing, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pydantic import Field, SecretStr

from bot.channel import Account, Batch, ChannelError, Coverage, Handed, Permanent, Temporary
from bot.core.lengths import Longest
from bot.core.messages import Inbound, Outbound, Party, Post
from bot.core.outlets import Limits
from bot.wire.platforms import bsky_posts as posts
from bot.wire.platforms.bsky_chat import Chats
from bot.wire.platforms.platform import PlatformUrl
from bot.wire.platforms.polling import AT_ONCE, Rounds
from bot.wire.platforms.xrpc import NoAccess, Xrpc, error_name

PAGE = 100
_REASONS = ("mention", "reply", "quote")
# The platform counts graphemes, of which a text never has more than code points.
_LONGEST_POST, _LONGEST_MESSAGE = Longest(300), Longest(1000)
_OVERLAP = timedelta(minutes=10)
_BLIND = "the network does not show posts that it takes for unwanted, or of people whom the account mutes or blocks"

Item = TypeVar("Item")


class Settings(Account):
    """`handle` and an app password of the account; `chat` reads private messages, through the service `chat_did`."""

    media = ("bluesky",)
    service: PlatformUrl = "https://bsky.social"
    handle: str = Field(pattern=r"^[A-Za-z0-9.-]{3,253}$")
    app_password: SecretStr
    poll_seconds: float = Field(default=30, ge=0.1, le=3600)
    chat: bool = True
    chat_did: str = Field(default="did:web:api.bsky.chat", pattern=r"^did:[a-z]+:[A-Za-z0-9._:%-]+$")


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
        self._me = ""
        # Notifications and records that the last look logged, and the next one meets again.
        self._logged_uris: set[str] = set()

    async def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Yield everything since the cursor, then new messages; repeat the recent past again and again."""
        self._me = await self._xrpc.did()
        place = json.loads(cursor) if cursor else await self._first_place()
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

    async def _look(self, place: dict[str, str], span: timedelta | None) -> AsyncGenerator[Batch]:
        """Yield what is new; with a span, everything of that span again, whatever the cursor says."""
        begin = _instant(place["since"])
        notifications = await self._notifications(_latest(_instant(place["notifications"]), begin))
        for part in _parts(self._not_logged(notifications)):
            place["notifications"] = max(place["notifications"], *(notification["indexedAt"] for notification in part))
            yield Batch(tuple(self._public(notification) for notification in part), json.dumps(place))
        records = await self._own_replies(_latest(_instant(place["posts"]), begin))
        place["posts"] = self._xrpc.clock.at.isoformat()
        for part in _parts(self._not_logged(records)):
            yield Batch(tuple(self._outgoing(record) for record in part), json.dumps(place))
        self._logged_uris = {item["uri"] for item in (*notifications, *records)}
        async for batch in self._chat_batches(place):
            yield batch
        if span is not None:
            since = self._xrpc.clock.at - span
            for messages in _parts(await self._recent_messages(max(filter(None, (since, begin))))):
                yield Batch(tuple(messages), again=True)

    def _not_logged(self, items: list[Any]) -> list[Any]:
        return [item for item in items if item["uri"] not in self._logged_uris]

    async def _recent_messages(self, since: datetime) -> list[Inbound]:
        messages = [self._public(notification) for notification in await self._notifications(since)]
        messages += [self._outgoing(record) for record in await self._own_replies(since)]
        return messages + (await self._private_messages(since) if self._settings.chat else [])

    async def _notifications(self, since: datetime | None) -> list[Any]:
        """Return the notifications that mention or answer the account, the oldest first."""
        notifications: list[Any] = []
        # Without a filter for reasons: with one, the server would search years of likes to fill a page.
        query = {"limit": PAGE, "priority": "false", "cursor": ""}
        while True:
            page = await self._xrpc.get("app.bsky.notification.listNotifications", query)
            for notification in page["notifications"]:
                if since is not None and datetime.fromisoformat(notification["indexedAt"]) <= since:
                    return notifications[::-1]
                notifications += [notification] if notification["reason"] in _REASONS else []
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
            records += [record for record in page["records"] if record["value"].get("reply")]
            query["cursor"] = page.get("cursor") or ""
            if not page["records"] or not query["cursor"]:
                return records

    async def _chat_batches(self, place: dict[str, str]) -> AsyncGenerator[Batch]:
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
                place["log"] = entries[-1]["rev"]
                yield Batch(tuple([message async for message in self._entries(entries)]), json.dumps(place))
        except NoAccess:
            return

    async def _entries(self, entries: Iterable[Any]) -> AsyncGenerator[Inbound]:
        for entry in entries:
            kind = entry["$type"].partition("#")[2]
            # Deleting a message there hides it from oneself only: the writer has not withdrawn it.
            if kind == "logCreateMessage":
                yield await self._private(entry["convoId"], entry["message"], entry.get("relatedProfiles", ()))
            elif kind == "logAddReaction" and entry["reaction"]["sender"]["did"] != self._me:
                yield self._reaction(entry)

    async def _private_messages(self, since: datetime | None) -> list[Inbound]:
        """Return the private messages since then, conversation by conversation."""
        try:
            return [await self._private(name, message, ()) async for name, message in self._chats.messages(since)]
        except NoAccess:
            return []

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
            if f"{message.conversation}/{private_message['id']}" == message.in_reply_to:
                break
            if private_message["sender"]["did"] == self._me and private_message.get("text") == words:
                return Handed(f"{message.conversation}/{private_message['id']}")
        return Handed(f"{message.conversation}/{await self._chats.say(message.conversation, words)}")

    def _public(self, notification: Mapping[str, Any]) -> Inbound:
        record, author = notification["record"], notification["author"]
        post = Post(
            kind="mention" if posts.is_addressed_to(self._me, notification) else "comment",
            answers=posts.ancestors(record),
            by_program=posts.is_program(author),
            holds=posts.attachments(record.get("embed")),
            link=posts.link(notification["uri"]),
        )
        at = datetime.fromisoformat(notification["indexedAt"])
        return self._message(notification["uri"], record.get("text", ""), at, posts.party(author), post, notification)

    def _outgoing(self, record: Mapping[str, Any]) -> Inbound:
        value = record["value"]
        post = Post(
            answers=posts.ancestors(value), automatic=posts.is_ours(record["uri"]), link=posts.link(record["uri"])
        )
        at = min(_instant(value.get("createdAt", "")) or self._xrpc.clock.at, self._xrpc.clock.at)
        return self._message(record["uri"], value.get("text", ""), at, None, post, record)

    async def _private(self, conversation: str, message: Mapping[str, Any], people: Iterable[Any]) -> Inbound:
        """Read a private message. A group counts as public, so it gets no automatic answer."""
        name = f"{conversation}/{message['id']}"
        did = message["sender"]["did"]
        members = {person["did"]: person for person in people}
        convo = await self._chats.conversation(conversation)
        author = members.get(did) or convo.people.get(did) or {"did": did}
        post = Post(
            kind="comment" if convo.group else "message",
            conversation=conversation,
            by_program=posts.is_program(author),
            holds=("hidden",) if "text" not in message else posts.attachments(message.get("embed")),
        )
        at = datetime.fromisoformat(message["sentAt"])
        party = None if did == self._me else posts.party(author)
        return self._message(name, message.get("text", ""), at, party, post, message)

    def _reaction(self, entry: Mapping[str, Any]) -> Inbound:
        reaction, name = entry["reaction"], f"{entry['convoId']}/{entry['message']['id']}"
        did = reaction["sender"]["did"]
        author = next((profile for profile in entry.get("relatedProfiles", ()) if profile["did"] == did), {"did": did})
        post = Post("reaction", conversation=entry["convoId"], about=name)
        at = datetime.fromisoformat(reaction["createdAt"])
        reaction_name = f"{name} {reaction['value']} {did}"
        return self._message(reaction_name, reaction["value"], at, posts.party(author), post, entry)

    def _message(
        self, name: str, text: str, at: datetime, sender: Party | None, post: Post, raw: Mapping[str, Any]
    ) -> Inbound:
        return Inbound(
            channel=self.name,
            external_id=name,
            digest=hashlib.sha256(text.encode()).hexdigest(),
            sender=sender,
            text=text,
            received_at=at,
            outgoing=sender is None,
            visibility="private" if post.conversation else "public",
            post=post,
            raw=json.dumps(raw, ensure_ascii=False).encode(),
        )


def build(name: str, settings: Settings) -> Bluesky:
    """Return the account that `settings` describe."""
    return Bluesky(name, settings)


def _instant(value: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _latest(place: datetime | None, begin: datetime | None) -> datetime | None:
    """Return where to read from: a little before the last place, and never before the first one."""
    if place is None:
        return None
    return max(place - _OVERLAP, begin) if begin else place - _OVERLAP


def _parts(items: list[Item]) -> Iterator[list[Item]]:
    return (items[first : first + AT_ONCE] for first in range(0, len(items), AT_ONCE))
