"""The Bot API, as core.telegram.org/bots/api describes it, with a business account that the bot is connected to.

Rules: updates are confirmed by a higher offset and kept for 24 hours ("getUpdates"); a text has 1 to 4,096 characters;
a chat exists only once the person has written ("sendMessage"); 429 names `retry_after` in its parameters ("Making
requests"); what the account's owner writes comes as a business_message from somebody else than the chat ("Message").
"""

import re
from typing import Any

from aiohttp import web

from tests.peers.meta import Values, seconds
from tests.peers.peer import Peer

TOKEN = "500:AAcouncil"
BOT = {"id": 500, "is_bot": True, "first_name": "Council", "username": "council_bot"}
OWNER = {"id": 600, "is_bot": False, "first_name": "Front", "last_name": "Office"}
CONNECTION = "conn1"
GROUP = -1001


class TelegramPeer(Peer):
    """One bot, connected to one business account."""

    kind = "telegram"

    def __init__(self) -> None:
        super().__init__()
        self.updates: list[Values] = []
        self.sent: list[Values] = []
        self.webhook = ""
        self._people: dict[str, int] = {}
        self._count = 0

    def table(self) -> str:
        """Asked without waiting, so that a test is soon over."""
        return f"""
[[channel]]
name = "telegram"
kind = "telegram"
url = "{self.base}"
token = "{TOKEN}"
business = true
poll_seconds = 1
acknowledge = "both"
"""

    def id_of(self, person: str) -> int:
        """The user's number, which is that of the private chat, too."""
        return self._people.setdefault(person, 1000 + len(self._people))

    def user(self, person: str) -> Values:
        """Who writes."""
        return {"id": self.id_of(person), "is_bot": False, "first_name": person.title()}

    def write(self, person: str, words: str, *, public: bool = False) -> str:
        """To the business account, or in a group that the bot is in."""
        if public:
            group = {"id": GROUP, "type": "supergroup", "title": "Our street"}
            return self.bring("message", person, {"text": f"@council_bot {words}"}, chat=group)
        return self.bring("business_message", person, {"text": words, "business_connection_id": CONNECTION})

    def bring(self, kind: str, person: str, message: Values, *, chat: Values | None = None) -> str:
        """Any message as an update of this kind."""
        where = chat or {"id": self.id_of(person), "type": "private", "first_name": person.title()}
        self._count += 1
        whole = {"message_id": self._count, "date": seconds(), "chat": where, "from": self.user(person), **message}
        self.update(kind, whole)
        return f"{where['id']}:{whole['message_id']}"

    def update(self, kind: str, content: Values) -> None:
        """Any update."""
        self.updates.append({"update_id": 7000 + len(self.updates), kind: content})

    def staff_answer(self, person: str, words: str) -> None:
        """The owner of the business account writes to the person."""
        own = {"text": words, "business_connection_id": CONNECTION, "from": OWNER}
        self.bring("business_message", person, own)

    def answers_to(self, person: str) -> list[str]:
        """What the bot has said to this person, in private or in answer to them."""
        own = self.id_of(person)
        named = {
            u["message"]["message_id"] for u in self.updates if u.get("message", {}).get("from", {}).get("id") == own
        }
        return [
            one["text"]
            for one in self.sent
            if one["chat_id"] == own or (one["chat_id"] < 0 and one["reply_parameters"]["message_id"] in named)
        ]

    def routes(self) -> list[web.RouteDef]:
        """Every method is posted to."""
        return [web.post("/bot{token}/{method}", self._called)]

    async def _called(self, request: web.Request) -> web.Response:
        if request.match_info["token"] != TOKEN:
            return _refused(401, "Unauthorized")
        content = await request.json()
        methods: dict[str, Any] = {
            "getMe": lambda _: BOT,
            "getUpdates": self._fetched,
            "getWebhookInfo": lambda _: {"url": self.webhook, "pending_update_count": 0},
            "setWebhook": self._set,
            "sendMessage": self._take,
        }
        method = request.match_info["method"]
        if method not in methods:
            return _refused(404, "Not Found")
        if method == "getUpdates" and self.webhook:
            return _refused(409, "Conflict: can't use getUpdates method while webhook is active")
        found = methods[method](content)
        return found if isinstance(found, web.Response) else web.json_response({"ok": True, "result": found})

    def _fetched(self, content: Values) -> Any:
        offset, limit = content.get("offset", 0), content.get("limit", 100)
        if offset < 0:
            return self.updates[offset:]
        self.confirmed = offset
        return [u for u in self.updates if u["update_id"] >= offset][:limit]

    def _set(self, content: Values) -> Any:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", content.get("secret_token", "")):
            return _refused(400, "Bad Request: secret token contains unallowed characters")
        self.webhook = content["url"]
        return True

    def _take(self, content: Values) -> Any:
        if not 0 < len(content["text"]) <= 4096:
            return _refused(400, "Bad Request: message is too long")
        if content["chat_id"] > 0 and content["chat_id"] not in self._people.values():
            return _refused(403, "Forbidden: bot can't initiate conversation with a user")
        self._count += 1
        self.sent.append(content)
        chat = {"id": content["chat_id"], "type": "private" if content["chat_id"] > 0 else "supergroup"}
        message = {"message_id": self._count, "date": seconds(), "chat": chat, "from": BOT, "text": content["text"]}
        if connection := content.get("business_connection_id"):
            # What the bot says for the account is an update of its own, marked as the bot's.
            own = {**message, "from": OWNER, "business_connection_id": connection, "sender_business_bot": BOT}
            self.update("business_message", own)
        return message


def _refused(status: int, words: str) -> web.Response:
    return web.json_response({"ok": False, "error_code": status, "description": words}, status=status)
