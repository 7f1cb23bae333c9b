"""An X account: direct messages and mentions in, answers out; its own posts show what staff have answered.

X calls the webhook (Account Activity and X Activity API, docs.x.com/x-api/webhooks); polling finds what the calls miss.
Private and public messages are numbered separately, so the name of a direct message begins with "dm:". An automatic
post is recognised by the name that `send` returned.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from bot.channel import (
    Account,
    Batch,
    ChannelError,
    Coverage,
    Forged,
    Handed,
    Misconfigured,
    Permanent,
    RawRequest,
)
from bot.core.files import File
from bot.core.lengths import Longest, Unit
from bot.core.messages import Inbound, Outbound, RemoteFile
from bot.core.outlets import Limits
from bot.wire.platforms.connections import Connections
from bot.wire.platforms.downloads import Downloads
from bot.wire.platforms.platform import Answer, PlatformUrl
from bot.wire.platforms.polling import Rounds
from bot.wire.platforms.safes import Safe
from bot.wire.platforms.user_tokens import BearerToken, RenewableToken, Renewal, SignedCalls, UserToken
from bot.wire.platforms.x_events import ADDRESS, DM, Reader, references_of, words_of
from bot.wire.platforms.x_lists import MESSAGES, Lists

LONGEST_POST, LONGEST_MESSAGE = Longest(280, Unit.WEIGHTED), Longest(10_000)
# A handle has 15 characters, before it stands an @, after it a space.
_LONGEST_REPLY = Longest(LONGEST_POST.most - 17, Unit.WEIGHTED, links=False)
_FORBIDDEN = 403
# developer.x.com, "Retrieving media": files of direct messages are there, and shown to their reader alone.
_FILE_HOSTS, _PRIVATE_FILES = (".twimg.com", "ton.twitter.com", "ton.x.com"), "/1.1/ton/data/dm/"
_CLOCKS_DIFFER = timedelta(minutes=2)
_LINK = re.compile(r"https?://|\bwww\.", re.IGNORECASE)
_BLIND = ("X never shows us who is mentioned only by being answered, posts of protected accounts, and encrypted words",)


class Settings(Account):
    """`token` of the account: of OAuth 2.0, or with `token_secret` and `consumer_key` of OAuth 1.0a.

    `consumer_secret` signs X's calls; `bearer_token` is the app's own, which reads the state of the webhook.
    """

    media = ("x",)
    url: PlatformUrl = "https://api.x.com"
    token: SecretStr
    token_secret: SecretStr | None = None
    consumer_key: str = ""
    consumer_secret: SecretStr = Field(min_length=1)
    client_id: str = ""
    client_secret: SecretStr | None = None
    refresh_token: SecretStr | None = None
    bearer_token: SecretStr | None = None
    # GET /2/dm_events allows 15 calls in 15 minutes.
    poll_seconds: float = Field(default=300, ge=60, le=3600)

    @model_validator(mode="after")
    def _is_complete(self) -> "Settings":
        if self.token_secret is not None and not self.consumer_key:
            raise ValueError("token_secret needs consumer_key beside it")
        if self.refresh_token is not None and not self.client_id:
            raise ValueError("refresh_token needs client_id beside it")
        if self.refresh_token is not None and self.token_secret is not None:
            raise ValueError("give refresh_token (OAuth 2.0) or token_secret (OAuth 1.0a), not both")
        return self


class X:
    """One account: polling, webhook and outbound."""

    alone = True

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.path = f"/hooks/{name}"
        self.ready = asyncio.Event()
        self.limits = Limits(2, format="text", longest=LONGEST_MESSAGE, longest_public=_LONGEST_REPLY)
        self._settings = settings
        self._secret = settings.consumer_secret.get_secret_value().encode()
        self._connections = Connections(name, settings.url)
        self._token = self._token_of(settings)
        self._rounds = Rounds(settings.poll_seconds)
        self._reader = Reader(name)
        self._me = ""

    def open(self, raw: RawRequest) -> Batch:
        """Return the messages of a webhook call, in either of its two shapes."""
        signature = raw.headers.get("x-twitter-webhooks-signature", "").encode("utf-8", "replace")
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
        """Prove knowledge of `consumer_secret` (docs.x.com, "Challenge-response check")."""
        token = raw.query.get("crc_token", "")
        if not token:
            raise Permanent("there is no crc_token")
        return "application/json", json.dumps({"response_token": self._sign(token.encode())}).encode()

    async def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Yield what the webhook missed since the cursor; repeat the recent past again and again."""
        self._me = (await self._own_account())["id"]
        lists = self._lists()
        place = json.loads(cursor) if cursor else await lists.first_place(begins_with_all=self._settings.begin == "all")
        if cursor is None:
            yield Batch((), json.dumps(place))
        self.ready.set()
        try:
            async with aclosing(self._rounds.begin()) as rounds:
                async for span in rounds:
                    async for batch in lists.look(place, span):
                        yield batch
        finally:
            self.ready.clear()

    async def send(self, message: Outbound) -> Handed:
        """Send one message or one reply. X offers no key against repeats: before another attempt it is looked up."""
        answer = await (self._reply if message.public else self._message)(message)
        if answer.status == _FORBIDDEN and "duplicate" in str(answer.content).lower():
            return await self._handed_before(message)
        if answer.status >= 400:
            raise self._refusal(answer)
        return Handed(_new_id(answer, public=message.public))

    async def look_up(self, message: Outbound) -> Handed | None:
        """Return what X has of a message that may have left; it is known by its words, its thread and its time."""
        existing_id = await self._existing_id(message)
        return Handed(existing_id) if existing_id else None

    async def fetch(self, file: RemoteFile, most_bytes: int) -> File:
        """Return a file: of a post as anybody, of a direct message as the account, which takes OAuth 1.0a."""
        headers = None
        if _PRIVATE_FILES in file.locator:
            if self._settings.token_secret is None:
                raise Permanent(f"channel {self.name}: X shows files of direct messages only to OAuth 1.0a")
            headers = await self._token.headers("GET", file.locator)
        files = Downloads(self._connections.connection("files"), _FILE_HOSTS)
        content = await files.fetch(file.locator, most_bytes, headers)
        return File(file.name or urlsplit(file.locator).path.rpartition("/")[2], content)

    def reread(self, raw: bytes) -> list[Inbound]:
        """Read an event or an item of a list again that could not be read before."""
        return self._reader.piece(json.loads(raw), self._me)

    async def check(self) -> str:
        """Sign in; return one sentence about the account. Raises Temporary or Misconfigured."""
        return f"signed in at {self._settings.url} as @{(await self._own_account())['username']}"

    async def coverage(self) -> Coverage:
        """Check whether X calls us; add what it never shows."""
        try:
            await self._own_account()
            errors, findings = await self._webhook()
        except ChannelError as error:
            return Coverage("red", (str(error),))
        rounds = self._rounds.coverage()
        if errors or rounds.level == "red":
            return Coverage("red", (*errors, *rounds.findings))
        return Coverage("amber", (*_BLIND, *findings, *self._runs_out()))

    def keep_in(self, safe: Safe) -> None:
        """Keep a token that is renewed where a restart finds it; one that does not change needs no place."""
        if isinstance(self._token, RenewableToken):
            self._token.keep_in(safe)

    async def close(self) -> None:
        """Close the connections."""
        await self._connections.close()

    def _sign(self, words: bytes) -> str:
        digest = hmac.new(self._secret, words, hashlib.sha256).digest()
        return f"sha256={base64.b64encode(digest).decode()}"

    def _token_of(self, settings: Settings) -> UserToken:
        if settings.token_secret is not None:
            return SignedCalls(settings.consumer_key, settings.consumer_secret, settings.token, settings.token_secret)
        if settings.refresh_token is not None:
            renewal = Renewal("/2/oauth2/token", settings.client_id, settings.client_secret, settings.refresh_token)
            return RenewableToken(settings.token, renewal, self._connections.connection("token"))
        return BearerToken(settings.token)

    def _runs_out(self) -> tuple[str, ...]:
        if self._settings.token_secret is not None or self._settings.refresh_token is not None:
            return ()
        return ("the token runs out two hours after it was made; give token_secret (OAuth 1.0a), or refresh_token",)

    async def _webhook(self) -> tuple[list[str], list[str]]:
        """Return the errors and the warnings about the webhook."""
        polled = f"messages are found only every {self._settings.poll_seconds:g} seconds"
        if self._settings.bearer_token is None:
            return [], ["without bearer_token nobody sees whether X still calls the webhook"]
        content = await self._connections.get(BearerToken(self._settings.bearer_token), "webhooks", "/2/webhooks")
        own_hooks = [hook for hook in content.get("data") or () if str(hook.get("url", "")).endswith(self.path)]
        if not own_hooks:
            return [], [f"no webhook of this app ends in {self.path}, so {polled}"]
        wrong = f"X has found the webhook invalid and calls it no more, so {polled}: have it checked again"
        return ([] if any(hook.get("valid") for hook in own_hooks) else [wrong]), []

    async def _own_account(self) -> Any:
        return (await self._get("me", "/2/users/me"))["data"]

    def _lists(self) -> Lists:
        return Lists(self._get, self._reader, self._connections.connection("me"), self._me)

    async def _message(self, message: Outbound) -> Answer:
        words = message.content.decode()
        if too_long := LONGEST_MESSAGE.why_not(words):
            raise Permanent(f"channel {self.name}: in a direct message {too_long}")
        path = f"/2/dm_conversations/with/{_id(message.recipient)}/messages"
        return await self._say("send a message", path, {"text": words})

    async def _reply(self, message: Outbound) -> Answer:
        """Post a reply that begins with the handle: without it, X would take the same words to another for a repeat."""
        words = message.content.decode()
        if _LINK.search(words):
            raise Misconfigured(f"channel {self.name}: no address in a public post: it costs 20 times as much")
        words = f"@{await self._handle(_id(message.recipient))} {words}"
        if too_long := LONGEST_POST.why_not(words):
            raise Permanent(f"channel {self.name}: in a post {too_long}")
        reply = {"in_reply_to_tweet_id": message.in_reply_to}
        return await self._say("post", "/2/tweets", {"text": words, "reply": reply})

    async def _say(self, connection: str, path: str, content: Mapping[str, Any]) -> Answer:
        return await self._connections.ask(self._token, connection, "POST", path, json=content)

    async def _handed_before(self, message: Outbound) -> Handed:
        """Return the answer that X already has, as it refuses a repeat of it."""
        existing_id = await self._existing_id(message)
        if not existing_id and message.public:
            raise Permanent(f"channel {self.name}: X refuses the same words, and has them nowhere as this answer")
        return Handed(existing_id)

    async def _existing_id(self, message: Outbound) -> str:
        """Return X's name of this very answer, or ""; it is recognised by its words and, for a reply, by its parent."""
        self._me = self._me or (await self._own_account())["id"]
        words = words_of(message.content.decode())
        return await (self._existing_reply if message.public else self._existing_message)(message, words)

    async def _existing_reply(self, message: Outbound, words: str) -> str:
        posts = (await self._lists().page("posts", {"since_id": message.in_reply_to})).get("data") or ()
        replies = (post for post in posts if message.in_reply_to in _parents(post))
        return next((str(reply["id"]) for reply in replies if words_of(reply["text"]).endswith(words)), "")

    async def _existing_message(self, message: Outbound, words: str) -> str:
        path = f"/2/dm_conversations/with/{_id(message.recipient)}/dm_events"
        events = (await self._get("look again", path, MESSAGES)).get("data") or ()
        own_events = (event for event in events if str(event.get("sender_id")) == self._me and _may_be(event, message))
        return next((f"{DM}{event['id']}" for event in own_events if words_of(event.get("text", "")) == words), "")

    async def _handle(self, user: str) -> str:
        if user not in self._reader.handles:
            user_data = (await self._get("user", f"/2/users/{user}")).get("data")
            if user_data is None:
                raise Permanent(f"channel {self.name}: the account that wrote is there no more")
            self._reader.handles[user] = user_data["username"]
        return self._reader.handles[user]

    def _refusal(self, answer: Answer) -> ChannelError:
        """Classify a refusal: "about:blank" concerns one message; any other type names a fault of account or app."""
        error = self._connections.error(answer)
        kind = answer.content.get("type", "") if isinstance(answer.content, dict) else ""
        return Permanent(str(error)) if answer.status == _FORBIDDEN and kind in ("", "about:blank") else error

    async def _get(self, connection: str, path: str, query: Mapping[str, Any] | None = None) -> Any:
        return await self._connections.get(self._token, connection, path, query)


def build(name: str, settings: Settings) -> X:
    """Return the account that `settings` describe."""
    return X(name, settings)


def _id(address: str) -> str:
    return address.removeprefix(ADDRESS)


def _new_id(answer: Answer, *, public: bool) -> str:
    data = (answer.content or {}).get("data") or {}
    return str(data.get("id", "")) if public else f"{DM}{data.get('dm_event_id', '')}"


def _parents(post: Mapping[str, Any]) -> list[str]:
    return [str(reference["id"]) for reference in references_of(post)]


def _may_be(event: Mapping[str, Any], message: Outbound) -> bool:
    """Tell whether an event is not older than the message; X's clock and ours may differ a little."""
    return message.at is None or datetime.fromisoformat(event["created_at"]) >= message.at - _CLOCKS_DIFFER
