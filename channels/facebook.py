"""A Facebook Page: Messenger and comments in, answers out; its own inbox shows what staff have answered.

The calls bring everything at once; the list of conversations shows what a lost call would have brought.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from bot.channel import Coverage
from bot.core.messages import Inbound, Party, Post
from bot.wire.platforms import meta
from bot.wire.platforms.messenger import Inboxes
from bot.wire.platforms.meta_account import MetaAccount, MetaSettings

PREFIX = "messenger:"
_NEEDED = frozenset({"pages_messaging", "pages_manage_metadata", "pages_read_engagement", "pages_read_user_content"})
_BLIND = ("comments on posts are brought by calls only: one that never arrives is not seen",)
_KINDS = {"add": "comment", "edited": "edit", "remove": "deletion"}


class Settings(MetaSettings):
    """`page_id`, and the token of the Page."""

    page_id: str = Field(pattern=r"^\d{1,30}$")


class Facebook(MetaAccount):
    """One Page."""

    subject, platform, answers_at = "page", "messenger", "comments"

    async def coverage(self) -> Coverage:
        """Whether the Page's calls are ordered, the token is good, and for how long."""
        answer = await self._api.ask("GET", f"/{self._inboxes.own}/subscribed_apps")
        if answer.status >= 400:
            return Coverage("red", (str(meta.refusal(self._api, answer)),))
        ordered = {field for app in answer.content.get("data", ()) for field in app.get("subscribed_fields", ())}
        if missing := {"messages", "message_echoes", "feed"} - ordered:
            return Coverage("red", (f"the Page does not call us for {', '.join(sorted(missing))}",))
        return await meta.token_coverage(self._api, self._settings.token.get_secret_value(), _NEEDED, _BLIND)

    def changed(self, field: str, value: Mapping[str, Any]) -> Iterator[Inbound]:
        """A comment under a post of ours, or a post of somebody else's that names the Page."""
        if field not in ("feed", "mention") or value.get("item") not in ("comment", "post"):
            return
        comment_id = str(value.get("comment_id") or value.get("post_id") or "")
        kind: Any = "mention" if field == "mention" else _KINDS.get(str(value.get("verb")))
        by = value.get("from") if isinstance(value.get("from"), dict) else {"id": value.get("sender_id", "")}
        writer = str(by["id"]) if by and by.get("id") else ""
        ours = writer == self._inboxes.own
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
    return Facebook(name, settings, Inboxes(name, PREFIX, settings.page_id))
