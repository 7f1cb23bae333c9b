"""A Telegram bot, and the business account that it is connected to: messages in, answers out.

Source: core.telegram.org/bots/api. Updates are either fetched from an offset, which confirms the earlier ones, or sent
to `webhook_url`. Telegram keeps an update that was not accepted for 24 hours.
"""

import asyncio
import hmac
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from bot.allowed import SECURE_PAGE, Form
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
    Temporary,
)
from bot.core.files import File
from bot.core.lengths import Longest
from bot.core.messages import Inbound, Outbound, RemoteFile
from bot.core.outlets import Limits
from bot.wire.platforms.downloads import Downloads
from bot.wire.platforms.platform import Answer, Api, PlatformUrl
from bot.wire.platforms.reading import read_each
from bot.wire.platforms.telegram_updates import TO_BOT, TO_BUSINESS, Place, Updates, connection_of

BUSINESS_WINDOW = timedelta(hours=24)
_LONGEST = Longest(4096)
_FILE_PATH = re.compile(r"[\w./ -]{1,300}")
_PROOF = "x-telegram-bot-api-secret-token"
_MOST_UPDATES = 100
_UNAUTHORIZED, _NOT_FOUND, _CONFLICT, _TOO_MANY = 401, 404, 409, 429
_HANDLE = "4 to 32 letters, digits and _, with or without @"
_LARGE_BACKLOG, _SHOWN = 100, 200
# Updates that are not read within 24 hours are lost: half of that time is left to act.
_LATE_MINUTES, _NEARLY_LOST_MINUTES = 15.0, 12 * 60.0
_RECENTLY = timedelta(hours=1)


class Settings(Account):
    """`token` and `username` of the bot; `business_account` is the @name of the account for which it answers.

    With `webhook_url` (the public address of /hooks/<name>) and a `webhook_secret` of your own, Telegram calls us;
    while the secret is changed, `former_webhook_secret` is taken, too.
    """

    media = ("telegram",)
    token: SecretStr
    username: Annotated[str, Form(r"@?\w{4,32}", _HANDLE)]
    business_account: Annotated[str, Form(r"(@?\w{4,32})?", _HANDLE)] = ""
    webhook_url: Annotated[str, SECURE_PAGE] = ""
    webhook_secret: SecretStr = Field(default=SecretStr(""), validate_default=True)
    former_webhook_secret: SecretStr = SecretStr("")
    url: PlatformUrl = "https://api.telegram.org"
    poll_seconds: int = Field(default=20, ge=1, le=25)

    @field_validator("token")
    @classmethod
    def _bot_token(cls, value: SecretStr) -> SecretStr:
        # The token becomes part of an address.
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
    def _valid_webhook_secret(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if info.data.get("webhook_url") and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value.get_secret_value()):
            raise ValueError("must have 1 to 256 letters, digits, - and _ where there is a webhook_url")
        return value


class Telegram:
    """One bot, inbound and outbound."""

    alone = True

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.path = f"/hooks/{name}"
        self.ready = asyncio.Event()
        window = BUSINESS_WINDOW if settings.business_account else None
        self.limits = Limits(4, format="text", reply_window=window, longest=_LONGEST, longest_public=_LONGEST)
        self._settings = settings
        self._token = settings.token.get_secret_value()
        # The token is part of the path, which no error shows; it must never be part of the base address.
        self._api = Api(name, settings.url)
        self._updates = Updates(name, settings.username.lstrip("@"), int(self._token.partition(":")[0]))
        self._update_types = [*TO_BOT, *(TO_BUSINESS if settings.business_account else ())]
        self._connections: dict[str, Mapping[str, Any]] = {}
        # The event loop's time at which all updates had been read, or sent to us, for the last time.
        self._read_at: float | None = None

    def open(self, raw: RawRequest) -> Batch:
        """Return the messages of one webhook call."""
        if not self._is_proven(raw.headers.get(_PROOF, "").encode("utf-8", "replace")):
            raise Forged("another secret")
        try:
            update = json.loads(raw.body)
        except (ValueError, RecursionError):
            raise Permanent("no JSON") from None
        if connection_of(update):
            return Batch(())
        return Batch(tuple(read_each(self.name, [update], self._updates.read)))

    async def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Fetch updates for ever, or have Telegram call us."""
        await self._me()
        try:
            if self._settings.webhook_url:
                await self._run_webhook()
                return
            await self._remove_webhook()
            if cursor is None:
                cursor = await self._first_offset()
                yield Batch((), cursor)
            self.ready.set()
            while True:
                updates = await self._fetch(int(cursor), self._settings.poll_seconds)
                self._read_at = asyncio.get_running_loop().time()
                if updates:
                    # Not the highest number: after a quiet week Telegram may begin at another number ("Update").
                    cursor = str(_number(updates[-1], self.name) + 1)
                    read = [update for update in updates if await self._is_for_us(update)]
                    yield Batch(tuple(read_each(self.name, read, self._updates.read)), cursor)
        finally:
            self.ready.clear()

    async def send(self, message: Outbound) -> Handed:
        """Send one plain text into the chat of the message that it answers; Telegram offers no key against repeats."""
        place = Place.parse(message.in_reply_to)
        if place is None:
            raise Permanent(f"channel {self.name}: nothing on Telegram is answered, so there is no chat to write to")
        content: dict[str, Any] = {
            "chat_id": place.chat,
            "text": message.content.decode(),
            "reply_parameters": {"message_id": place.number, "allow_sending_without_reply": True},
        }
        if place.connection:
            content["business_connection_id"] = place.connection
        message_result = await self._ask("sendMessage", content)
        return Handed(str(Place.of(message_result, place.connection)))

    async def check(self) -> str:
        """Ask for the bot's name; return one sentence. Raises Temporary, Permanent or Misconfigured."""
        return f"the bot @{(await self._me())['username']} answers"

    async def coverage(self) -> Coverage:
        """Check where Telegram sends updates, which calls failed, how many wait, and which chats the bot can read."""
        try:
            me, info = await self._me(), await self._ask("getWebhookInfo")
        except ChannelError as error:
            return Coverage("red", (str(error),))
        red = [*self._elsewhere(info), *self._loss_findings(info), *self._connection_errors(me)]
        amber = [*self._late_findings(), *self._backlog_findings(info), *self._connection_warnings()]
        return Coverage("red" if red else "amber" if amber else "green", (*red, *amber))

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def fetch(self, file: RemoteFile, most_bytes: int) -> File:
        """Return a file; Telegram gives a path to it that is good for an hour, and no file of more than 20 MB."""
        path = str((await self._ask("getFile", {"file_id": file.locator})).get("file_path", ""))
        if not _FILE_PATH.fullmatch(path) or ".." in path:
            raise Permanent(f"channel {self.name}: Telegram has the file no more")
        address = f"{self._settings.url}/file/bot{self._token}/{path}"
        content = await Downloads(self._api, ()).fetch(address, most_bytes)
        return File(file.name or path.rpartition("/")[2], content)

    def reread(self, raw: bytes) -> Iterator[Inbound]:
        """Read an update again that could not be read before."""
        return self._updates.read(json.loads(raw))

    def _is_proven(self, secret: bytes) -> bool:
        """Tell whether a call has our secret, or the former one, which a call may have while it is changed."""
        proofs = (self._settings.webhook_secret, self._settings.former_webhook_secret)
        own = [proof.get_secret_value().encode() for proof in proofs]
        return any(hmac.compare_digest(secret, proof) for proof in own if proof)

    async def _me(self) -> Mapping[str, Any]:
        me: Mapping[str, Any] = await self._ask("getMe")
        if str(me.get("username", "")).lower() != self._updates.username.lower():
            raise Misconfigured(f"channel {self.name}: the token is that of @{me.get('username')}: put username right")
        return me

    async def _run_webhook(self) -> None:
        secret = self._settings.webhook_secret.get_secret_value()
        content = {"url": self._settings.webhook_url, "secret_token": secret, "allowed_updates": self._update_types}
        await self._ask("setWebhook", content)
        self.ready.set()
        await asyncio.Event().wait()

    async def _remove_webhook(self) -> None:
        """Remove a webhook of ours, set with other settings; raise Misconfigured for a webhook of another program."""
        address = str((await self._ask("getWebhookInfo")).get("url", ""))
        if urlsplit(address).path.endswith(self.path):
            await self._ask("deleteWebhook")
        elif address:
            raise Misconfigured(f"channel {self.name}: {_elsewhere(address)}; nothing can be fetched before that ends")

    async def _first_offset(self) -> str:
        """Return the first offset: without `begin = "all"`, the updates that wait already are skipped."""
        newest = [] if self._settings.begin == "all" else await self._fetch(-1, 0)
        return str(_number(newest[-1], self.name) + 1) if newest else "0"

    async def _fetch(self, offset: int, seconds: int) -> Sequence[Any]:
        content = {"offset": offset, "limit": _MOST_UPDATES, "timeout": seconds, "allowed_updates": self._update_types}
        updates = await self._ask("getUpdates", content)
        return updates if isinstance(updates, list) else ()

    async def _is_for_us(self, update: Any) -> bool:
        """Tell whether to read an update: anybody can connect a bot, but only the configured account counts."""
        connection = connection_of(update)
        if not connection:
            return True
        if isinstance(connection_part := update.get("business_connection"), dict):
            if not isinstance(connection_part.get("user"), dict):
                return True  # it is read, and found to be what cannot be understood
            self._connections[connection] = connection_part
        elif connection not in self._connections:
            try:
                query = {"business_connection_id": connection}
                self._connections[connection] = await self._ask("getBusinessConnection", query)
            except Permanent:
                self._connections[connection] = {}  # it has ended in the meantime
        return self._is_ours(self._connections[connection])

    def _is_ours(self, connection: Mapping[str, Any]) -> bool:
        owner, account = (connection.get("user") or {}).get("username"), self._settings.business_account.lstrip("@")
        return bool(account) and str(owner).lower() == account.lower()

    async def _ask(self, method: str, content: Mapping[str, Any] | None = None) -> Any:
        answer = await self._api.ask("POST", f"/bot{self._token}/{method}", json=content or {})
        body = answer.content if isinstance(answer.content, dict) else {}
        if body.get("ok") is True:
            return body.get("result")
        raise self._refusal(answer, body)

    def _refusal(self, answer: Answer, content: Mapping[str, Any]) -> ChannelError:
        description = self._without_token(content.get("description"))
        words = f"channel {self.name}: Telegram said {answer.status} {description}".rstrip()
        after = (content.get("parameters") or {}).get("retry_after")
        if answer.status == _TOO_MANY and isinstance(after, int):
            self._api.rest(after)
        if answer.status in (_UNAUTHORIZED, _NOT_FOUND):
            return Misconfigured(f"{words}. Is the token right? @BotFather shows it")
        if answer.status == _CONFLICT:
            # Telegram refuses the earlier of two programs; it happens briefly when one process follows another.
            return Temporary(f"{words}. Another program fetches for this bot")
        return Permanent(words) if 400 <= answer.status < 500 and answer.status != _TOO_MANY else Temporary(words)

    def _without_token(self, words: Any) -> str:
        # A server in between may repeat the address, and the token with it.
        return str(words or "").replace(self._token, "(token)")[:_SHOWN]

    def _elsewhere(self, info: Mapping[str, Any]) -> Iterator[str]:
        address = str(info.get("url", ""))
        if address != self._settings.webhook_url and (address or self.ready.is_set()):
            yield _elsewhere(address)

    def _loss_findings(self, info: Mapping[str, Any]) -> Iterator[str]:
        """Report when messages are about to be lost. With a webhook, all is well while none waits or no call failed."""
        if self._settings.webhook_url and (self._read_at is None or not self._fails(info)):
            self._read_at = asyncio.get_running_loop().time()
        if (minutes := self._minutes()) > _NEARLY_LOST_MINUTES:
            yield f"nothing was read for {minutes / 60:.0f} hours; Telegram keeps messages for 24"

    def _late_findings(self) -> Iterator[str]:
        if _LATE_MINUTES < (minutes := self._minutes()) <= _NEARLY_LOST_MINUTES:
            yield f"nothing was read for {minutes:.0f} minutes"

    def _minutes(self) -> float:
        return 0.0 if self._read_at is None else (asyncio.get_running_loop().time() - self._read_at) / 60

    def _fails(self, info: Mapping[str, Any]) -> bool:
        since = self._api.at.timestamp() - float(info.get("last_error_date") or 0)
        return bool(info.get("pending_update_count")) and since < _RECENTLY.total_seconds()

    def _backlog_findings(self, info: Mapping[str, Any]) -> Iterator[str]:
        if self._settings.webhook_url and not info.get("url"):
            yield "Telegram calls nobody yet: the service asks it to when it starts"
        if (count := info.get("pending_update_count", 0)) > _LARGE_BACKLOG:
            yield f"{count} messages wait at Telegram, which keeps them for 24 hours"
        if self._settings.webhook_url and self._fails(info):
            yield f"a call of Telegram's failed: {self._without_token(info.get('last_error_message'))}"

    def _connection_errors(self, me: Mapping[str, Any]) -> Iterator[str]:
        if not self._settings.business_account:
            return
        if not me.get("can_connect_to_business"):
            yield "no business account can be connected: @BotFather switches that on"
        own_connections = [connection for connection in self._connections.values() if self._is_ours(connection)]
        if own_connections and not any(connection.get("is_enabled") for connection in own_connections):
            yield "the business account has ended its connection to the bot"

    def _connection_warnings(self) -> Iterator[str]:
        enabled = [connection for connection in self._connections.values() if connection.get("is_enabled")]
        if any(
            self._is_ours(connection) and not (connection.get("rights") or {}).get("can_reply")
            for connection in enabled
        ):
            yield "the business account does not let the bot answer"
        if any(not self._is_ours(connection) for connection in enabled):
            yield "an account that is not configured has connected the bot; its chats are not read"


def build(name: str, settings: Settings) -> Telegram:
    """Return the bot that `settings` describe."""
    return Telegram(name, settings)


def _elsewhere(address: str) -> str:
    # Its path often contains a secret, even the token itself.
    where = urlsplit(address).hostname or "nobody"
    return f"Telegram brings what people write to {where}, and not to us"


def _number(update: Any, name: str) -> int:
    number = update.get("update_id") if isinstance(update, dict) else None
    if not isinstance(number, int):
        raise Temporary(f"channel {name}: Telegram sent an update without a number")
    return number
