"""The private messages of a Bluesky account: conversations, their log, and their messages (chat.bsky.convo)."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.channel import Permanent
from bot.wire.platforms.bsky_reader import instant
from bot.wire.platforms.xrpc import Xrpc

_PAGE = 100
_MOST_CONVOS = 10_000


@dataclass(frozen=True, slots=True)
class Convo:
    """A conversation: whether it is a group, and the profiles of its members, by DID."""

    group: bool
    people: Mapping[str, Any] = field(default_factory=dict)


class Chats:
    """The chat service behind `proxy`. Every method raises NoAccess where the app password does not allow chats."""

    def __init__(self, xrpc: Xrpc, proxy: str) -> None:
        self._xrpc, self._proxy = xrpc, proxy
        self._convos: dict[str, Convo] = {}

    async def now(self) -> str:
        """Return the cursor after which every log entry is new."""
        return str((await self._get("getLog", {}))["cursor"])

    async def log(self, after: str) -> list[Any]:
        """Return the next log entries after a cursor, the oldest first; [] where there are none."""
        entries = (await self._get("getLog", {"cursor": after}))["logs"]
        return [entry for entry in entries if not _rev(entry) or _rev(entry) > after]

    async def conversation(self, name: str) -> Convo:
        """Return a conversation; the service is asked once for each."""
        if name not in self._convos:
            try:
                self._remember((await self._get("getConvo", {"convoId": name}))["convo"])
            except Permanent:
                return Convo(group=False)  # the account has left it
        return self._convos[name]

    async def newest(self, name: str) -> list[Any]:
        """Return the newest messages of a conversation, the newest first."""
        return (await self._page(name))[0]

    async def say(self, name: str, words: str) -> str:
        """Send a message; return the service's name for it."""
        content = {"convoId": name, "message": {"text": words}}
        return str((await self._xrpc.post("chat.bsky.convo.sendMessage", content, proxy=self._proxy))["id"])

    async def messages(self, since: datetime | None) -> AsyncGenerator[tuple[str, Any]]:
        """Yield every message since then, as (conversation, message); the oldest of each conversation first."""
        query = {"limit": _PAGE, "cursor": ""}
        while True:
            page = await self._get("listConvos", query)
            recent = [convo for convo in page["convos"] if _is_recent(convo.get("lastMessage"), since)]
            for convo in recent:
                self._remember(convo)
                for message in reversed(await self._since(convo["id"], since)):
                    yield convo["id"], message
            query["cursor"] = page.get("cursor") or ""
            # The conversations are sorted by their last message, the newest first.
            if not query["cursor"] or not recent:
                return

    async def _since(self, name: str, since: datetime | None) -> list[Any]:
        messages: list[Any] = []
        cursor = ""
        while True:
            page, cursor = await self._page(name, cursor)
            recent = [message for message in page if _is_recent(message, since)]
            messages += recent
            if not cursor or len(recent) < len(page):
                return messages

    async def _page(self, name: str, cursor: str = "") -> tuple[list[Any], str]:
        page = await self._get("getMessages", {"convoId": name, "limit": _PAGE, "cursor": cursor})
        messages = [message for message in page["messages"] if isinstance(message, dict)]
        return messages, page.get("cursor") or ""

    async def _get(self, method: str, query: Mapping[str, Any]) -> Any:
        return await self._xrpc.get(f"chat.bsky.convo.{method}", query, proxy=self._proxy)

    def _remember(self, convo: Mapping[str, Any]) -> None:
        if len(self._convos) >= _MOST_CONVOS:
            self._convos.clear()
        group = str((convo.get("kind") or {}).get("$type", "")).endswith("#groupConvo")
        self._convos[convo["id"]] = Convo(group, {member["did"]: member for member in convo["members"]})


def place_after(entries: Iterable[Any], before: str) -> str:
    """Return where the log goes on behind these entries."""
    return max([before, *map(_rev, entries)])


def _rev(entry: Any) -> str:
    """Return the place of an entry in the log, or "" where it has none that can be read."""
    rev = entry.get("rev") if isinstance(entry, dict) else None
    return rev if isinstance(rev, str) else ""


def _is_recent(message: Mapping[str, Any] | None, since: datetime | None) -> bool:
    """Tell whether a message is not older; one without an instant is read, and is what cannot be understood."""
    at = instant(message.get("sentAt")) if message else None
    return bool(message) and (since is None or at is None or at >= since)
