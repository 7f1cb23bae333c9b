"""Text messages that people send to a number of GOV.UK Notify: its calls bring them, and its list is compared.

Source: docs.notifications.service.gov.uk/rest-api.html ("Received text messages", "Get received text messages").
An outlet of the kind `notify` answers them (`texts_by`).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from typing import Any, Literal

from pydantic import Field

from bot.channel import Batch, Coverage, Forged, RawRequest, WayIn
from bot.core.messages import Inbound
from bot.wire.platforms.notify_api import NOTIFY, ApiKey, CallbackToken, NotifyApi, messages_of
from bot.wire.platforms.notify_received import Received, read
from bot.wire.platforms.platform import PlatformUrl


class Settings(WayIn):
    """`texts_by`: the outlet that answers; `callback_token`: the bearer token of Notify's calls about received texts.

    `api_key` reads the list; `begin` is where a first look begins: now, or with all that Notify still has.
    """

    media = ("text",)
    texts_by: str | None = None
    api_key: ApiKey
    callback_token: CallbackToken | None = None
    begin: Literal["now", "all"] = "now"
    url: PlatformUrl = NOTIFY
    poll_seconds: float = Field(default=60, ge=0.1, le=3600)


class NotifyTexts:
    """The number of one service: a hook where Notify was given a token, and a list that is compared in any case."""

    alone = True

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.path = f"/hooks/{name}" if settings.callback_token else ""
        self.ready = asyncio.Event()
        self._settings = settings
        self._api = NotifyApi(name, settings.url, settings.api_key)
        self._received = Received(name, self._api, settings.poll_seconds)

    def open(self, raw: RawRequest) -> Batch:
        """Return the text message of a call; raises Forged."""
        if self._settings.callback_token is None:
            raise Forged("Notify was given no token")
        return Batch(messages_of(self.name, raw, self._settings.callback_token, self._read))

    def reread(self, raw: bytes) -> Iterable[Inbound]:
        """Return the message in what was not understood; raises where it still is not."""
        return list(self._read(json.loads(raw)))

    async def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Compare Notify's list with the logged messages, from the cursor on, again and again."""
        is_called = self._settings.callback_token is not None
        async for batch in self._received.look(cursor, self.ready, self._settings.begin, is_called=is_called):
            yield batch

    async def check(self) -> str:
        """Ask for the list; return one sentence about it. Raises Temporary or Misconfigured."""
        async for page in self._api.pages("/v2/received-text-messages", "received_text_messages", {}):
            return f"GOV.UK Notify shows the text messages that it received, {len(page)} on the first page"
        return "GOV.UK Notify shows the text messages that it received"

    async def coverage(self) -> Coverage:
        """Return how long ago the list was read."""
        return self._received.coverage()

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    def _read(self, values: Any) -> Iterable[Inbound]:
        return read(self.name, values)


def build(name: str, settings: Settings) -> NotifyTexts:
    """Return the number that `settings` describe."""
    return NotifyTexts(name, settings)
