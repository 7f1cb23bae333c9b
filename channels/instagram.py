"""An Instagram professional account: messages, comments and mentions in, answers out.

Webhook calls bring everything at once; the list of conversations shows the messages of lost calls, but not those that
wait in "Requests" and have not been looked at for 30 days.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from bot.channel import Coverage
from bot.core.lengths import Longest, Unit
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
    longest, longest_public = Longest(1000, Unit.BYTES), Longest(300)

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
        parent = value.get("parent_id")
        words = str(value.get("text", ""))
        yield Inbound(
            channel=self.name,
            external_id=comment_id,
            digest=hashlib.sha256(words.encode()).hexdigest(),
            sender=None if is_own else _party(writer),
            text=words,
            outgoing=is_own,
            visibility="public",
            post=Post(
                _kind(field, is_own=is_own),
                answers=(str(parent),) if parent else (),
                holds=() if words else ("mention",),
            ),
            raw=json.dumps(value, ensure_ascii=False).encode(),
        )


def build(name: str, settings: Settings) -> Instagram:
    """Return the account that `settings` describe."""
    return Instagram(name, settings, Inboxes(name, PREFIX, settings.account_id))


def _kind(field: str, *, is_own: bool) -> Literal["mention", "message", "comment"]:
    if field == "mentions":
        return "mention"
    return "message" if is_own else "comment"


def _party(writer: Mapping[str, Any]) -> Party | None:
    return Party(f"{PREFIX}{writer['id']}", str(writer.get("username", ""))) if writer.get("id") else None
