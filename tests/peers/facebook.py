"""Messenger and a Page's comments, as developers.facebook.com/docs/messenger-platform and .../graph-api describe them.

Rules: a person must have written first; an automatic answer is taken for 24 hours after their last message, one that a
person typed, with the tag HUMAN_AGENT, for seven days, else error 10 with subcode 2018278 ("Send API"); a text has at
most 2,000 characters; what the Page sends comes back as an echo with `app_id` and, where it was given, `metadata`
("message_echoes"); conversations are listed by their last change, newest first, with cursors, those of one person by
`user_id` ("Conversations API"); a thread that another program has takes nothing: 10/2018300 ("Handover Protocol").
"""

from typing import Any

from aiohttp import web

from tests.peers.meta import MetaPeer, Values, refusal
from tests.peers.peer import now

PAGE, APP, PAGE_INBOX = "104100000000001", "500", 263902037430900
WINDOW_SECONDS = {("RESPONSE", ""): 24 * 3600, ("MESSAGE_TAG", "HUMAN_AGENT"): 7 * 24 * 3600}
LONGEST = 2000


class FacebookPeer(MetaPeer):
    """One Page."""

    kind = "facebook"
    polls = True
    subject = "page"
    own = PAGE
    longest = LONGEST
    key = "page_id"

    def __init__(self) -> None:
        super().__init__()
        self.scopes = [
            *("pages_messaging", "pages_manage_metadata", "pages_read_engagement", "pages_read_user_content"),
            *("instagram_manage_messages", "instagram_manage_comments", "instagram_basic"),
        ]
        self.subscribed = [
            *("messages", "message_echoes", "message_deliveries", "messaging_postbacks", "standby"),
            *("feed", "mention", "ratings", "comments", "mentions"),
        ]
        self.messages: list[Values] = []
        self.public: list[tuple[str, str]] = []
        self.silent = False
        self.files: dict[str, bytes] = {}
        self.held_elsewhere: set[str] = set()
        self._people: dict[str, str] = {}
        self._commented: dict[str, str] = {}
        self._count = 0

    def table(self) -> str:
        """Asked often, so that a test need not wait."""
        return super().table() + f'{self.key} = "{self.own}"\npoll_seconds = 0.3\n'

    def id_of(self, person: str) -> str:
        """The page-scoped id of a person."""
        return self._people.setdefault(person, f"7{len(self._people):015d}")

    def write(self, person: str, words: str, *, public: bool = False) -> str:
        """A private message, or a mention in public."""
        return self.mention(person, words) if public else self.bring(person, {"text": words})

    def bring(self, person: str, message: Values) -> str:
        """Any private message."""
        return self._message(self.id_of(person), self.own, message)

    def staff_answer(self, person: str, words: str) -> None:
        """With the Page's own inbox."""
        self._message(self.own, self.id_of(person), {"text": words, "is_echo": True, "app_id": PAGE_INBOX})

    def mention(self, person: str, words: str) -> str:
        """A comment elsewhere that names the Page."""
        self._count += 1
        comment_id = f"900_{self._count}"
        self._commented[comment_id] = self.id_of(person)
        value = {"item": "comment", "verb": "add", "comment_id": comment_id, "post_id": "900_0", "message": words}
        self.changed("mention", {**value, "from": {"id": self.id_of(person), "name": person.title()}})
        return comment_id

    def changed(self, field: str, value: Values) -> None:
        """A call about something public."""
        value = {"created_time": int(now().timestamp()), **value}
        self._call({"changes": [{"field": field, "value": value}]})

    def event(self, person: str, **event: Any) -> None:
        """Any other call about a private thread."""
        who = {"sender": {"id": self.id_of(person)}, "recipient": {"id": self.own}}
        self._call({"messaging": [who | {"timestamp": int(now().timestamp() * 1000)} | event]})

    def answers_to(self, person: str) -> list[str]:
        """What the API has taken for this person."""
        private = [m["text"] for m in self.messages if m["to"] == self.id_of(person) and m.get("app_id") == APP]
        return private + [words for comment, words in self.public if self._commented[comment] == self.id_of(person)]

    def routes(self) -> list[web.RouteDef]:
        """What the service asks for."""
        return [
            web.get(f"/{self.own}", self._page),
            web.get(f"/{self.own}/conversations", self._conversations),
            web.get(f"/{self.own}/subscribed_apps", self._subscribed),
            web.post(f"/{self.own}/messages", self._take),
            web.post("/{comment}/comments", self._take_comment),
            web.post("/{comment}/replies", self._take_comment),
            web.get("/{comment}/comments", self._comments),
            web.get("/{comment}/replies", self._comments),
            web.get("/cdn/{file}", self._file),
            web.get("/debug_token", self.debug_token),
        ]

    def _message(self, sender: str, recipient: str, message: Values) -> str:
        self._count += 1
        mid, at = f"m_{self._count:06d}", now()
        self.messages.append({"mid": mid, "at": at, "from": sender, "to": recipient, "text": "", **message})
        if not self.silent:
            event = {"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": int(at.timestamp() * 1000)}
            self._call({"messaging": [event | {"message": {"mid": mid, **message}}]})
        return mid

    def _call(self, content: Values) -> None:
        self.push({"object": self.subject, "entry": [{"id": self.own, "time": int(now().timestamp()), **content}]})

    async def _page(self, request: web.Request) -> web.Response:
        return self.refused(request) or web.json_response({"id": self.own, "name": "Council", "username": "council"})

    async def _subscribed(self, request: web.Request) -> web.Response:
        data = [{"name": "Ackbot", "id": APP, "subscribed_fields": self.subscribed}]
        return self.refused(request) or web.json_response({"data": data})

    async def _conversations(self, request: web.Request) -> web.Response:
        if error := self.refused(request):
            return error
        threads: dict[str, list[Values]] = {}
        only = request.query.get("user_id")
        for message in self.messages:
            other = message["to"] if message["from"] == self.own else message["from"]
            if only in (None, other):
                threads.setdefault(other, []).append(message)
        ordered = sorted(threads.values(), key=lambda messages: messages[-1]["at"], reverse=True)
        first, limit = int(request.query.get("after", "0")), int(request.query.get("limit", "25"))
        data = [self._shown(messages) for messages in ordered[first : first + limit]]
        cursors = {"cursors": {"before": str(first), "after": str(first + limit)}}
        return web.json_response({"data": data, "paging": cursors})

    def _shown(self, messages: list[Values]) -> Values:
        shown = [
            {
                "id": message["mid"],
                "created_time": f"{message['at']:%Y-%m-%dT%H:%M:%S%z}",
                "from": {"id": message["from"], "name": "Somebody"},
                "to": {"data": [{"id": message["to"]}]},
                "message": message["text"],
            }
            for message in reversed(messages)
        ]
        return {"id": f"t_{messages[0]['mid']}", "updated_time": shown[0]["created_time"], "messages": {"data": shown}}

    async def _take(self, request: web.Request) -> web.Response:
        if error := self.refused(request):
            return error
        sent = await request.json()
        person, message = sent["recipient"]["id"], sent["message"]
        window = WINDOW_SECONDS.get((sent.get("messaging_type"), sent.get("tag", "")))
        if window is None or not 0 < len(message["text"]) <= self.longest:
            return refusal(400, 100, "(#100) Invalid parameter")
        if person in self.held_elsewhere:
            return refusal(400, 10, "(#10) another app is controlling this thread now", 2018300)
        last = max((m["at"].timestamp() for m in self.messages if m["from"] == person), default=0)
        if now().timestamp() - last >= window:
            return refusal(400, 10, "(#10) This message is sent outside of allowed window.", 2018278)
        more = {"is_echo": True, "app_id": APP, "metadata": message.get("metadata", "")}
        mid = self._echoed(person, {"text": message["text"], **more})
        return web.json_response({"recipient_id": person, "message_id": mid})

    def _echoed(self, person: str, message: Values) -> str:
        """The echo comes by itself, a little after the answer."""
        silent, self.silent = self.silent, True
        mid = self._message(self.own, person, message)
        self.silent = silent
        event = {"sender": {"id": self.own}, "recipient": {"id": person}, "timestamp": int(now().timestamp() * 1000)}
        event["message"] = {"mid": mid, **message}
        entry = {"id": self.own, "time": int(now().timestamp()), "messaging": [event]}
        self._loop.run_in_executor(None, self.push, {"object": self.subject, "entry": [entry]})
        return mid

    async def _take_comment(self, request: web.Request) -> web.Response:
        if error := self.refused(request):
            return error
        self.public.append((request.match_info["comment"], (await request.json())["message"]))
        return web.json_response({"id": f"900_9{len(self.public)}"})

    async def _comments(self, request: web.Request) -> web.Response:
        if error := self.refused(request):
            return error
        under = request.match_info["comment"]
        data = [
            {"id": f"900_9{number}", "from": {"id": self.own}, "message": words, "text": words}
            for number, (comment, words) in enumerate(self.public, 1)
            if comment == under
        ]
        return web.json_response({"data": data})

    async def _file(self, request: web.Request) -> web.Response:
        """A file at an address that is signed: whoever has it needs no token."""
        return web.Response(body=self.files[request.match_info["file"]])
