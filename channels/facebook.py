"""A Facebook Page: Messenger and comments in, answers out; its own inbox shows what staff have answered.

Webhook calls bring everything at once; the list of conversations shows the messages of lost calls.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from bot.channel import Coverage
from bot.core.lengths import Longest
from bot.core.messages import Inbound, Party, Post
from bot.wire.platforms import meta
from bot.wire.platforms.messenger import Inboxes
from bot.wire.platforms.meta_account import MetaAccount, MetaSettings

PREFIX = "messenger:"
_NEEDED = frozenset({"pages_messaging", "pages_manage_metadata", "pages_read_engagement", "pages_read_user_content"})
_BLIND = ("comments on posts are brought by calls only: one that never arrives is not seen",)
_KINDS = {"add": "comment", "edited": "edit", "remove": "deletion"}
_NEW = ("comment", "mention")


class Settings(MetaSettings):
    """`page_id`, and the token of the Page."""

    media = ("facebook",)
    page_id: str = Field(pattern=r"^\d{1,30}$")


class Facebook(MetaAccount):
    """One Page."""

    subject, platform, answers_at = "page", "messenger", "comments"
    longest, longest_public = Longest(2000), Longest(8000)

    async def coverage(self) -> Coverage:
        """Check that the Page's webhook is subscribed, and that the token is valid, and for how long."""
        answer = await self._api.ask("GET", f"/{self._inboxes.own}/subscribed_apps")
        if answer.status >= 400:
            return Coverage("red", (str(meta.refusal(self._api, answer)),))
        subscriptions = {field for app in answer.content.get("data", ()) for field in app.get("subscribed_fields", ())}
        if absent := {"messages", "message_echoes", "feed"} - subscriptions:
            return Coverage("red", (f"the Page does not call us for {', '.join(sorted(absent))}",))
        return await meta.token_coverage(self._api, self._settings.token.get_secret_value(), _NEEDED, _BLIND)

    def read_change(self, field: str, value: Mapping[str, Any]) -> Iterator[Inbound]:
        """Yield a comment under one of the Page's posts, or a post by somebody else that mentions the Page."""
        comment_id = str(value.get("comment_id") or value.get("post_id") or "")
        kind = _kind(field, value)
        if kind is None or not comment_id:
            return
        writer = _writer(value)
        is_own = writer is not None and writer.address == f"{PREFIX}{self._inboxes.own}"
        post = _post("message" if is_own and kind in _NEW else kind, value, comment_id)
        words = str(value.get("message", ""))
        yield Inbound(
            channel=self.name,
            external_id=f"{comment_id} {value.get('verb')} {value.get('created_time')}" if post.about else comment_id,
            digest=hashlib.sha256(words.encode()).hexdigest(),
            sender=None if is_own else writer,
            text=words,
            received_at=meta.instant(value.get("created_time")),
            outgoing=is_own,
            visibility="public",
            post=post,
            raw=json.dumps(value, ensure_ascii=False).encode(),
        )


def build(name: str, settings: Settings) -> Facebook:
    """Return the Page that `settings` describe."""
    return Facebook(name, settings, Inboxes(name, PREFIX, settings.page_id))


def _kind(field: str, value: Mapping[str, Any]) -> Any:
    """Return the kind of a change, or None for one that is neither about a comment nor a mention of the Page."""
    item = value.get("item")
    if field == "mention" and item in ("comment", "post"):
        return "mention"
    if field == "feed" and item == "comment":
        return _KINDS.get(str(value.get("verb")))
    return None


def _writer(value: Mapping[str, Any]) -> Party | None:
    """Return who made a change: `from` has the id and the name, the older `sender_id` the id alone."""
    writer = value.get("from")
    if not isinstance(writer, dict):
        writer = {"id": value.get("sender_id")}
    return Party(f"{PREFIX}{writer['id']}", str(writer.get("name", ""))) if writer.get("id") else None


def _post(kind: Any, value: Mapping[str, Any], comment_id: str) -> Post:
    parents = [str(value[key]) for key in ("parent_id", "post_id") if value.get(key)]
    return Post(
        kind,
        answers=tuple(parent for parent in parents if parent != comment_id),
        about=comment_id if kind in ("edit", "deletion") else "",
        holds=tuple(name for name in ("photo", "video") if value.get(name)),
    )
