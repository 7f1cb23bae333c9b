"""A Facebook Page: Messenger, comments, posts of visitors and reviews in, answers out.

Webhook calls bring everything at once, also what staff have answered in the Page's own inbox; the list of
conversations shows the messages of lost calls.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from bot.allowed import NUMBER
from bot.channel import Coverage
from bot.core.lengths import Longest
from bot.core.messages import Inbound
from bot.wire.platforms import meta
from bot.wire.platforms.messenger import Inboxes
from bot.wire.platforms.meta_account import MetaAccount, MetaSettings
from bot.wire.platforms.page_changes import PageChanges

PREFIX = "messenger:"
_NEEDED = frozenset({"pages_messaging", "pages_manage_metadata", "pages_read_engagement", "pages_read_user_content"})
# Without these calls some of what people write is not seen.
_OF_PEOPLE = frozenset({"mention", "messaging_postbacks", "ratings", "standby"})
_BLIND = ("comments on posts are brought by calls only: one that never arrives is not seen",)


class Settings(MetaSettings):
    """`page_id`, and the token of the Page."""

    media = ("facebook",)
    page_id: Annotated[str, NUMBER]


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
        gaps = ", ".join(sorted(_OF_PEOPLE - subscriptions))
        blind = (f"the Page does not call us for {gaps}", *_BLIND) if gaps else _BLIND
        return await meta.token_coverage(self._api, self._settings.token.get_secret_value(), _NEEDED, blind)

    def read_change(self, field: str, value: Mapping[str, Any]) -> Iterator[Inbound]:
        """Yield a comment, a post of a visitor, a review, or a post elsewhere that mentions the Page."""
        yield from PageChanges(self.name, PREFIX, self._inboxes.own).read(field, value)


def build(name: str, settings: Settings) -> Facebook:
    """Return the Page that `settings` describe."""
    return Facebook(name, settings, Inboxes(name, PREFIX, settings.page_id))
