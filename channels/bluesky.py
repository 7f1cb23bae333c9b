"""A Bluesky account: mentions, replies and quotes in, and private messages; answers out; its own posts show staff's.

Notifications come newest first and are sorted by an instant that their writer's clock has a say in, so each look reads
a little further back than the last one (docs.bsky.app/docs/api/app-bsky-notification-list-notifications). Private
messages are kept by a service of their own, through the account's server; its log begins now, and goes on from a
cursor (.../chat-bsky-convo-get-log). Our own posts have keys of 1970, so that a repeat is the same post.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping
from contextlib import aclosing, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pydantic import Field, SecretStr

from bot.channel import Account, Batch, ChannelError, Coverage, Handed, Limits, Permanent, Temporary
from bot.core.messages import Inbound, Outbound, Party, Post
from bot.wire.platforms import bsky_posts as posts
from bot.wire.platforms.bsky_chat import Chats
from bot.wire.platforms.platform import PlatformUrl
from bot.wire.platforms.polling import AT_ONCE, Rounds
from bot.wire.platforms.xrpc import NoAccess, Xrpc, named

PAGE = 100
_REASONS = ("mention", "reply", "quote")
# In graphemes, says the platform; there are never more of those than code points.
_LONGEST_POST, _LONGEST_MESSAGE = 300, 1000
_FURTHER_BACK = timedelta(minutes=10)
_BLIND = "the network does not show posts that it takes for unwanted, or of people whom the account mutes or blocks"

Item = TypeVar("Item")


class Settings(Account):
    """`handle` and an app password of the account; `chat` reads private messages, through the service `chat_did`."""

    service: PlatformUrl = "https://bsky.social"
    handle: str = Field(pattern=r"^[A-Za-z0-9.-]{3,253}$")
    app_password: SecretStr
    poll_seconds: float = Field(default=30, ge=0.1, le=3600)
    chat: bool = True
    chat_did: str = Field(default="did:web:api.bsky.chat", pattern=r"^did:[a-z]+:[A-Za-z0-9._:%-]+$")


class Bluesky:
    """One account, way in and way out."""

    alone = True

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.ready = asyncio.Event()
        self.limits = Limits(concurrency=2, format="text")
        self._settings = settings
        self._line = Xrpc(name, settings.service, settings.handle, settings.app_password)
        self._rounds = Rounds(settings.poll_seconds)
        self._chats = Chats(self._line, f"{settings.chat_did}#bsky_chat")
        self._me = ""
        # What the last look has logged of what the next one sees again.
        self._logged: set[str] = set()

    async def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Everything since the cursor, then what comes; and again and again what came of late."""
        self._me = await self._line.did()
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
        """Post one public reply, or send one private message; neither is done twice."""
        self._me = await self._line.did()
        words = message.content.decode()
        longest = _LONGEST_POST if message.public else _LONGEST_MESSAGE
        if len(words) > longest:
            raise Permanent(f"channel {self.name}: {len(words)} characters, {longest} are allowed")
        return await (self._reply(message, words) if message.public else self._say(message, words))

    async def check(self) -> str:
        """Sign in; one sentence about the account. Raises Temporary or Misconfigured."""
        me = await self._line.get("com.atproto.server.getSession")
        return f"signed in at {self._settings.service} as @{me['handle']}"

    async def coverage(self) -> Coverage:
        """What the account's own settings, its app password and the network keep from us."""
        try:
            me = await self._line.get("com.atproto.server.getSession")
            findings = (*await self._kept_private(me["did"]), _BLIND)
        except ChannelError as error:
            return Coverage("red", (str(error),))
        late = self._rounds.coverage()
        return Coverage("amber", findings) if late.level == "green" else late

    async def close(self) -> None:
        """Let go of the connections."""
        await self._line.close()

    async def _kept_private(self, me: str) -> list[str]:
        """Why private messages may not reach us."""
        if not self._settings.chat:
            return []
        findings = []
        query = {"repo": me, "collection": "chat.bsky.actor.declaration", "rkey": "self"}
        answer = await self._line.ask("GET", "com.atproto.repo.getRecord", params=query)
        declared = answer.content["value"].get("allowIncoming") if answer.status < 400 else "following"
        if declared != "all":
            findings.append(f"private messages are allowed from {declared}: set the account's chat to allow everyone")
        try:
            await self._chats.now()
        except NoAccess:
            findings.append("the app password does not allow private messages: make one that does")
        except Temporary as error:
            findings.append(f"private messages cannot be read: {error}")
        return findings

    async def _first_place(self) -> dict[str, str]:
        """Where to begin; `since` keeps the comparing from what was there before, `log` "" means all."""
        if self._settings.begin == "all":
            return {"notifications": "", "posts": "", "log": "", "since": ""}
        log = ""
        if self._settings.chat:
            with suppress(NoAccess):  # coverage says so; what is public is read all the same
                log = await self._chats.now()
        await self._line.get("com.atproto.server.getSession")
        now = self._line.clock.at.isoformat()
        return {"notifications": now, "posts": now, "log": log, "since": now}

    async def _look(self, place: dict[str, str], span: timedelta | None) -> AsyncGenerator[Batch]:
        """What is new; where a span is given, everything of that span again, whatever the cursor says."""
        begin = _instant(place["since"])
        told = await self._told(_latest(_instant(place["notifications"]), begin))
        logged = {one["uri"] for one in told}
        for part in _parts([one for one in told if one["uri"] not in self._logged]):
            place["notifications"] = max(place["notifications"], *(one["indexedAt"] for one in part))
            yield Batch(tuple(self._public(one) for one in part), json.dumps(place))
        written = await self._posted(_latest(_instant(place["posts"]), begin))
        logged |= {one["uri"] for one in written}
        place["posts"] = self._line.clock.at.isoformat()
        for part in _parts([one for one in written if one["uri"] not in self._logged]):
            yield Batch(tuple(self._outgoing(one) for one in part), json.dumps(place))
        self._logged = logged
        if self._settings.chat:
            async for batch in self._heard(place):
                yield batch
        if span is not None:
            since = self._line.clock.at - span
            for part in _parts(await self._of_late(max(since, begin) if begin else since)):
                yield Batch(tuple(part), again=True)

    async def _of_late(self, since: datetime) -> list[Inbound]:
        found = [self._public(one) for one in await self._told(since)]
        found += [self._outgoing(one) for one in await self._posted(since)]
        return found + (await self._said(since) if self._settings.chat else [])

    async def _told(self, since: datetime | None) -> list[Any]:
        """What names or answers us, the oldest first."""
        found: list[Any] = []
        # All reasons: asked for ours alone, the server would search years of likes to fill a page.
        query = {"limit": PAGE, "priority": "false", "cursor": ""}
        while True:
            page = await self._line.get("app.bsky.notification.listNotifications", query)
            for one in page["notifications"]:
                if since is not None and datetime.fromisoformat(one["indexedAt"]) <= since:
                    return found[::-1]
                found += [one] if one["reason"] in _REASONS else []
            query["cursor"] = page.get("cursor") or ""
            if not query["cursor"]:
                return found[::-1]

    async def _posted(self, since: datetime | None) -> list[Any]:
        """The account's own posts that answer something, the oldest first."""
        found: list[Any] = []
        after = posts.tid(since) if since else ""
        query = {"repo": self._me, "collection": posts.COLLECTION, "limit": PAGE, "reverse": "true", "cursor": after}
        while True:
            page = await self._line.get("com.atproto.repo.listRecords", query)
            found += [one for one in page["records"] if one["value"].get("reply")]
            query["cursor"] = page.get("cursor") or ""
            if not page["records"] or not query["cursor"]:
                return found

    async def _heard(self, place: dict[str, str]) -> AsyncGenerator[Batch]:
        """What the log of the private messages says."""
        try:
            if not place["log"]:
                log = await self._chats.now()
                everything = await self._said(None) if self._settings.begin == "all" else []
                for part in _parts(everything):
                    yield Batch(tuple(part))
                place["log"] = log
                yield Batch((), json.dumps(place))
            while entries := await self._chats.log(place["log"]):
                place["log"] = entries[-1]["rev"]
                yield Batch(tuple([one async for one in self._entries(entries)]), json.dumps(place))
        except NoAccess:
            return

    async def _entries(self, entries: Iterable[Any]) -> AsyncGenerator[Inbound]:
        for entry in entries:
            what = entry["$type"].partition("#")[2]
            # To delete a message there is to hide it from oneself: who wrote it has taken nothing back.
            if what == "logCreateMessage":
                yield await self._private(entry["convoId"], entry["message"], entry.get("relatedProfiles", ()))
            elif what == "logAddReaction" and entry["reaction"]["sender"]["did"] != self._me:
                yield self._reaction(entry)

    async def _said(self, since: datetime | None) -> list[Inbound]:
        """The private messages since then, conversation by conversation."""
        try:
            return [await self._private(name, message, ()) async for name, message in self._chats.messages(since)]
        except NoAccess:
            return []

    async def _reply(self, message: Outbound, words: str) -> Handed:
        found = (await self._line.get("app.bsky.feed.getPosts", {"uris": message.in_reply_to}))["posts"]
        if not found:
            raise Permanent(f"channel {self.name}: the post is gone, or its writer blocks the account")
        parent = {"uri": found[0]["uri"], "cid": found[0]["cid"]}
        root = (found[0]["record"].get("reply") or {}).get("root", parent)
        at = self._line.clock.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        record = {"$type": posts.COLLECTION, "text": words, "createdAt": at, "reply": {"root": root, "parent": parent}}
        key = posts.our_key(message.idempotency_key)
        # swapRecord null: only where there is none of this key yet.
        content = {"repo": self._me, "collection": posts.COLLECTION, "rkey": key, "record": record, "swapRecord": None}
        answer = await self._line.ask("POST", "com.atproto.repo.putRecord", json=content)
        if answer.status >= 400 and named(answer) != "InvalidSwap":
            raise self._line.error(answer)
        return Handed(f"at://{self._me}/{posts.COLLECTION}/{key}")

    async def _say(self, message: Outbound, words: str) -> Handed:
        """The service knows no repeats: look whether these words stand there since the message that they answer."""
        for one in await self._chats.newest(message.conversation):
            if f"{message.conversation}/{one['id']}" == message.in_reply_to:
                break
            if one["sender"]["did"] == self._me and one.get("text") == words:
                return Handed(f"{message.conversation}/{one['id']}")
        return Handed(f"{message.conversation}/{await self._chats.say(message.conversation, words)}")

    def _public(self, told: Mapping[str, Any]) -> Inbound:
        record, author = told["record"], told["author"]
        post = Post(
            kind="mention" if self._is_said_to_us(told) else "comment",
            answers=posts.answered(record),
            by_program=posts.is_program(author),
            holds=posts.held(record.get("embed")),
            link=posts.link(told["uri"]),
        )
        at = datetime.fromisoformat(told["indexedAt"])
        return self._message(told["uri"], record.get("text", ""), at, posts.party(author), post, told)

    def _is_said_to_us(self, told: Mapping[str, Any]) -> bool:
        """It names us, answers an automatic answer of ours, or goes on with a thread that others began with us."""
        features = [one for facet in told["record"].get("facets") or () for one in facet["features"]]
        if told["reason"] == "mention" or any(one.get("did") == self._me for one in features):
            return True
        parent, *above = posts.answered(told["record"]) or ("",)
        root = above[0] if above else parent
        mine = f"at://{self._me}/"
        if told["reason"] != "reply" or not parent:
            return False
        began = f"at://{told['author']['did']}/"
        return root.startswith(began) or (
            parent.startswith(mine) and (not root.startswith(mine) or posts.is_ours(parent))
        )

    def _outgoing(self, record: Mapping[str, Any]) -> Inbound:
        value = record["value"]
        post = Post(
            answers=posts.answered(value), automatic=posts.is_ours(record["uri"]), link=posts.link(record["uri"])
        )
        at = min(_instant(value.get("createdAt", "")) or self._line.clock.at, self._line.clock.at)
        return self._message(record["uri"], value.get("text", ""), at, None, post, record)

    async def _private(self, conversation: str, message: Mapping[str, Any], people: Iterable[Any]) -> Inbound:
        """A private message; in a group everybody reads along, so nothing automatic is said there."""
        name = f"{conversation}/{message['id']}"
        did = message["sender"]["did"]
        members = {one["did"]: one for one in people}
        convo = await self._chats.known(conversation)
        author = members.get(did) or convo.people.get(did) or {"did": did}
        post = Post(
            kind="comment" if convo.group else "message",
            conversation=conversation,
            by_program=posts.is_program(author),
            holds=("hidden",) if "text" not in message else posts.held(message.get("embed")),
        )
        at = datetime.fromisoformat(message["sentAt"])
        party = None if did == self._me else posts.party(author)
        return self._message(name, message.get("text", ""), at, party, post, message)

    def _reaction(self, entry: Mapping[str, Any]) -> Inbound:
        reaction, name = entry["reaction"], f"{entry['convoId']}/{entry['message']['id']}"
        did = reaction["sender"]["did"]
        author = next((one for one in entry.get("relatedProfiles", ()) if one["did"] == did), {"did": did})
        post = Post("reaction", conversation=entry["convoId"], about=name)
        at = datetime.fromisoformat(reaction["createdAt"])
        own = f"{name} {reaction['value']} {did}"
        return self._message(own, reaction["value"], at, posts.party(author), post, entry)

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
    """The account that `settings` describe."""
    return Bluesky(name, settings)


def _instant(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _latest(place: datetime | None, begin: datetime | None) -> datetime | None:
    """From where to read: a little before the last place, and never before the first one."""
    if place is None:
        return None
    return max(place - _FURTHER_BACK, begin) if begin else place - _FURTHER_BACK


def _parts(items: list[Item]) -> Iterator[list[Item]]:
    return (items[first : first + AT_ONCE] for first in range(0, len(items), AT_ONCE))
