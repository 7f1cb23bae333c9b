"""An Instagram professional account: messages, comments and mentions in, answers out.

Webhook calls bring everything at once; the list of conversations shows the messages of lost calls, but not those that
wait in "Requests" and have not been looked at for 30 days.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from bot.allowed import NUMBER
from bot.channel import Coverage
from bot.core.lengths import Longest, Unit
from bot.core.messages import Inbound, Party, Post
from bot.wire.platforms import meta
from bot.wire.platforms.messenger import Inboxes
from bot.wire.platforms.meta import words
from bot.wire.platforms.meta_account import MetaAccount, MetaSettings
from bot.wire.platforms.reading import NotUnderstood

PREFIX = "instagram:"
_NEEDED = frozenset({"instagram_manage_messages", "instagram_manage_comments"})
_KINDS: Mapping[str, Literal["comment", "mention"]] = {
    "comments": "comment",
    "live_comments": "comment",
    "mentions": "mention",
}
# Changes that bring nothing for anybody to do, each with its reason; any other that we do not read is kept raw.
IGNORED_FIELDS: Mapping[str, str] = {"story_insights": "how many people saw a story that has ended"}
_BLIND = ("comments and mentions are brought by calls only: one that never arrives is not seen",)


class Settings(MetaSettings):
    """`account_id`, and a token of the account."""

    media = ("instagram",)
    account_id: Annotated[str, NUMBER]


class Instagram(MetaAccount):
    """One professional account."""

    subject, platform, answers_at, answer_fields = "instagram", "instagram", "replies", "id,from,text"
    longest, longest_public = Longest(1000, Unit.BYTES), Longest(300)

    async def coverage(self) -> Coverage:
        """Check that the token is valid, and for how long; add what Instagram never shows."""
        return await meta.token_coverage(self._api, self._settings.token.get_secret_value(), _NEEDED, _BLIND)

    def read_change(self, field: str, value: Mapping[str, Any]) -> Iterator[Inbound]:
        """Yield a comment under one of the account's posts, or a mention elsewhere; a mention has no text."""
        if field in IGNORED_FIELDS:
            return
        if field not in _KINDS:
            raise NotUnderstood("a change of an account in a field that we do not know")
        name = _name(field, value)
        writer = meta.part(value, "from")
        is_own = writer.get("id") == self._inboxes.own
        parent, text = value.get("parent_id"), words(value, "text")
        yield Inbound(
            channel=self.name,
            external_id=name,
            digest=hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(),
            sender=None if is_own else _party(writer),
            text=text,
            outgoing=is_own,
            visibility="public",
            post=Post(
                "message" if is_own else _KINDS[field],
                answers=(str(parent),) if parent else (),
                holds=() if text else ("mention" if field == "mentions" else "unsupported",),
            ),
        )


def build(name: str, settings: Settings) -> Instagram:
    """Return the account that `settings` describe."""
    return Instagram(name, settings, Inboxes(name, PREFIX, settings.account_id))


def _name(field: str, value: Mapping[str, Any]) -> str:
    """Return the platform's name of a comment, or of the post that mentions the account without one."""
    keys = ("id", "comment_id", "media_id") if field == "mentions" else ("id", "comment_id")
    name = next((value[key] for key in keys if value.get(key)), None)
    if not isinstance(name, str | int):
        raise NotUnderstood("a comment without its id")
    return str(name)


def _party(writer: Mapping[str, Any]) -> Party | None:
    return Party(f"{PREFIX}{writer['id']}", str(writer.get("username", ""))) if writer.get("id") else None
