"""The private messages of a Bluesky account: conversations, their log, and what is said in them (chat.bsky.convo)."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.channel import Permanent
from bot.wire.platforms.xrpc import Xrpc

_PAGE = 100
_MOST_KNOWN = 10_000
_SAID = ("#messageView", "#deletedMessageView")


@dataclass(frozen=True, slots=True)
class Convo:
    """Whether it is a group, and the profiles of those who take part, by DID."""

    group: bool
    people: Mapping[str, Any] = field(default_factory=dict)


class Chats:
    """What the service behind `proxy` keeps. Everything here raises NoAccess where the app password is not for this."""

    def __init__(self, line: Xrpc, proxy: str) -> None:
        self._line, self._proxy = line, proxy
        self._known: dict[str, Convo] = {}

    async def now(self) -> str:
        """The cursor after which the log is all new."""
        return str((await self._get("getLog", {}))["cursor"])

    async def log(self, after: str) -> list[Any]:
        """What happened next, the oldest first; nothing where there is nothing new."""
        entries = (await self._get("getLog", {"cursor": after}))["logs"]
        return [one for one in entries if one.get("rev", "") > after]

    async def known(self, name: str) -> Convo:
        """What is known of a conversation; asked for once."""
        if name not in self._known:
            try:
                self._remember((await self._get("getConvo", {"convoId": name}))["convo"])
            except Permanent:
                return Convo(group=False)  # the account has left it
        return self._known[name]

    async def newest(self, name: str) -> list[Any]:
        """The newest messages of a conversation, the newest first."""
        return (await self._page(name))[0]

    async def say(self, name: str, words: str) -> str:
        """Send a message; the service's name of it."""
        content = {"convoId": name, "message": {"text": words}}
        return str((await self._line.post("chat.bsky.convo.sendMessage", content, proxy=self._proxy))["id"])

    async def messages(self, since: datetime | None) -> AsyncGenerator[tuple[str, Any]]:
        """Every message since then, as (conversation, message); of each conversation the oldest first."""
        query = {"limit": _PAGE, "cursor": ""}
        while True:
            page = await self._get("listConvos", query)
            recent = [one for one in page["convos"] if _is_recent(one.get("lastMessage"), since)]
            for convo in recent:
                self._remember(convo)
                for message in reversed(await self._since(convo["id"], since)):
                    yield convo["id"], message
            query["cursor"] = page.get("cursor") or ""
            # The conversation in which something was said last comes first.
            if not query["cursor"] or not recent:
                return

    async def _since(self, name: str, since: datetime | None) -> list[Any]:
        found: list[Any] = []
        cursor = ""
        while True:
            page, cursor = await self._page(name, cursor)
            recent = [one for one in page if _is_recent(one, since)]
            found += recent
            if not cursor or len(recent) < len(page):
                return found

    async def _page(self, name: str, cursor: str = "") -> tuple[list[Any], str]:
        page = await self._get("getMessages", {"convoId": name, "limit": _PAGE, "cursor": cursor})
        return [one for one in page["messages"] if one["$type"].endswith(_SAID)], page.get("cursor") or ""

    async def _get(self, method: str, query: Mapping[str, Any]) -> Any:
        return await self._line.get(f"chat.bsky.convo.{method}", query, proxy=self._proxy)

    def _remember(self, convo: Mapping[str, Any]) -> None:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        group = str((convo.get("kind") or {}).get("$type", "")).endswith("#groupConvo")
        self._known[convo["id"]] = Convo(group, {one["did"]: one for one in convo["members"]})


def _is_recent(said: Mapping[str, Any] | None, since: datetime | None) -> bool:
    return said is not None and (since is None or datetime.fromisoformat(said["sentAt"]) >= since)
