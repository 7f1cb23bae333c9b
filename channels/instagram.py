"""An Instagram professional account: messages, comments and mentions in, answers out.

Webhook calls bring everything at once; the list of conversations shows the messages of lost calls, but not those that
wait in "Requests" and have not been looked at for 30 days.
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

PREFIX = "instagram:"
_NEEDED = frozenset({"instagram_manage_messages", "instagram_manage_comments"})
_BLIND = ("comments and mentions are brought by calls only: one that never arrives is not seen",)


class Settings(MetaSettings):
    """`account_id`, and a token of the account."""

    media = ("instagram",)
    account_id: str = Field(pattern=r"^\d{1,30}$")


class Instagram(MetaAccount):
    """One professional account."""

    subject, platform, answers_at = "instagram", "instagram", "replies"

    async def coverage(self) -> Coverage:
        """Check that the token is valid, and for how long; add what Instagram never shows."""
        return await meta.token_coverage(self._api, self._settings.token.get_secret_value(), _NEEDED, _BLIND)

    def read_change(self, field: str, value: Mapping[str, Any]) -> Iterator[Inbound]:
        """Yield a comment under one of the account's posts, or a mention elsewhere; a mention has no text."""
        comment_id = str(value.get("id") or value.get("comment_id") or "")
        if field not in ("comments", "mentions") or not comment_id:
            return
        by = value.get("from")
        writer = by if isinstance(by, dict) else {}
        is_own = writer.get("id") == self._inboxes.own
        answers = tuple(str(value[key]) for key in ("parent_id",) if value.get(key))
        kind: Any = "mention" if field == "mentions" else "message" if is_own else "comment"
        words = str(value.get("text", ""))
        sender = (
            None
            if is_own or not writer.get("id")
            else Party(f"{PREFIX}{writer['id']}", str(writer.get("username", "")))
        )
        yield Inbound(
            channel=self.name,
            external_id=comment_id,
            digest=hashlib.sha256(words.encode()).hexdigest(),
            sender=sender,
            text=words,
            outgoing=is_own,
            visibility="public",
            post=Post(kind, answers=answers, holds=() if words else ("mention",)),
            raw=json.dumps(value, ensure_ascii=False).encode(),
        )


def build(name: str, settings: Settings) -> Instagram:
    """Return the account that `settings` describe."""
    return Instagram(name, settings, Inboxes(name, PREFIX, settings.account_id))
