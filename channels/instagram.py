"""An Instagram professional account: messages, comments and mentions in, answers out.

The calls bring everything at once; the list of conversations shows what a lost call would have brought, but not those
that wait in "Requests" and have not been looked at for 30 days.
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

    account_id: str = Field(pattern=r"^\d{1,30}$")


class Instagram(MetaAccount):
    """One professional account."""

    subject, platform, answers_at = "instagram", "instagram", "replies"

    async def coverage(self) -> Coverage:
        """Whether the token is good, for how long, and what Instagram never shows."""
        return await meta.token_coverage(self._api, self._settings.token.get_secret_value(), _NEEDED, _BLIND)

    def changed(self, field: str, value: Mapping[str, Any]) -> Iterator[Inbound]:
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
    return Instagram(name, settings, Inboxes(name, PREFIX, settings.account_id))
