"""X, as docs.x.com and its published OpenAPI (2.167) describe it: direct messages, mentions, posts, and its webhook.

Rules: lists are newest first with `meta.next_token` ("Pagination"); a list may be asked so often in 15 minutes
("Rate limits"); a webhook is called once a CRC was answered rightly, with a signature over the raw body, again up to
three times, and not after that ("V2 Webhooks API", "Activity retries"); the same post twice is refused with 403
"about:blank"; a user token lasts two hours and a refresh token is good once ("OAuth 2.0 Authorization Code Flow").
"""

import asyncio
import base64
import hashlib
import hmac
import json
import random
from typing import Any
from urllib.parse import parse_qsl, quote

import aiohttp
from aiohttp import web

from tests.components.ports import PATIENCE_SECONDS
from tests.peers.peer import Peer, now

TOKEN, APP_TOKEN, SECRET, REFRESH = "council-token", "app-token", "consumer-secret", "refresh-1"
KEY, TOKEN_SECRET = "consumer-key", "token-secret"
WINDOW_SECONDS = 900
LIMITS = {"dm_events": 15, "mentions": 300, "tweets": 900, "send": 15, "post": 100}
TRIES = 3
Values = dict[str, Any]


class XPeer(Peer):
    """One app with one webhook, and the council's account `council`; others are made when they write."""

    kind = "x"
    pushes = True
    best_coverage = "amber"

    def __init__(self) -> None:
        super().__init__()
        self.people: dict[str, Values] = {}
        self.messages: list[Values] = []
        self.posts: list[Values] = []
        self.files: dict[str, bytes] = {}
        self.calls: list[tuple[str, str, Values]] = []
        self.events: list[Values] = []
        self.closed: set[str] = set()
        self.valid: bool | None = None
        self.forgets = False
        self.tokens = {TOKEN}
        self.refresh_token = REFRESH
        self._counts: dict[str, int] = {}
        self._last = 2_080_000_000_000_000_000
        self.council = self.person("council", name="Exampleshire Council")["id"]

    def table(self) -> str:
        """Everything that it can be told; polled as often as it lets us."""
        return f"""
[[channel]]
name = "x"
kind = "x"
url = "{self.base}"
token = "{TOKEN}"
consumer_secret = "{SECRET}"
bearer_token = "{APP_TOKEN}"
poll_seconds = 60
acknowledge = "both"
"""

    def person(self, handle: str, **more: Any) -> Values:
        """The account of this handle."""
        if handle not in self.people:
            user = {"id": self._next(), "name": handle.title(), "username": handle, "protected": False}
            self.people[handle] = user | more
        return self.people[handle]

    def write(self, person: str, words: str, *, public: bool = False) -> str:
        """A direct message, or a post that names the council."""
        user = self.person(person)
        if not public:
            return str(self.direct(user["id"], self.council, words)["id"])
        return str(self.say(user["id"], f"@council {words}")["id"])

    def staff_answer(self, person: str, words: str) -> None:
        """From X's own program, signed in as the council."""
        self.direct(self.council, self.person(person)["id"], words)

    def answers_to(self, person: str) -> list[str]:
        """The words of the direct messages to this person and of the replies to their posts."""
        user = self.person(person)["id"]
        post_ids = {post["id"] for post in self.posts if post["author_id"] == user}
        direct = [m["text"] for m in self.messages if m["sender_id"] == self.council and m["to"] == user]
        own = [post for post in self.posts if post["author_id"] == self.council]
        return direct + [
            p["text"] for p in own for reference in p.get("referenced_posts", ()) if reference["id"] in post_ids
        ]

    def direct(self, sender: str, recipient: str, words: str, **more: Any) -> Values:
        """A direct message, told to the webhook as what it is for the council."""
        message = {
            "id": self._next(),
            "event_type": "MessageCreate",
            "created_at": _now(),
            "dm_conversation_id": "-".join(sorted((sender, recipient), key=int)),
            "sender_id": sender,
            "to": recipient,
            "text": words,
            **more,
        }
        self.messages.append(message)
        kind = "dm.sent" if sender == self.council else "dm.received"
        event = {
            "type": "message_create",
            "id": message["id"],
            "created_timestamp": str(int(now().timestamp() * 1000)),
            "message_create": {
                "target": {"recipient_id": recipient},
                "sender_id": sender,
                "message_data": {"text": words, "entities": {"hashtags": [], "urls": [], "user_mentions": []}},
            },
        }
        users = {
            person["id"]: {"data": person} for person in self.people.values() if person["id"] in (sender, recipient)
        }
        self._tell(kind, {"direct_message_events": [event], "users": users})
        return message

    def say(self, author: str, words: str, answers: Values | None = None) -> Values:
        """A post; the council is told of it where it names it, answers it, or is its own."""
        name = self._next()
        begins = len(words) - len(words.split(" ", 1)[-1]) if answers and words.startswith("@") else 0
        named = [(word, person_id) for word, person_id in self._named(words)]
        post: Values = {
            "id": name,
            "text": words,
            "author_id": author,
            "created_at": _now(),
            "conversation_id": answers["conversation_id"] if answers else name,
            "edit_history_post_ids": [name],
            "display_text_range": [begins, len(words)],
            "entities": {
                "mentions": [
                    {
                        "start": words.index(word),
                        "end": words.index(word) + len(word),
                        "username": word[1:],
                        "id": person_id,
                    }
                    for word, person_id in named
                ]
            },
        }
        if answers:
            post |= {
                "in_reply_to_user_id": answers["author_id"],
                "referenced_posts": [{"type": "replied_to", "id": answers["id"]}],
            }
        self.posts.append(post)
        kind = "post.create" if author == self.council else "post.mention.create"
        if kind == "post.create" or self.council in [person_id for _, person_id in named]:
            writers = [person for person in self.people.values() if person["id"] == author]
            self._tell(kind, _as_called(post), {"users": writers})
        return post

    def shake(self, chance: random.Random) -> None:
        """Everything so far, three times over."""
        events = self.events * 3
        chance.shuffle(events)

        async def again() -> None:
            for event in events:
                await self._call(event)

        asyncio.run_coroutine_threadsafe(again(), self._loop).result(60)

    def expire(self) -> None:
        """Two hours later."""
        self.tokens.clear()

    def routes(self) -> list[web.RouteDef]:
        """What the service asks for."""
        return [
            web.get("/2/users/me", self._who),
            web.get("/2/users/{id}", self._who),
            web.get("/2/users/{id}/mentions", self._mentions),
            web.get("/2/users/{id}/tweets", self._own),
            web.get("/2/dm_events", self._events),
            web.get("/2/dm_conversations/with/{id}/dm_events", self._events),
            web.post("/2/dm_conversations/with/{id}/messages", self._take_message),
            web.post("/2/tweets", self._take_post),
            web.get("/2/webhooks", self._webhooks),
            web.post("/2/oauth2/token", self._renew),
            web.get("/media/{name}", self._file),
            web.get("/1.1/ton/data/dm/{name:.*}", self._file),
        ]

    async def _file(self, request: web.Request) -> web.Response:
        """Files of direct messages are shown to whoever signs as their reader ("Retrieving media")."""
        if request.path.startswith("/1.1/") and not _is_signed(request, self.base):
            return problem(401, "Unauthorized")
        content = self.files.get(request.path)
        return problem(404, "Not Found") if content is None else web.Response(body=content, content_type="image/jpeg")

    def _next(self) -> str:
        self._last += 1000
        return str(self._last)

    def _named(self, words: str) -> list[tuple[str, str]]:
        handles = [word for word in words.split() if word.startswith("@") and word[1:] in self.people]
        return [(word, self.people[word[1:]]["id"]) for word in handles]

    def _tell(self, kind: str, payload: Values, includes: Values | None = None) -> None:
        envelope = {
            "event_uuid": self._next(),
            "filter": {"user_id": self.council},
            "event_type": kind,
            "tag": "council",
        }
        event = {"data": {**envelope, "payload": payload, "includes": includes or {}}}
        self.events.append(event)
        if self.hook and self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._deliver(event), self._loop)

    async def _deliver(self, event: Values) -> None:
        for _ in range(TRIES):
            if not self.trouble.down and await self._call(event):
                return
            await asyncio.sleep(0.2)

    async def _call(self, event: Values) -> bool:
        body = json.dumps(event, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "x-twitter-webhooks-signature": signature(body)}
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS)) as session:
                if self.valid is None:
                    self.valid = await self._proven(session)
                async with session.post(self.hook, data=body, headers=headers) as answer:
                    return bool(self.valid) and answer.status == 200
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False

    async def _proven(self, session: aiohttp.ClientSession) -> bool:
        async with session.get(self.hook, params={"crc_token": "prove it"}) as answer:
            return answer.status == 200 and (await answer.json())["response_token"] == signature(b"prove it")

    def _refusal(self, request: web.Request, limit: str = "") -> web.Response | None:
        shown = request.headers.get("Authorization", "")
        if shown.removeprefix("Bearer ") not in self.tokens and not _is_signed(request, self.base):
            return problem(401, "Unauthorized")
        if limit:
            self._counts[limit] = self._counts.get(limit, 0) + 1
        over = limit and self._counts[limit] > LIMITS[limit]
        return problem(429, "Too Many Requests", headers=self._left(limit)) if over else None

    def _left(self, limit: str) -> dict[str, str]:
        left = max(LIMITS[limit] - self._counts.get(limit, 0), 0)
        reset = int(now().timestamp()) + WINDOW_SECONDS
        return {
            "x-rate-limit-limit": str(LIMITS[limit]),
            "x-rate-limit-remaining": str(left),
            "x-rate-limit-reset": str(reset),
        }

    async def _who(self, request: web.Request) -> web.Response:
        if (refusal := self._refusal(request)) is not None:
            return refusal
        person_id = request.match_info.get("id", self.council)
        return web.json_response({"data": next(person for person in self.people.values() if person["id"] == person_id)})

    async def _mentions(self, request: web.Request) -> web.Response:
        def names(post: Values) -> bool:
            return self.council in [mention["id"] for mention in post["entities"]["mentions"]]

        return self._page(request, "mentions", [post for post in self.posts if names(post)])

    async def _own(self, request: web.Request) -> web.Response:
        return self._page(request, "tweets", [post for post in self.posts if post["author_id"] == self.council])

    async def _events(self, request: web.Request) -> web.Response:
        other = request.match_info.get("id")
        mine = [m for m in self.messages if other is None or other in m["dm_conversation_id"].split("-")]
        return self._page(request, "dm_events", [{k: v for k, v in m.items() if k != "to"} for m in mine])

    def _page(self, request: web.Request, limit: str, items: list[Values]) -> web.Response:
        self.calls.append((request.method, request.path, dict(request.query)))
        if (refusal := self._refusal(request, limit)) is not None:
            return refusal
        query = request.query
        newer = [item for item in items if int(item.get("id", 1)) > int(query.get("since_id", "0"))][::-1]
        size, first = int(query.get("max_results", "100")), int(query.get("pagination_token", "0"))
        page = newer[first : first + size]
        wrote = {item.get("author_id", item.get("sender_id")) for item in page}
        content: Values = {"meta": {"result_count": len(page)}}
        if page:
            content["data"] = page
            content["includes"] = {"users": [person for person in self.people.values() if person["id"] in wrote]}
            content["meta"] |= {"newest_id": page[0].get("id"), "oldest_id": page[-1].get("id")}
        if first + size < len(newer):
            content["meta"]["next_token"] = f"{first + size:016}"
        return web.json_response(content, headers=self._left(limit))

    async def _take_message(self, request: web.Request) -> web.Response:
        if (refusal := self._refusal(request, "send")) is not None:
            return refusal
        content = await request.json()
        self.calls.append(("POST", "/2/dm_conversations/with/{participant_id}/messages", content))
        if request.match_info["id"] in self.closed:
            return problem(403, f"You do not have permission to DM {request.match_info['id']}.")
        if not 0 < len(content.get("text", "")) <= 10_000:
            return problem(400, "One or more parameters to your request was invalid.")
        message = self.direct(self.council, request.match_info["id"], content["text"])
        return self._sent({"dm_conversation_id": message["dm_conversation_id"], "dm_event_id": message["id"]}, "send")

    async def _take_post(self, request: web.Request) -> web.Response:
        if (refusal := self._refusal(request, "post")) is not None:
            return refusal
        content = await request.json()
        self.calls.append(("POST", "/2/tweets", content))
        text, answered = content.get("text", ""), content.get("reply", {}).get("in_reply_to_tweet_id")
        parent = next((post for post in self.posts if post["id"] == answered), None)
        if not text or len(text) > 280 or parent is None:
            return problem(400, "One or more parameters to your request was invalid.")
        if any(post["text"] == text for post in self.posts if post["author_id"] == self.council):
            return problem(403, "You are not allowed to create a Tweet with duplicate content.")
        post = self.say(self.council, text, parent)
        return self._sent({"id": post["id"], "text": text, "edit_history_post_ids": [post["id"]]}, "post")

    def _sent(self, data: Values, limit: str) -> web.Response:
        if self.forgets:
            return problem(503, "Service Unavailable")
        return web.json_response({"data": data}, status=201, headers=self._left(limit))

    async def _webhooks(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {APP_TOKEN}":
            return problem(401, "Unauthorized")
        url = self.hook.replace("http://127.0.0.1", "https://contact.example.gov.uk")
        hook = {"id": "1146654567674912769", "url": url, "valid": self.valid is not False, "created_at": _now()}
        return web.json_response({"data": [hook] if self.hook else [], "meta": {"result_count": int(bool(self.hook))}})

    async def _renew(self, request: web.Request) -> web.Response:
        form = dict(parse_qsl(await request.text()))
        if form.get("refresh_token") != self.refresh_token or form.get("grant_type") != "refresh_token":
            return web.json_response({"error": "invalid_request", "error_description": "token was invalid"}, status=400)
        self.refresh_token, token = f"refresh-{self._next()}", f"token-{self._next()}"
        self.tokens.add(token)
        return web.json_response(
            {"token_type": "bearer", "expires_in": 7200, "access_token": token, "refresh_token": self.refresh_token}
        )


def signature(body: bytes) -> str:
    """What stands in the header of a call, and answers a challenge."""
    return "sha256=" + base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode()


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> web.Response:
    """A refusal as X words it (RFC 9457)."""
    content = {"title": detail, "detail": detail, "type": "about:blank", "status": status}
    return web.json_response(content, status=status, headers=headers)


def _is_signed(request: web.Request, base: str) -> bool:
    """RFC 5849 section 3.4."""
    shown = request.headers.get("Authorization", "")
    if not shown.startswith("OAuth "):
        return False
    pairs = (part.strip().split("=", 1) for part in shown.removeprefix("OAuth ").split(","))
    given = {name: value.strip('"') for name, value in pairs}
    parameters = {name: value for name, value in given.items() if name != "oauth_signature"}
    parameters |= {quote(name, safe="~"): quote(value, safe="~") for name, value in request.query.items()}
    listed = "&".join(f"{name}={value}" for name, value in sorted(parameters.items()))
    text = "&".join(quote(part, safe="~") for part in (request.method, f"{base}{request.path}", listed))
    digest = hmac.new(f"{SECRET}&{TOKEN_SECRET}".encode(), text.encode(), hashlib.sha1).digest()
    right = quote(base64.b64encode(digest).decode(), safe="~")
    return given.get("oauth_consumer_key") == KEY and hmac.compare_digest(given.get("oauth_signature", ""), right)


def _as_called(post: Values) -> Values:
    """The names that the webhook still uses."""
    new = {"edit_history_post_ids": "edit_history_tweet_ids", "referenced_posts": "referenced_tweets"}
    return {new.get(key, key): value for key, value in post.items()}


def _now() -> str:
    return now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
