"""Reads the list of conversations of a Messenger or Instagram account, and looks up there what may have left.

Source: developers.facebook.com/docs/messenger-platform/conversations.
"""

from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.channel import Handed
from bot.core.messages import Inbound, Outbound, Post
from bot.wire.platforms import messenger_contents as contents
from bot.wire.platforms import meta
from bot.wire.platforms.messenger import Inboxes
from bot.wire.platforms.meta import part, words
from bot.wire.platforms.platform import Api
from bot.wire.platforms.reading import NotUnderstood, read_each, with_raw

_CONVERSATION = "id,updated_time,messages.limit(20){id,created_time,from,to,message,attachments,sticker,story}"
_PAGE = 25
# The platform's clock and ours may differ by so much.
_CLOCKS = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class MessageList:
    """The conversations of one account; `query` has the platform's own parameters."""

    inboxes: Inboxes
    api: Api
    query: Mapping[str, str]

    async def pages_since(self, since: datetime) -> AsyncGenerator[list[Inbound]]:
        """Yield the messages of every conversation that changed after `since`, a page of conversations at a time.

        The list is sorted by its last change and offers no other filter. Raises Temporary or Misconfigured.
        """
        after = ""
        while True:
            content = await self._ask({"limit": str(_PAGE)} | ({"after": after} if after else {}))
            page = [item for item in content.get("data", ()) if _is_since(item, "updated_time", since)]
            yield self._messages_since(page, since)
            after = str(part(part(content, "paging"), "cursors").get("after") or "")
            if len(page) < _PAGE or not after:
                return

    async def look_up(self, message: Outbound) -> Handed | None:
        """Return the id of the account's own message with these words to this person, if there is one since then."""
        content = await self._ask({"user_id": self.inboxes.person_of(message)})
        messages = (m for conversation in content.get("data", ()) for m in _messages(conversation))
        text = same_line(message.content.decode())
        for own in messages:
            is_own = _sender(own) == self.inboxes.own and same_line(own.get("message")) == text
            if is_own and (message.at is None or _is_since(own, "created_time", message.at - _CLOCKS)):
                return Handed(str(own["id"]))
        return None

    async def _ask(self, more: Mapping[str, str]) -> Mapping[str, Any]:
        parameters = {**self.query, "fields": _CONVERSATION, **more}
        answer = await self.api.ask("GET", f"/{self.inboxes.own}/conversations", params=parameters)
        if answer.status >= 400:
            raise meta.refusal(self.api, answer)
        return answer.content if isinstance(answer.content, dict) else {}

    def _messages_since(self, conversations: Iterable[Mapping[str, Any]], since: datetime) -> list[Inbound]:
        """Return the messages of `conversations` since then, the oldest first."""
        messages = (message for conversation in conversations for message in _messages(conversation))
        fresh = [message for message in messages if _is_since(message, "created_time", since)]
        return sorted(
            read_each(self.inboxes.channel, fresh, self.read), key=lambda message: message.received_at or since
        )

    def read(self, message: Mapping[str, Any]) -> Iterator[Inbound]:
        """Yield a message of the list; raises NotUnderstood where it names nobody."""
        is_own = _sender(message) == self.inboxes.own
        recipients = part(message, "to").get("data") or [{}]
        person = str(recipients[0].get("id", "")) if is_own else _sender(message)
        if not person:
            raise NotUnderstood("a message of the list that names no person")
        post = Post(
            conversation=self.inboxes.thread(person),
            holds=contents.listed_holds(message),
            files=tuple(contents.listed_files(message)),
        )
        sender = part(message, "from")
        name = str(sender.get("name") or sender.get("username") or "")
        at, text = _instant(message["created_time"]), words(message, "message")
        inbound = self.inboxes.inbound(str(message["id"]), text, post, "" if is_own else person, at, name=name)
        yield from with_raw([inbound], message)


def same_line(words: Any) -> str:
    """Return words as one line, to compare: a platform need not keep the spaces and the lines of what we sent."""
    return " ".join(str(words or "").split())


def _is_since(item: Mapping[str, Any], key: str, since: datetime) -> bool:
    """Tell whether it is not older; what has no instant may be new."""
    try:
        return _instant(item[key]) >= since
    except (KeyError, TypeError, ValueError):
        return True


def _messages(conversation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(part(conversation, "messages").get("data", ()))


def _sender(message: Mapping[str, Any]) -> str:
    return str(part(message, "from").get("id", ""))


def _instant(value: str) -> datetime:
    """Parse an instant; Graph writes the zone as +0000."""
    return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S%z")
