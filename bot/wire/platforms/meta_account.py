"""What a Facebook Page and an Instagram account have in common: calls, a list of conversations, one way to send."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from pydantic import Field, SecretStr

from bot.channel import Account, Batch, Handed, Limits, RawRequest
from bot.core.messages import Inbound, Outbound
from bot.wire.platforms import meta
from bot.wire.platforms.conversations import Conversations
from bot.wire.platforms.messenger import PERSONS_WINDOW, RECEIPT_WINDOW, Inboxes, events
from bot.wire.platforms.platform import Api, PlatformUrl
from bot.wire.platforms.reading import each


class MetaSettings(Account):
    """A long-lived `token`; `app_secret` signs the calls, `verify_token` is your own word."""

    token: SecretStr
    app_secret: SecretStr
    verify_token: SecretStr
    url: PlatformUrl = meta.GRAPH
    poll_seconds: float = Field(default=300, ge=0.1, le=3600)


class MetaAccount:
    """One account, way in and way out.

    A platform says what its calls are about (`subject`), how its list is asked for (`platform`), what of its public
    changes are messages, and where a public answer goes.
    """

    alone = True
    subject = ""
    platform = ""
    answers_at = ""

    def __init__(self, name: str, settings: MetaSettings, inboxes: Inboxes) -> None:
        self.name = name
        self.path = f"/hooks/{name}"
        self.ready = asyncio.Event()
        self.limits = Limits(concurrency=4, format="text", reply_window=RECEIPT_WINDOW, person_window=PERSONS_WINDOW)
        self._settings = settings
        self._inboxes = inboxes
        self._api = Api(name, settings.url, {"Authorization": f"Bearer {settings.token.get_secret_value()}"})
        query = {"platform": self.platform}
        self._conversations = Conversations(inboxes, self._api, settings.poll_seconds, query)

    def challenge(self, raw: RawRequest) -> tuple[str, bytes]:
        """The answer to who asks whether the address is ours."""
        return meta.challenge(raw, self._settings.verify_token.get_secret_value())

    def open(self, raw: RawRequest) -> Batch:
        """What a call brings for this account; one call may bring several, for several accounts."""
        entries = meta.opened(raw, self._settings.app_secret.get_secret_value(), self.subject)
        own = [entry for entry in entries if isinstance(entry, dict) and str(entry.get("id")) == self._inboxes.own]
        changes = [change for entry in own for change in meta.changes(entry)]
        private = each(self.name, [event for entry in own for event in events(entry)], self._inboxes.called)
        return Batch((*private, *each(self.name, changes, lambda change: self.changed(*change))))

    async def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Compare the list of conversations with ours, from the cursor on and again and again."""
        await self.check()
        async for batch in self._conversations.read(cursor, self.ready, self._settings.begin):
            yield batch

    async def send(self, message: Outbound) -> Handed:
        """A private message, or in public an answer under what is answered."""
        if message.public:
            content = {"message": message.content.decode()}
            said = await meta.sent(self._api, f"/{message.in_reply_to}/{self.answers_at}", content)
            return Handed(str(said["id"]))
        said = await meta.sent(self._api, f"/{self._inboxes.own}/messages", self._inboxes.outgoing(message))
        return Handed(str(said["message_id"]))

    async def check(self) -> str:
        """Ask for the account; one sentence about it. Raises Temporary, Permanent or Misconfigured."""
        answer = await self._api.ask("GET", f"/{self._inboxes.own}", params={"fields": "name,username"})
        if answer.status >= 400:
            raise meta.refusal(self._api, answer)
        return f"{answer.content.get('name') or answer.content.get('username', '')} answers"

    async def close(self) -> None:
        """Let go of the connections."""
        await self._api.close()

    def changed(self, field: str, value: Mapping[str, Any]) -> Iterator[Inbound]:
        """What of a change that everybody can read is a message."""
        raise NotImplementedError
