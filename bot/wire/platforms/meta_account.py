"""Common parts of a Facebook Page and an Instagram account: webhook calls, a list of conversations, one way to send."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from pydantic import Field, SecretStr

from bot.channel import Account, Batch, Handed, RawRequest
from bot.core.lengths import Longest
from bot.core.messages import Inbound, Outbound
from bot.core.outlets import Limits
from bot.wire.platforms import meta
from bot.wire.platforms.conversations import Conversations
from bot.wire.platforms.messenger import PERSONS_WINDOW, RECEIPT_WINDOW, Inboxes, events
from bot.wire.platforms.platform import Api, PlatformUrl
from bot.wire.platforms.reading import read_each


class MetaSettings(Account):
    """A long-lived `token`; `app_secret` signs the calls, `verify_token` is a word of your own."""

    token: SecretStr
    app_secret: SecretStr
    verify_token: SecretStr
    url: PlatformUrl = meta.GRAPH
    poll_seconds: float = Field(default=300, ge=0.1, le=3600)


class MetaAccount:
    """One account, inbound and outbound.

    A subclass sets the subject of its webhook calls (`subject`), the parameter of its list (`platform`), the path of
    public answers (`answers_at`) and how long answers may be, and reads the public changes that are messages.
    """

    alone = True
    subject = ""
    platform = ""
    answers_at = ""
    longest: Longest
    longest_public: Longest

    def __init__(self, name: str, settings: MetaSettings, inboxes: Inboxes) -> None:
        self.name = name
        self.path = f"/hooks/{name}"
        self.ready = asyncio.Event()
        self.limits = Limits(
            concurrency=4,
            format="text",
            reply_window=RECEIPT_WINDOW,
            person_window=PERSONS_WINDOW,
            longest=self.longest,
            longest_public=self.longest_public,
        )
        self._settings = settings
        self._inboxes = inboxes
        self._api = Api(name, settings.url, {"Authorization": f"Bearer {settings.token.get_secret_value()}"})
        query = {"platform": self.platform}
        self._conversations = Conversations(inboxes, self._api, settings.poll_seconds, query)

    def challenge(self, raw: RawRequest) -> tuple[str, bytes]:
        """Return the answer to a call that asks whether the address is ours."""
        return meta.challenge(raw, self._settings.verify_token.get_secret_value())

    def open(self, raw: RawRequest) -> Batch:
        """Return the messages of a call for this account; one call may concern several accounts."""
        entries = meta.entries(raw, self._settings.app_secret.get_secret_value(), self.subject)
        own = [entry for entry in entries if isinstance(entry, dict) and str(entry.get("id")) == self._inboxes.own]
        changes = [change for entry in own for change in meta.changes(entry)]
        private = read_each(self.name, [event for entry in own for event in events(entry)], self._inboxes.read_event)
        return Batch((*private, *read_each(self.name, changes, lambda change: self.read_change(*change))))

    async def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Compare the list of conversations with the logged messages, from the cursor on, again and again."""
        await self.check()
        async for batch in self._conversations.read(cursor, self.ready, self._settings.begin):
            yield batch

    async def send(self, message: Outbound) -> Handed:
        """Send a private message, or post a public answer under the message that it answers."""
        if message.public:
            content = {"message": message.content.decode()}
            answer = await meta.post(self._api, f"/{message.in_reply_to}/{self.answers_at}", content)
            return Handed(str(answer["id"]))
        answer = await meta.post(self._api, f"/{self._inboxes.own}/messages", self._inboxes.outgoing(message))
        return Handed(str(answer["message_id"]))

    async def check(self) -> str:
        """Request the account; return one sentence about it. Raises Temporary, Permanent or Misconfigured."""
        answer = await self._api.ask("GET", f"/{self._inboxes.own}", params={"fields": "name,username"})
        if answer.status >= 400:
            raise meta.refusal(self._api, answer)
        return f"{answer.content.get('name') or answer.content.get('username', '')} answers"

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    def read_change(self, field: str, value: Mapping[str, Any]) -> Iterator[Inbound]:
        """Yield the message in a public change, if it is one."""
        raise NotImplementedError
