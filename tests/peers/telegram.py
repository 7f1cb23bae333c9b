"""The Bot API, as core.telegram.org/bots/api describes it, with a business account that the bot is connected to.

Rules: an update is confirmed by a higher offset, kept for 24 hours, and only of the kinds that were asked for last
("getUpdates"); one asks at a time, and nobody where a webhook is set (409); a call that gets no 2XX is repeated, and
carries the secret ("setWebhook"); a text has 1 to 4,096 characters, and a chat exists only once the person has written
("sendMessage"); 429 names `retry_after` in its parameters ("Making requests"); what the account's owner writes comes as
a business_message from somebody else than the chat, what the bot writes for it names the bot ("Message"). A person's
messages to the bot and to the account are numbered apart. For an account the person must have written within 24 hours
(core.telegram.org/method/messages.sendMessage, BUSINESS_PEER_USAGE_MISSING). A file of 20 MB at most is at the
path that "getFile" gives.
"""

import asyncio
import json
import random
import re
import time
from typing import Any

from aiohttp import web

from tests.components.ports import PATIENCE_SECONDS
from tests.peers.meta import Values, seconds
from tests.peers.peer import Handler, Peer, posted

TOKEN = "500:AAcouncil"
BOT: Values = {"id": 500, "is_bot": True, "first_name": "Council", "username": "council_bot"}
OWNER: Values = {"id": 600, "is_bot": False, "first_name": "Front", "last_name": "Office", "username": "ExampleCouncil"}
CONNECTION = "uLOT_1-conn"
GROUP: Values = {"id": -1001, "type": "supergroup", "title": "Our street"}
DAY_SECONDS = 24 * 3600
# "allowed_updates": what comes where nothing is asked for.
NOT_USUAL = {"chat_member", "message_reaction", "message_reaction_count"}


class TelegramPeer(Peer):
    """One bot that is asked, connected to one business account."""

    kind = "telegram"

    def __init__(self) -> None:
        super().__init__()
        self.updates: list[Values] = []
        self.sent: list[Values] = []
        self.webhook: Values = {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
        self.secret = ""
        self.blocked: set[int] = set()
        self.connections: dict[str, Values] = {CONNECTION: connection(CONNECTION, OWNER)}
        self.last_from: dict[int, int] = {}
        self.first_number = 7000
        self.methods: list[str] = []
        self.files: dict[str, tuple[str, bytes]] = {}
        self._update_kinds: list[str] = []
        self._people: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._messages: set[tuple[str, int, int]] = set()
        self._confirmed = 0
        self._asking = 0
        self._news = asyncio.Event()

    def table(self) -> str:
        """For the business account."""
        return f"""
[[channel]]
name = "telegram"
kind = "telegram"
url = "{self.base}"
token = "{TOKEN}"
username = "council_bot"
business_account = "@examplecouncil"
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
            return self.bring("message", person, {"text": f"@council_bot {words}"}, chat=GROUP)
        return self.bring("business_message", person, {"text": words, "business_connection_id": CONNECTION})

    def bring(self, kind: str, person: str, message: Values, *, chat: Values | None = None) -> str:
        """Any message as an update of this kind; our name of it."""
        where = chat or {"id": self.id_of(person), "type": "private", "first_name": person.title()}
        by = message.get("business_connection_id", "")
        number = self._next(by, where["id"])
        whole = {"message_id": number, "date": seconds(), "chat": where, "from": self.user(person), **message}
        if whole["from"]["id"] == where["id"]:
            self.last_from[where["id"]] = seconds()
        self.update(kind, whole)
        return f"{where['id']}:{whole['message_id']}" + (f"@{by}" if by else "")

    def update(self, kind: str, content: Values) -> None:
        """Any update, where it is wanted."""
        if kind in self._update_kinds if self._update_kinds else kind not in NOT_USUAL:
            self.updates.append({"update_id": self.first_number + len(self.updates), kind: content})
            self._loop.call_soon_threadsafe(self._news.set)

    def staff_answer(self, person: str, words: str) -> None:
        """The owner of the business account writes to the person."""
        own = {"text": words, "business_connection_id": CONNECTION, "from": OWNER}
        self.bring("business_message", person, own)

    def answers_to(self, person: str) -> list[str]:
        """What the bot has said to this person, in private or in answer to them."""
        own = self.id_of(person)
        messages = [u["message"] for u in self.updates if isinstance(u.get("message"), dict)]
        named = {m["message_id"] for m in messages if m.get("from", {}).get("id") == own and m["chat"] == GROUP}
        return [
            message["text"]
            for message in self.sent
            if message["chat_id"] == own
            or (message["chat_id"] < 0 and message["reply_parameters"]["message_id"] in named)
        ]

    def routes(self) -> list[web.RouteDef]:
        """Every method is posted to."""
        return [
            web.post("/bot{token}/{method}", self._called),
            web.get("/file/bot{token}/{path:.*}", self._download),
        ]

    async def _download(self, request: web.Request) -> web.Response:
        contents = dict(self.files.values())
        path = request.match_info["path"]
        if request.match_info["token"] != TOKEN or path not in contents:
            return _refused(404, "Not Found")
        return web.Response(body=contents[path], content_type="application/octet-stream")

    def _file(self, content: Values) -> Any:
        path, body = self.files.get(content["file_id"], ("", b""))
        if not path:
            return _refused(400, "Bad Request: invalid file_id")
        if len(body) > 20 * 1024 * 1024:
            return _refused(400, "Bad Request: file is too big")
        unique = {"file_id": content["file_id"], "file_unique_id": "u", "file_size": len(body)}
        return unique | {"file_path": path}

    async def _called(self, request: web.Request) -> web.Response:
        if request.match_info["token"] != TOKEN:
            return _refused(401, "Unauthorized")
        content = await request.json()
        methods: dict[str, Any] = {
            "getMe": lambda _: {**BOT, "can_connect_to_business": True, "can_join_groups": True},
            "getWebhookInfo": lambda _: self.webhook,
            "setWebhook": self._set,
            "deleteWebhook": lambda _: self._set({"url": ""}),
            "sendMessage": self._take,
            "getBusinessConnection": self._connection,
            "getFile": self._file,
        }
        method = request.match_info["method"]
        self.methods.append(method)
        if method == "getUpdates":
            result = await self._fetched(content)
        elif method in methods:
            result = methods[method](content)
        else:
            return _refused(404, "Not Found")
        return result if isinstance(result, web.Response) else web.json_response({"ok": True, "result": result})

    async def _fetched(self, content: Values) -> Any:
        if self.webhook["url"]:
            words = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete it"
            return _refused(409, words)
        self._update_kinds = content.get("allowed_updates", self._update_kinds)
        self._asking += 1
        mine, until = self._asking, time.monotonic() + content.get("timeout", 0)
        while True:
            if mine != self._asking:
                return _refused(409, "Conflict: terminated by other getUpdates request; make sure that only one runs")
            self._news.clear()
            if updates := self._from(content.get("offset", 0))[: content.get("limit", 100)]:
                return updates
            if self.trouble.down or (left := until - time.monotonic()) <= 0:
                return []
            await asyncio.wait({asyncio.ensure_future(self._news.wait())}, timeout=min(left, 0.1))

    def _from(self, offset: int) -> list[Values]:
        waiting = [u for u in self.updates if u["update_id"] >= self._confirmed]
        if offset < 0:
            waiting = waiting[offset:]
            self._confirmed = waiting[0]["update_id"] if waiting else self._confirmed
        elif waiting and offset <= waiting[-1]["update_id"] + 10:
            # An offset from before the numbers began anew is in the future: it counts for nothing (tdlib, TQueue).
            self._confirmed = max(self._confirmed, offset)
        return [u for u in waiting if u["update_id"] >= self._confirmed]

    def _set(self, content: Values) -> Any:
        secret = content.get("secret_token", "")
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
            return _refused(400, "Bad Request: secret token contains unallowed characters")
        self.webhook = {**self.webhook, "url": content["url"]}
        self.secret, self._update_kinds = secret, content.get("allowed_updates", self._update_kinds)
        return True

    def _connection(self, content: Values) -> Any:
        connection = self.connections.get(content["business_connection_id"])
        return connection or _refused(400, "Bad Request: BUSINESS_CONNECTION_INVALID")

    def _take(self, content: Values) -> Any:
        chat, by = content["chat_id"], content.get("business_connection_id", "")
        answered = content.get("reply_parameters", {})
        if refusal := self._why_not(chat, by) or _why_not_text(content["text"]):
            return _refused(*refusal)
        known = (by, chat, answered.get("message_id")) in self._messages
        if answered and not known and not answered.get("allow_sending_without_reply"):
            return _refused(400, "Bad Request: message to be replied not found")
        self.sent.append(content)
        where = GROUP if chat < 0 else {"id": chat, "type": "private", "first_name": "Person"}
        message = {"message_id": self._next(by, chat), "date": seconds(), "chat": where, "text": content["text"]}
        if not by:
            return {**message, "from": BOT}
        # What the bot says for the account is an update of its own, marked as the bot's.
        own = {**message, "from": OWNER, "business_connection_id": by, "sender_business_bot": BOT}
        self.update("business_message", own)
        return own

    def _why_not(self, chat: int, by: str) -> tuple[int, str] | None:
        if by and not self.connections.get(by, {}).get("is_enabled"):
            return 400, "Bad Request: BUSINESS_CONNECTION_INVALID"
        if by and seconds() - self.last_from.get(chat, 0) > DAY_SECONDS:
            return 400, "Bad Request: BUSINESS_PEER_USAGE_MISSING"
        if chat in self.blocked:
            return 403, "Forbidden: bot was blocked by the user"
        if not by and not any(where == chat and box == "" for box, where, _ in self._messages):
            return 403, "Forbidden: bot can't initiate conversation with a user"
        return None

    def _next(self, by: str, chat: int) -> int:
        """Each account numbers its private messages, and each group its own."""
        box = by or (str(chat) if chat < 0 else "")
        self._numbers[box] = number = self._numbers.get(box, 0) + 1
        self._messages.add((by, chat, number))
        return number

    @web.middleware
    async def _troubled(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.trouble.down:
            return web.Response(status=502, text="<html><h1>502 Bad Gateway</h1></html>", content_type="text/html")
        if self.trouble.refused:
            return _refused(401, "Unauthorized")
        if self.trouble.limited > 0:
            self.trouble.limited -= 1
            return _refused(429, "Too Many Requests: retry after 1", {"retry_after": 1})
        return await handler(request)


class CalledTelegramPeer(TelegramPeer):
    """One bot for which Telegram calls; people write to the bot itself, and staff have no program to answer with."""

    pushes = True
    has_list = False
    staff_program = False

    def __init__(self) -> None:
        super().__init__()
        self._undelivered: list[Values] = []

    @property
    def name(self) -> str:
        """Beside that of the account that is asked."""
        return "telegram-called"

    def table(self) -> str:
        """Of a service behind a server that ends TLS, which is where `hook` is."""
        return f"""
[[channel]]
name = "{self.name}"
kind = "telegram"
url = "{self.base}"
token = "{TOKEN}"
username = "@council_bot"
webhook_url = "https://contact.example.gov.uk/hooks/{self.name}"
webhook_secret = "our-own-word"
acknowledge = "both"
"""

    def write(self, person: str, words: str, *, public: bool = False) -> str:
        """To the bot, or in a group that it is in."""
        return super().write(person, words, public=True) if public else self.bring("message", person, {"text": words})

    def update(self, kind: str, content: Values) -> None:
        """Any update: it is brought, and what could not be brought before."""
        before = len(self.updates)
        super().update(kind, content)
        self._undelivered += self.updates[before:]
        self._flush()

    def back(self) -> None:
        """Call again and again until everything is brought."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._undelivered and time.monotonic() < deadline:
            self._flush()

    def shake(self, chance: random.Random) -> None:
        """Everything three times over, in any order."""
        for update in chance.sample(self.updates * 3, len(self.updates) * 3):
            assert self.post(update) == 200
        self._undelivered = []

    def post(self, update: Values) -> int:
        """One call; the status, or 0 where nobody answers."""
        headers = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": self.secret}
        return posted(self.hook, json.dumps(update).encode(), headers)

    def _flush(self) -> None:
        if not self.trouble.down and self.webhook["url"]:
            self._undelivered = [update for update in self._undelivered if self.post(update) != 200]
        self.webhook["pending_update_count"] = len(self._undelivered)


def connection(name: str, owner: Values, **more: Any) -> Values:
    """How an account is connected to the bot."""
    rights = {"can_reply": True, "can_read_messages": True}
    whole = {"id": name, "user": owner, "user_chat_id": owner["id"], "date": seconds(), "rights": rights}
    return {**whole, "is_enabled": True, **more}


def _why_not_text(text: str) -> tuple[int, str] | None:
    if not text.strip():
        return 400, "Bad Request: message text is empty"
    return (400, "Bad Request: message is too long") if len(text) > 4096 else None


def _refused(status: int, words: str, parameters: Values | None = None) -> web.Response:
    content = {"ok": False, "error_code": status, "description": words}
    return web.json_response(content | ({"parameters": parameters} if parameters else {}), status=status)
