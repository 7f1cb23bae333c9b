"""An Instagram professional account: messages, comments and mentions in, answers out.

The calls bring everything at once; the list of conversations shows what a lost call would have brought, but not those
that wait in "Requests" and have not been looked at for 30 days.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from pydantic import Field, SecretStr

from bot.channel import Account, Batch, Coverage, Limits, RawRequest, Receipt
from bot.core.messages import Inbound, Outbound, Party, Post
from bot.wire import meta
from bot.wire.conversations import Conversations
from bot.wire.messenger import PERSONS_WINDOW, RECEIPT_WINDOW, Inboxes, events
from bot.wire.platform import Api, PlatformUrl
from bot.wire.reading import each

PREFIX = "instagram:"
_NEEDED = frozenset({"instagram_manage_messages", "instagram_manage_comments"})
_BLIND = ("comments and mentions are brought by calls only: one that never arrives is not seen",)


class Settings(Account):
    """`account_id` and a long-lived `token`; `app_secret` signs the calls, `verify_token` is your own word."""

    account_id: str = Field(pattern=r"^\d{1,30}$")
    token: SecretStr
    app_secret: SecretStr
    verify_token: SecretStr
    url: PlatformUrl = meta.GRAPH
    poll_seconds: float = Field(default=300, ge=0.1, le=3600)


class Instagram:
    """One account, way in and way out."""

    alone = True

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.path = f"/hooks/{name}"
        self.ready = asyncio.Event()
        self.limits = Limits(concurrency=4, format="text", reply_window=RECEIPT_WINDOW, person_window=PERSONS_WINDOW)
        self._settings = settings
        self._inboxes = Inboxes(name, PREFIX, settings.account_id)
        self._api = Api(name, settings.url, {"Authorization": f"Bearer {settings.token.get_secret_value()}"})
        self._conversations = Conversations(self._inboxes, self._api, settings.poll_seconds, {"platform": "instagram"})

    def challenge(self, raw: RawRequest) -> tuple[str, bytes]:
        """The answer to who asks whether the address is ours."""
        return meta.challenge(raw, self._settings.verify_token.get_secret_value())

    def open(self, raw: RawRequest) -> Batch:
        """What a call brings for this account; one call may bring several, for several accounts."""
        entries = meta.opened(raw, self._settings.app_secret.get_secret_value(), "instagram")
        own = [entry for entry in entries if isinstance(entry, dict) and str(entry.get("id")) == self._inboxes.own]
        changes = [change for entry in own for change in meta.changes(entry)]
        private = each(self.name, [event for entry in own for event in events(entry)], self._inboxes.called)
        return Batch((*private, *each(self.name, changes, lambda change: self._public(*change))))

    async def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Compare the list of conversations with ours, from the cursor on and again and again."""
        await self.check()
        async for batch in self._conversations.read(cursor, self.ready, self._settings.begin):
            yield batch

    async def send(self, message: Outbound) -> Receipt:
        """A private message, or in public a reply to the comment that named us."""
        words = message.content.decode()
        if message.public:
            said = await meta.sent(self._api, f"/{message.in_reply_to}/replies", {"message": words})
            return Receipt(str(said["id"]))
        said = await meta.sent(self._api, f"/{self._inboxes.own}/messages", self._inboxes.outgoing(message))
        return Receipt(str(said["message_id"]))

    async def check(self) -> str:
        """Ask for the account; one sentence about it. Raises Temporary, Permanent or Misconfigured."""
        answer = await self._api.ask("GET", f"/{self._inboxes.own}", params={"fields": "username"})
        if answer.status >= 400:
            raise meta.refusal(self._api, answer)
        return f"the account @{answer.content.get('username', '')} answers"

    async def coverage(self) -> Coverage:
        """Whether the token is good, for how long, and what Instagram never shows."""
        return await meta.token_coverage(self._api, self._settings.token.get_secret_value(), _NEEDED, _BLIND)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._api.close()

    def _public(self, field: str, value: Mapping[str, Any]) -> Iterator[Inbound]:
        """A comment under a post of ours, or one elsewhere that names us; only the first brings its words."""
        comment_id = str(value.get("id") or value.get("comment_id") or "")
        if field not in ("comments", "mentions") or not comment_id:
            return
        by = value.get("from")
        writer = by if isinstance(by, dict) else {}
        ours = writer.get("id") == self._inboxes.own
        answers = tuple(str(value[key]) for key in ("parent_id",) if value.get(key))
        kind: Any = "mention" if field == "mentions" else "message" if ours else "comment"
        words = str(value.get("text", ""))
        known = (
            None if ours or not writer.get("id") else Party(f"{PREFIX}{writer['id']}", str(writer.get("username", "")))
        )
        yield Inbound(
            channel=self.name,
            external_id=comment_id,
            digest=hashlib.sha256(words.encode()).hexdigest(),
            sender=known,
            text=words,
            outgoing=ours,
            visibility="public",
            post=Post(kind, answers=answers, holds=() if words else ("mention",)),
            raw=json.dumps(value, ensure_ascii=False).encode(),
        )


def build(name: str, settings: Settings) -> Instagram:
    """The account that `settings` describe."""
    return Instagram(name, settings)
