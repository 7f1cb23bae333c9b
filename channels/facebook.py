"""A Facebook Page: Messenger and comments in, answers out; its own inbox shows what staff have answered.

The calls bring everything at once; the list of conversations shows what a lost call would have brought.
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

PREFIX = "messenger:"
_NEEDED = frozenset({"pages_messaging", "pages_manage_metadata", "pages_read_engagement", "pages_read_user_content"})
_BLIND = ("comments on posts are brought by calls only: one that never arrives is not seen",)
_KINDS = {"add": "comment", "edited": "edit", "remove": "deletion"}


class Settings(Account):
    """`page_id` and the Page's long-lived `token`; `app_secret` signs the calls, `verify_token` is your own word."""

    page_id: str = Field(pattern=r"^\d{1,30}$")
    token: SecretStr
    app_secret: SecretStr
    verify_token: SecretStr
    url: PlatformUrl = meta.GRAPH
    poll_seconds: float = Field(default=300, ge=0.1, le=3600)


class Facebook:
    """One Page, way in and way out."""

    alone = True

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.path = f"/hooks/{name}"
        self.ready = asyncio.Event()
        self.limits = Limits(concurrency=4, format="text", reply_window=RECEIPT_WINDOW, person_window=PERSONS_WINDOW)
        self._settings = settings
        self._inboxes = Inboxes(name, PREFIX, settings.page_id)
        self._api = Api(name, settings.url, {"Authorization": f"Bearer {settings.token.get_secret_value()}"})
        self._conversations = Conversations(self._inboxes, self._api, settings.poll_seconds, {"platform": "messenger"})

    def challenge(self, raw: RawRequest) -> tuple[str, bytes]:
        """The answer to who asks whether the address is ours."""
        return meta.challenge(raw, self._settings.verify_token.get_secret_value())

    def open(self, raw: RawRequest) -> Batch:
        """What a call brings for this Page; one call may bring several, for several Pages."""
        entries = meta.opened(raw, self._settings.app_secret.get_secret_value(), "page")
        own = [entry for entry in entries if isinstance(entry, dict) and str(entry.get("id")) == self._settings.page_id]
        changes = [change for entry in own for change in meta.changes(entry)]
        private = each(self.name, [event for entry in own for event in events(entry)], self._inboxes.called)
        return Batch((*private, *each(self.name, changes, lambda change: self._changed(*change))))

    async def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Compare the list of conversations with ours, from the cursor on and again and again."""
        await self.check()
        async for batch in self._conversations.read(cursor, self.ready, self._settings.begin):
            yield batch

    async def send(self, message: Outbound) -> Receipt:
        """A private message, or in public a comment under what is answered."""
        if message.public:
            said = await meta.sent(self._api, f"/{message.in_reply_to}/comments", {"message": message.content.decode()})
            return Receipt(str(said["id"]))
        path = f"/{self._settings.page_id}/messages"
        said = await meta.sent(self._api, path, self._inboxes.outgoing(message))
        return Receipt(str(said["message_id"]))

    async def check(self) -> str:
        """Ask for the Page; one sentence about it. Raises Temporary, Permanent or Misconfigured."""
        answer = await self._api.ask("GET", f"/{self._settings.page_id}", params={"fields": "name"})
        if answer.status >= 400:
            raise meta.refusal(self._api, answer)
        return f"the Page {answer.content.get('name', '')} answers"

    async def coverage(self) -> Coverage:
        """Whether the Page's calls are ordered, the token is good, and for how long."""
        answer = await self._api.ask("GET", f"/{self._settings.page_id}/subscribed_apps")
        if answer.status >= 400:
            return Coverage("red", (str(meta.refusal(self._api, answer)),))
        ordered = {field for app in answer.content.get("data", ()) for field in app.get("subscribed_fields", ())}
        if missing := {"messages", "message_echoes", "feed"} - ordered:
            return Coverage("red", (f"the Page does not call us for {', '.join(sorted(missing))}",))
        return await meta.token_coverage(self._api, self._settings.token.get_secret_value(), _NEEDED, _BLIND)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._api.close()

    def _changed(self, field: str, value: Mapping[str, Any]) -> Iterator[Inbound]:
        """A comment under a post of ours, or a post of somebody else's that names the Page."""
        if field not in ("feed", "mention") or value.get("item") not in ("comment", "post"):
            return
        comment_id = str(value.get("comment_id") or value.get("post_id") or "")
        kind: Any = "mention" if field == "mention" else _KINDS.get(str(value.get("verb")))
        by = value.get("from") if isinstance(value.get("from"), dict) else {"id": value.get("sender_id", "")}
        writer = str(by["id"]) if by and by.get("id") else ""
        ours = writer == self._settings.page_id
        if not comment_id or kind is None or (field == "feed" and value.get("item") == "post"):
            return
        about = "" if kind in ("comment", "mention") else comment_id
        parents = [str(value[key]) for key in ("parent_id", "post_id") if value.get(key)]
        holds = [name for name in ("photo", "video") if value.get(name)]
        post = Post("message" if ours and not about else kind, "", tuple(p for p in parents if p != comment_id), about)
        words = str(value.get("message", ""))
        yield Inbound(
            channel=self.name,
            external_id=f"{comment_id} {value.get('verb')} {value.get('created_time')}" if about else comment_id,
            digest=hashlib.sha256(words.encode()).hexdigest(),
            sender=None if ours or not writer else Party(f"{PREFIX}{writer}", str((by or {}).get("name", ""))),
            text=words,
            received_at=meta.instant(value.get("created_time")),
            outgoing=ours,
            visibility="public",
            post=post if not holds else Post(post.kind, "", post.answers, about, holds=tuple(holds)),
            raw=json.dumps(value, ensure_ascii=False).encode(),
        )


def build(name: str, settings: Settings) -> Facebook:
    """The Page that `settings` describe."""
    return Facebook(name, settings)
