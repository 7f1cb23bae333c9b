"""An X account: direct messages and mentions in, answers out; what staff write there shows what they have answered.

X calls the hook (Account Activity and X Activity API, docs.x.com/x-api/webhooks); what it fails to bring is found by
polling. Private and public messages have names of their own, so a direct message's begins with "dm:". What X posts for
the account is seen to be our own by the name that `send` returned.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pydantic import Field, SecretStr, model_validator

from bot.channel import (
    Account,
    Batch,
    ChannelError,
    Coverage,
    Forged,
    Handed,
    Limits,
    Misconfigured,
    Permanent,
    RawRequest,
    Temporary,
)
from bot.core.messages import Inbound, Outbound
from bot.wire.platforms.lines import Lines
from bot.wire.platforms.platform import Answer, PlatformUrl
from bot.wire.platforms.polling import AT_ONCE, Rounds
from bot.wire.platforms.user_tokens import Borne, Renewal, Renewed, Signed, UserToken
from bot.wire.platforms.x_events import ADDRESS, DM, Included, Reader, weight, words_of

Item = tuple[str, list[Inbound]]
PAGE = 100
LONGEST_POST, LONGEST_MESSAGE = 280, 10_000
_REFUSED, _SERVER_FAULT = 403, 500
_LINK = re.compile(r"https?://|\bwww\.", re.IGNORECASE)
_BESIDE = {"media.fields": "type", "user.fields": "name,username"}
_POSTS = {
    "max_results": PAGE,
    "post.fields": "attachments,conversation_id,created_at,display_text_range,entities,id,note_post,text",
    "expansions": "attachments.media_keys,author_id,in_reply_to_user_id,referenced_posts",
    **_BESIDE,
}
_MESSAGES = {
    # Each message that is read costs as much as ten mentions, once a day.
    "max_results": 25,
    "event_types": "MessageCreate",
    "dm_event.fields": "attachments,created_at,dm_conversation_id,event_type,id,text",
    "expansions": "attachments.media_keys,sender_id",
    **_BESIDE,
}
_QUERIES: Mapping[str, Mapping[str, Any]] = {
    "messages": _MESSAGES,
    "mentions": _POSTS,
    "posts": {**_POSTS, "exclude": "retweets"},
}
_PATHS = {"messages": "/2/dm_events", "mentions": "/2/users/{me}/mentions", "posts": "/2/users/{me}/tweets"}
_BLIND = ("X never shows us who is mentioned only by being answered, posts of protected accounts, and encrypted words",)


class Settings(Account):
    """`token` of the account: of OAuth 2.0, or with `token_secret` and `consumer_key` of OAuth 1.0a.

    `consumer_secret` signs X's calls; `bearer_token` is the app's own, with which the state of the webhook is asked.
    """

    url: PlatformUrl = "https://api.x.com"
    token: SecretStr
    token_secret: SecretStr | None = None
    consumer_key: str = ""
    consumer_secret: SecretStr = Field(min_length=1)
    client_id: str = ""
    client_secret: SecretStr | None = None
    refresh_token: SecretStr | None = None
    bearer_token: SecretStr | None = None
    # GET /2/dm_events may be asked 15 times in 15 minutes.
    poll_seconds: float = Field(default=300, ge=60, le=3600)

    @model_validator(mode="after")
    def _is_whole(self) -> "Settings":
        if self.token_secret is not None and not self.consumer_key:
            raise ValueError("token_secret needs consumer_key beside it")
        if self.refresh_token is not None and not self.client_id:
            raise ValueError("refresh_token needs client_id beside it")
        if self.refresh_token is not None and self.token_secret is not None:
            raise ValueError("give refresh_token (OAuth 2.0) or token_secret (OAuth 1.0a), not both")
        return self


class X:
    """One account: way in, hook and way out."""

    alone = True

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.path = f"/hooks/{name}"
        self.ready = asyncio.Event()
        self.limits = Limits(concurrency=2, format="text")
        self._settings = settings
        self._secret = settings.consumer_secret.get_secret_value().encode()
        self._lines = Lines(name, settings.url)
        self._token = self._token_of(settings)
        self._rounds = Rounds(settings.poll_seconds)
        self._reader = Reader(name)
        self._me = ""
        self._doubtful: set[str] = set()

    def open(self, raw: RawRequest) -> Batch:
        """What X brings, in either of its two shapes; kinds of event that we do not know are no error."""
        signature = raw.headers.get("x-twitter-webhooks-signature", "").encode()
        if not hmac.compare_digest(signature, self._sign(raw.body).encode()):
            raise Forged("the signature is not that of consumer_secret")
        try:
            content = json.loads(raw.body)
        except (ValueError, RecursionError):
            raise Permanent("it is no JSON") from None
        if not isinstance(content, dict):
            raise Permanent("it is no object")
        return Batch(tuple(self._reader.call(content, self._me)))

    def challenge(self, raw: RawRequest) -> tuple[str, bytes]:
        """Prove that we know `consumer_secret` (docs.x.com, "Challenge-response check")."""
        token = raw.query.get("crc_token", "")
        if not token:
            raise Permanent("there is no crc_token")
        return "application/json", json.dumps({"response_token": self._sign(token.encode())}).encode()

    async def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """What the hook was not brought: since the cursor, and again and again what came of late."""
        self._me = (await self._who())["id"]
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
        """One message or one reply. X knows no repeat by a key: where an answer was lost, it is looked for first."""
        if message.idempotency_key in self._doubtful and (found := await self._sent_before(message)):
            return Handed(found)
        answer = await (self._reply if message.public else self._message)(message)
        if answer.status == _REFUSED and "duplicate" in str(answer.content).lower():
            found = await self._sent_before(message)
            if not found and message.public:
                raise Permanent(f"channel {self.name}: X refuses the same words, and has them nowhere as this answer")
            return Handed(found)
        if answer.status >= 400:
            raise self._refusal(answer)
        self._doubtful.discard(message.idempotency_key)
        data = (answer.content or {}).get("data") or {}
        return Handed(str(data.get("id", "")) if message.public else f"{DM}{data.get('dm_event_id', '')}")

    async def check(self) -> str:
        """Sign in; one sentence about the account. Raises Temporary or Misconfigured."""
        return f"signed in at {self._settings.url} as @{(await self._who())['username']}"

    async def coverage(self) -> Coverage:
        """Whether X calls us, and what it never shows."""
        try:
            await self._who()
            lost, findings = await self._webhook()
        except ChannelError as error:
            return Coverage("red", (str(error),))
        rounds = self._rounds.coverage()
        if lost or rounds.level == "red":
            return Coverage("red", (*lost, *rounds.findings))
        return Coverage("amber", (*_BLIND, *findings, *self._runs_out()))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._lines.close()

    def _sign(self, words: bytes) -> str:
        digest = hmac.new(self._secret, words, hashlib.sha256).digest()
        return f"sha256={base64.b64encode(digest).decode()}"

    def _token_of(self, settings: Settings) -> UserToken:
        if settings.token_secret is not None:
            return Signed(settings.consumer_key, settings.consumer_secret, settings.token, settings.token_secret)
        if settings.refresh_token is not None:
            renewal = Renewal("/2/oauth2/token", settings.client_id, settings.client_secret, settings.refresh_token)
            return Renewed(settings.token, renewal, self._lines.line("token"))
        return Borne(settings.token)

    def _runs_out(self) -> tuple[str, ...]:
        if self._settings.token_secret is not None:
            return ()
        if self._settings.refresh_token is not None:
            return ("refresh_token is good once, so a restart needs a new one; OAuth 1.0a (token_secret) does not",)
        return ("the token runs out two hours after it was made; give token_secret (OAuth 1.0a), or refresh_token",)

    async def _webhook(self) -> tuple[list[str], list[str]]:
        """What is wrong with it, and what is only worth knowing."""
        polled = f"messages are found only every {self._settings.poll_seconds:g} seconds"
        if self._settings.bearer_token is None:
            return [], ["without bearer_token nobody sees whether X still calls the webhook"]
        content = await self._lines.get(Borne(self._settings.bearer_token), "webhooks", "/2/webhooks")
        ours = [hook for hook in content.get("data") or () if str(hook.get("url", "")).endswith(self.path)]
        if not ours:
            return [], [f"no webhook of this app ends in {self.path}, so {polled}"]
        wrong = f"X has found the webhook invalid and calls it no more, so {polled}: have it checked again"
        return ([] if any(hook.get("valid") for hook in ours) else [wrong]), []

    async def _who(self) -> Any:
        return (await self._get("me", "/2/users/me"))["data"]

    async def _first_place(self) -> dict[str, str]:
        """Where to begin; `since` keeps the comparing from what was there before."""
        if self._settings.begin == "all":
            return dict.fromkeys((*_QUERIES, "since"), "")
        newest = {kind: _newest(await self._page(kind, {"max_results": 5})) for kind in _QUERIES}
        return {**newest, "since": self._lines.line("me").at.isoformat()}

    async def _look(self, place: dict[str, str], span: timedelta | None) -> AsyncGenerator[Batch]:
        """What is new of each kind; where a span is given, everything of that span again, whatever the cursor says."""
        since = None
        if span is not None:
            begun = datetime.fromisoformat(place["since"]) if place["since"] else None
            since = max(filter(None, (begun, self._lines.line("me").at - span)))
        for kind in _QUERIES:
            fresh, known = await self._pages(kind, place[kind], None if kind == "posts" else since)
            for first in range(0, len(fresh), AT_ONCE):
                items = fresh[first : first + AT_ONCE]
                place[kind] = items[-1][0]
                yield Batch(tuple(found for _, read in items for found in read), json.dumps(place))
            if known:
                yield Batch(tuple(known), again=True)

    async def _pages(self, kind: str, last: str, since: datetime | None) -> tuple[list[Item], list[Inbound]]:
        """The oldest first: what is newer than `last` by id, and what is not, but came after `since`.

        Pages are newest first, and an id is higher the later it was given.
        """
        fresh: list[Item] = []
        known: list[Inbound] = []
        read = partial(self._reader.item, private=kind == "messages", me=self._me)
        query: dict[str, Any] = {} if last else {"max_results": PAGE}
        if last and since is None and kind != "messages":
            query["since_id"] = last
        while True:
            content = await self._page(kind, query)
            included = Included.of(content.get("includes") or {})
            for item in content.get("data") or ():
                if not last or int(item["id"]) > int(last):
                    fresh.append((str(item["id"]), read(item, included)))
                elif since is not None and datetime.fromisoformat(item["created_at"]) >= since:
                    known += read(item, included)
                else:
                    return fresh[::-1], known[::-1]
            query["pagination_token"] = (content.get("meta") or {}).get("next_token")
            if not query["pagination_token"]:
                return fresh[::-1], known[::-1]

    async def _page(self, kind: str, query: Mapping[str, Any]) -> Any:
        return await self._get(kind, _PATHS[kind].format(me=self._me), {**_QUERIES[kind], **query})

    async def _message(self, message: Outbound) -> Answer:
        words = message.content.decode()
        if len(words) > LONGEST_MESSAGE:
            raise Permanent(f"channel {self.name}: a direct message has {LONGEST_MESSAGE} characters at most")
        path = f"/2/dm_conversations/with/{_id(message.recipient)}/messages"
        return await self._say("send a message", path, {"text": words}, message)

    async def _reply(self, message: Outbound) -> Answer:
        """With the handle before the words: without it X would take the same words to another for a repeat."""
        words = message.content.decode()
        if _LINK.search(words):
            raise Misconfigured(f"channel {self.name}: no address in a public post: it costs 20 times as much")
        words = f"@{await self._handle(_id(message.recipient))} {words}"
        if weight(words) > LONGEST_POST:
            raise Permanent(f"channel {self.name}: a post has {LONGEST_POST} characters at most")
        reply = {"in_reply_to_tweet_id": message.in_reply_to}
        return await self._say("post", "/2/tweets", {"text": words, "reply": reply}, message)

    async def _say(self, line: str, path: str, content: Mapping[str, Any], message: Outbound) -> Answer:
        try:
            answer = await self._lines.ask(self._token, line, "POST", path, json=content)
        except Temporary:
            self._doubtful.add(message.idempotency_key)
            raise
        if answer.status >= _SERVER_FAULT:
            self._doubtful.add(message.idempotency_key)
        return answer

    async def _sent_before(self, message: Outbound) -> str:
        """X's name of this very answer, or ""; its words, and for a reply what it answers, tell it."""
        self._me = self._me or (await self._who())["id"]
        words = words_of(message.content.decode())
        if message.public:
            posts = (await self._page("posts", {"since_id": message.in_reply_to})).get("data") or ()
            same = (p for p in posts if words_of(p["text"]).endswith(words) and message.in_reply_to in _answered(p))
            return next((str(post["id"]) for post in same), "")
        path = f"/2/dm_conversations/with/{_id(message.recipient)}/dm_events"
        sent = (await self._get("look again", path, _MESSAGES)).get("data") or ()
        own = (e for e in sent if str(e.get("sender_id")) == self._me)
        return next((f"{DM}{event['id']}" for event in own if words_of(event.get("text", "")) == words), "")

    async def _handle(self, user: str) -> str:
        if user not in self._reader.handles:
            found = (await self._get("user", f"/2/users/{user}")).get("data")
            if found is None:
                raise Permanent(f"channel {self.name}: the account that wrote is there no more")
            self._reader.handles[user] = found["username"]
        return self._reader.handles[user]

    def _refusal(self, answer: Answer) -> ChannelError:
        """One of this message alone is "about:blank"; any other names what is wrong with the account or the app."""
        error = self._lines.error(answer)
        kind = answer.content.get("type", "") if isinstance(answer.content, dict) else ""
        return Permanent(str(error)) if answer.status == _REFUSED and kind in ("", "about:blank") else error

    async def _get(self, line: str, path: str, query: Mapping[str, Any] | None = None) -> Any:
        return await self._lines.get(self._token, line, path, query)


def build(name: str, settings: Settings) -> X:
    """The account that `settings` describe."""
    return X(name, settings)


def _id(address: str) -> str:
    return address.removeprefix(ADDRESS)


def _answered(post: Mapping[str, Any]) -> list[str]:
    return [str(one["id"]) for one in post.get("referenced_posts") or post.get("referenced_tweets") or ()]


def _newest(content: Mapping[str, Any]) -> str:
    return next((str(item["id"]) for item in content.get("data") or ()), "")
