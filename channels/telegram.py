"""A Telegram bot, and the business account that it is connected to: messages in, answers out.

Source: core.telegram.org/bots/api. Updates are fetched from an offset, which confirms what came before it, or are
brought by calls to `webhook_url`; the one excludes the other. Telegram keeps what was not taken for 24 hours.
"""

import asyncio
import hmac
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

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
from bot.core.messages import Outbound
from bot.wire.platforms.platform import Answer, Api, PlatformUrl
from bot.wire.platforms.reading import each
from bot.wire.platforms.telegram_updates import TO_BOT, TO_BUSINESS, Place, Updates, connection_of

BUSINESS_WINDOW = timedelta(hours=24)
_PROOF = "x-telegram-bot-api-secret-token"
_MOST_UPDATES = 100
_UNAUTHORIZED, _NOT_FOUND, _CONFLICT, _TOO_MANY = 401, 404, 409, 429
_WAITING_IS_MUCH, _SHOWN = 100, 200
# What is not taken within 24 hours is gone: half of that is left to act.
_LATE_MINUTES, _NEARLY_LOST_MINUTES = 15.0, 12 * 60.0
_OF_LATE = timedelta(hours=1)


class Settings(Account):
    """`token` and `username` of the bot; `business_account` is the @name of the account for which it answers.

    With `webhook_url` (the public address of /hooks/<name>) and a `webhook_secret` of your own Telegram calls us.
    """

    token: SecretStr
    username: str = Field(pattern=r"^@?\w{4,32}$")
    business_account: str = Field(default="", pattern=r"^(@?\w{4,32})?$")
    webhook_url: str = Field(default="", pattern=r"^(https://[^\s?#]+)?$")
    webhook_secret: SecretStr = Field(default=SecretStr(""), validate_default=True)
    url: PlatformUrl = "https://api.telegram.org"
    poll_seconds: int = Field(default=20, ge=1, le=25)

    @field_validator("token")
    @classmethod
    def _as_given(cls, value: SecretStr) -> SecretStr:
        # It becomes part of an address.
        if not re.fullmatch(r"\d{1,20}:[A-Za-z0-9_-]{1,200}", value.get_secret_value()):
            raise ValueError("is not what @BotFather gives out: a number, a colon, and letters")
        return value

    @field_validator("webhook_url")
    @classmethod
    def _one_or_the_other(cls, value: str, info: ValidationInfo) -> str:
        if value and info.data.get("business_account"):
            raise ValueError("is not for a business_account: whose chat it is can only be asked while fetching")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _as_taken(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if info.data.get("webhook_url") and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value.get_secret_value()):
            raise ValueError("must have 1 to 256 letters, digits, - and _ where there is a webhook_url")
        return value


class Telegram:
    """One bot, way in and way out."""

    alone = True

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.path = f"/hooks/{name}"
        self.ready = asyncio.Event()
        window = BUSINESS_WINDOW if settings.business_account else None
        self.limits = Limits(concurrency=4, format="text", reply_window=window)
        self._settings = settings
        self._token = settings.token.get_secret_value()
        # The token stands in the path, which no error shows; never in the base.
        self._api = Api(name, settings.url)
        self._updates = Updates(name, settings.username.lstrip("@"), int(self._token.partition(":")[0]))
        self._wanted = [*TO_BOT, *(TO_BUSINESS if settings.business_account else ())]
        self._connections: dict[str, Mapping[str, Any]] = {}
        # When all was read, or brought, for the last time.
        self._well_at: float | None = None

    def open(self, raw: RawRequest) -> Batch:
        """What one call brings."""
        secret = self._settings.webhook_secret.get_secret_value()
        shown = raw.headers.get(_PROOF, "").encode("utf-8", "replace")
        if not secret or not hmac.compare_digest(shown, secret.encode()):
            raise Forged("another secret")
        try:
            update = json.loads(raw.body)
        except (ValueError, RecursionError):
            raise Permanent("no JSON") from None
        if connection_of(update):
            return Batch(())
        return Batch(tuple(each(self.name, [update], self._updates.read)))

    async def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Fetch for ever, or have Telegram call us."""
        await self._me()
        try:
            if self._settings.webhook_url:
                await self._be_called()
                return
            await self._be_free()
            if cursor is None:
                cursor = await self._first_offset()
                yield Batch((), cursor)
            self.ready.set()
            while True:
                updates = await self._fetch(int(cursor), self._settings.poll_seconds)
                self._well_at = asyncio.get_running_loop().time()
                if updates:
                    # Not the highest of all: after a quiet week the numbers begin somewhere else ("Update").
                    cursor = str(_number(updates[-1], self.name) + 1)
                    read = [update for update in updates if await self._is_for_us(update)]
                    yield Batch(tuple(each(self.name, read, self._updates.read)), cursor)
        finally:
            self.ready.clear()

    async def send(self, message: Outbound) -> Handed:
        """One plain text into the chat that is answered; there is no key that a repeat would be known by."""
        place = Place.named(message.in_reply_to)
        if place is None:
            raise Permanent(f"channel {self.name}: nothing on Telegram is answered, so there is no chat to write to")
        content: dict[str, Any] = {
            "chat_id": place.chat,
            "text": message.content.decode(),
            "reply_parameters": {"message_id": place.number, "allow_sending_without_reply": True},
        }
        if place.connection:
            content["business_connection_id"] = place.connection
        sent = await self._ask("sendMessage", content)
        return Handed(str(Place.of(sent, place.connection)))

    async def check(self) -> str:
        """Ask who the bot is; one sentence. Raises Temporary, Permanent or Misconfigured."""
        return f"the bot @{(await self._me())['username']} answers"

    async def coverage(self) -> Coverage:
        """Who is called for this bot, what could not be brought, what waits there, and whose chats are shown."""
        try:
            me, info = await self._me(), await self._ask("getWebhookInfo")
        except ChannelError as error:
            return Coverage("red", (str(error),))
        red = [*self._elsewhere(info), *self._nearly_lost(info), *self._not_connected(me)]
        amber = [*self._late(), *self._waiting(info), *self._connected_amiss()]
        return Coverage("red" if red else "amber" if amber else "green", (*red, *amber))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._api.close()

    async def _me(self) -> Mapping[str, Any]:
        me: Mapping[str, Any] = await self._ask("getMe")
        if str(me.get("username", "")).lower() != self._updates.username.lower():
            raise Misconfigured(f"channel {self.name}: the token is that of @{me.get('username')}: put username right")
        return me

    async def _be_called(self) -> None:
        secret = self._settings.webhook_secret.get_secret_value()
        content = {"url": self._settings.webhook_url, "secret_token": secret, "allowed_updates": self._wanted}
        await self._ask("setWebhook", content)
        self.ready.set()
        await asyncio.Event().wait()

    async def _be_free(self) -> None:
        """Nobody else must be called for this bot; an address of ours, from another configuration, is given up."""
        address = str((await self._ask("getWebhookInfo")).get("url", ""))
        if urlsplit(address).path.endswith(self.path):
            await self._ask("deleteWebhook")
        elif address:
            raise Misconfigured(f"channel {self.name}: {_elsewhere(address)}; nothing can be fetched before that ends")

    async def _first_offset(self) -> str:
        """What waits there already is not new, unless all is wanted."""
        newest = [] if self._settings.begin == "all" else await self._fetch(-1, 0)
        return str(_number(newest[-1], self.name) + 1) if newest else "0"

    async def _fetch(self, offset: int, seconds: int) -> Sequence[Any]:
        content = {"offset": offset, "limit": _MOST_UPDATES, "timeout": seconds, "allowed_updates": self._wanted}
        found = await self._ask("getUpdates", content)
        return found if isinstance(found, list) else ()

    async def _is_for_us(self, update: Any) -> bool:
        """Anybody can connect a bot to their own account: only the chats of the configured one are read."""
        connection = connection_of(update)
        if not connection:
            return True
        if isinstance(told := update.get("business_connection"), dict):
            self._connections[connection] = told
        elif connection not in self._connections:
            try:
                asked = {"business_connection_id": connection}
                self._connections[connection] = await self._ask("getBusinessConnection", asked)
            except Permanent:
                self._connections[connection] = {}  # it was ended meanwhile
        return self._is_ours(self._connections[connection])

    def _is_ours(self, connection: Mapping[str, Any]) -> bool:
        owner, ours = (connection.get("user") or {}).get("username"), self._settings.business_account.lstrip("@")
        return bool(ours) and str(owner).lower() == ours.lower()

    async def _ask(self, method: str, content: Mapping[str, Any] | None = None) -> Any:
        answer = await self._api.ask("POST", f"/bot{self._token}/{method}", json=content or {})
        said = answer.content if isinstance(answer.content, dict) else {}
        if said.get("ok") is True:
            return said.get("result")
        raise self._refusal(answer, said)

    def _refusal(self, answer: Answer, said: Mapping[str, Any]) -> ChannelError:
        words = f"channel {self.name}: Telegram said {answer.status} {self._told(said.get('description'))}".rstrip()
        after = (said.get("parameters") or {}).get("retry_after")
        if answer.status == _TOO_MANY and isinstance(after, int):
            self._api.rest(after)
        if answer.status in (_UNAUTHORIZED, _NOT_FOUND):
            return Misconfigured(f"{words}. Is the token right? @BotFather shows it")
        if answer.status == _CONFLICT:
            # Whoever asked first is turned away; so it is for a moment when one process follows another.
            return Temporary(f"{words}. Another program fetches for this bot")
        return Permanent(words) if 400 <= answer.status < 500 and answer.status != _TOO_MANY else Temporary(words)

    def _told(self, words: Any) -> str:
        # A server between us may repeat the address, and the token with it.
        return str(words or "").replace(self._token, "(token)")[:_SHOWN]

    def _elsewhere(self, info: Mapping[str, Any]) -> Iterator[str]:
        address = str(info.get("url", ""))
        if address != self._settings.webhook_url and (address or self.ready.is_set()):
            yield _elsewhere(address)

    def _nearly_lost(self, info: Mapping[str, Any]) -> Iterator[str]:
        """Where Telegram calls, all is well while nothing waits or no call failed of late."""
        if self._settings.webhook_url and (self._well_at is None or not self._fails(info)):
            self._well_at = asyncio.get_running_loop().time()
        if (minutes := self._minutes()) > _NEARLY_LOST_MINUTES:
            yield f"nothing was read for {minutes / 60:.0f} hours; Telegram keeps messages for 24"

    def _late(self) -> Iterator[str]:
        if _LATE_MINUTES < (minutes := self._minutes()) <= _NEARLY_LOST_MINUTES:
            yield f"nothing was read for {minutes:.0f} minutes"

    def _minutes(self) -> float:
        return 0.0 if self._well_at is None else (asyncio.get_running_loop().time() - self._well_at) / 60

    def _fails(self, info: Mapping[str, Any]) -> bool:
        since = self._api.at.timestamp() - float(info.get("last_error_date") or 0)
        return bool(info.get("pending_update_count")) and since < _OF_LATE.total_seconds()

    def _waiting(self, info: Mapping[str, Any]) -> Iterator[str]:
        if self._settings.webhook_url and not info.get("url"):
            yield "Telegram calls nobody yet: the service asks it to when it starts"
        if (count := info.get("pending_update_count", 0)) > _WAITING_IS_MUCH:
            yield f"{count} messages wait at Telegram, which keeps them for 24 hours"
        if self._settings.webhook_url and self._fails(info):
            yield f"a call of Telegram's failed: {self._told(info.get('last_error_message'))}"

    def _not_connected(self, me: Mapping[str, Any]) -> Iterator[str]:
        if not self._settings.business_account:
            return
        if not me.get("can_connect_to_business"):
            yield "no business account can be connected: @BotFather switches that on"
        ours = [one for one in self._connections.values() if self._is_ours(one)]
        if ours and not any(one.get("is_enabled") for one in ours):
            yield "the business account has ended its connection to the bot"

    def _connected_amiss(self) -> Iterator[str]:
        enabled = [one for one in self._connections.values() if one.get("is_enabled")]
        if any(self._is_ours(one) and not (one.get("rights") or {}).get("can_reply") for one in enabled):
            yield "the business account does not let the bot answer"
        if any(not self._is_ours(one) for one in enabled):
            yield "an account that is not configured has connected the bot; its chats are not read"


def build(name: str, settings: Settings) -> Telegram:
    """The bot that `settings` describe."""
    return Telegram(name, settings)


def _elsewhere(address: str) -> str:
    # Its path is often a secret, even the token itself.
    where = urlsplit(address).hostname or "nobody"
    return f"Telegram brings what people write to {where}, and not to us"


def _number(update: Any, name: str) -> int:
    number = update.get("update_id") if isinstance(update, dict) else None
    if not isinstance(number, int):
        raise Temporary(f"channel {name}: Telegram sent an update without a number")
    return number
