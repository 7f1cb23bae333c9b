"""A Mastodon server, as docs.joinmastodon.org describes it: notifications, conversations, statuses, the stream.

Rules: pages are newest first, `min_id` gives those directly after it ("Pagination"); a direct status reaches only whom
it names, and one with a known Idempotency-Key is the one posted before ("statuses"); 500 characters ("instance");
X-RateLimit-* with the reset as ISO 8601 ("rate limits"); a followed stream tells `delete` with the bare id
("streaming"). Its notifications honour the policy of the account ("notifications").
"""

import asyncio
import html
import json
import re
from datetime import timedelta
from typing import Any

from aiohttp import web

from tests.peers.peer import Peer, now

TOKEN = "council-token"
LONGEST = 500
_MENTION = re.compile(r"@([A-Za-z0-9_]+)(?:@([A-Za-z0-9.:-]+))?")
Values = dict[str, Any]


class MastodonPeer(Peer):
    """One server with the council's account `council`; every other account is made when it writes."""

    kind = "mastodon"

    def __init__(self) -> None:
        super().__init__()
        self.accounts: dict[str, Values] = {}
        self.statuses: list[Values] = []
        self.notifications: list[Values] = []
        self.policy: dict[str, str] = dict.fromkeys(
            ("for_private_mentions", "for_not_following", "for_not_followers", "for_new_accounts"), "accept"
        )
        self.quiet = False
        self.blocked_by: set[str] = set()
        self.files: dict[str, bytes] = {}
        self.streams_begun = 0
        self._keys: dict[str, Values] = {}
        self._streams: list[asyncio.Queue[tuple[str, str]]] = []
        self._last = 100
        self.account("council", display_name="Exampleshire Council")

    def table(self) -> str:
        """Polled often, so that a test need not wait; the stream makes it faster still."""
        return f"""
[[channel]]
name = "mastodon"
kind = "mastodon"
url = "{self.base}"
token = "{TOKEN}"
poll_seconds = 0.3
acknowledge = "both"
"""

    def account(self, name: str, **more: Any) -> Values:
        """The account of this name."""
        if name not in self.accounts:
            local = "@" not in name
            self.accounts[name] = {
                "id": str(len(self.accounts) + 1),
                "username": name.partition("@")[0],
                "acct": name,
                "display_name": name.title(),
                "bot": False,
                "locked": False,
                "group": False,
                "discoverable": True,
                "indexable": False,
                "url": f"{self.base}/@{name}" if local else f"https://{name.partition('@')[2]}/@{name}",
                "uri": f"{self.base}/users/{name}",
                "avatar": f"{self.base}/avatar.png",
                "avatar_static": f"{self.base}/avatar.png",
                "avatar_description": "",
                "header": f"{self.base}/header.png",
                "header_static": f"{self.base}/header.png",
                "header_description": "",
                "note": "",
                "created_at": "2020-01-01T00:00:00.000Z",
                "last_status_at": None,
                "followers_count": 0,
                "following_count": 0,
                "statuses_count": 0,
                "hide_collections": False,
                "emojis": [],
                "fields": [],
                **more,
            }
        return self.accounts[name]

    def write(self, person: str, words: str, *, public: bool = False) -> str:
        """Name the council in a status."""
        status = self._post(self.account(person), f"@council {words}", "public" if public else "direct", None)
        return str(status["id"])

    def edit(self, status_id: str, words: str) -> None:
        """Its writer changes a status."""
        status = self._find(status_id)
        assert status
        status["content"] = f"<p>{html.escape(words)}</p>"
        status["edited_at"] = _now()

    def block(self, person: str) -> None:
        """Somebody blocks the account: their posts and their notifications are hidden from it."""
        self.blocked_by.add(self.account(person)["id"])
        self.notifications = [n for n in self.notifications if n["account"]["id"] not in self.blocked_by]

    def notify(self, kind: str, **more: Any) -> None:
        """Any notification, as the server words it."""
        self._last += 1
        self.notifications.append({"id": str(self._last), "type": kind, "created_at": _now(), **more})

    def delete(self, status_id: str) -> None:
        """Its writer takes a status back: it and its notification are gone, and the stream says so."""
        self.statuses = [s for s in self.statuses if s["id"] != status_id]
        self.notifications = [n for n in self.notifications if (n.get("status") or {}).get("id") != status_id]
        self._tell("delete", status_id)

    def staff_answer(self, person: str, words: str) -> None:
        """From the web page of the server, signed in as the council."""
        status = next(s for s in reversed(self.statuses) if s["account"]["acct"] == person)
        self._post(self.account("council"), f"@{person} {words}", status["visibility"], status["id"])

    def answers_to(self, person: str) -> list[str]:
        """What the account has said to this person."""
        return [
            re.sub("<[^>]*>", "", s["content"])
            for s in self.statuses
            if s["account"]["acct"] == "council" and person in {m["acct"] for m in s["mentions"]}
        ]

    def routes(self) -> list[web.RouteDef]:
        """What the service asks for."""
        return [
            web.get("/api/v1/accounts/verify_credentials", self._me),
            web.get("/api/v1/accounts/{id}/statuses", self._statuses_of),
            web.get("/api/v1/notifications", self._notified),
            web.get("/api/v1/conversations", self._conversations),
            web.get("/api/v2/notifications/policy", self._show_policy),
            web.post("/api/v1/statuses", self._take),
            web.get("/api/v1/streaming/user", self._stream),
            web.get("/api/v1/statuses/{id}", self._show),
            web.get("/api/v1/accounts/relationships", self._relationships),
            web.get("/system/media_attachments/{name}", self._media),
        ]

    def _post(self, account: Values, words: str, visibility: str, answered: str | None) -> Values:
        self._last += 1
        status_id = str(self._last)
        parent = self._find(answered) if answered else None
        named = [
            self.account(f"{m[1]}@{m[2]}" if m[2] and m[2] not in self.base else m[1]) for m in _MENTION.finditer(words)
        ]
        link = f"{self.base}/@{account['acct']}/{status_id}"
        status: Values = {
            "id": status_id,
            "uri": link,
            "url": link,
            "account": account,
            "created_at": _now(),
            "edited_at": None,
            "in_reply_to_id": answered,
            "in_reply_to_account_id": parent["account"]["id"] if parent else None,
            "content": _as_html(words, self.base),
            "visibility": visibility,
            "sensitive": False,
            "spoiler_text": "",
            "language": "en",
            "mentions": [{key: person[key] for key in ("id", "username", "url", "acct")} for person in named],
            "media_attachments": [],
            "emojis": [],
            "tags": [],
            "card": None,
            "poll": None,
            "reblog": None,
            "reblogs_count": 0,
            "favourites_count": 0,
            "replies_count": 0,
            "quotes_count": 0,
            "quote_approval": {"automatic": [], "manual": [], "current_user": "denied"},
        }
        self.statuses.append(status)
        if any(person["acct"] == "council" for person in named) and account["acct"] != "council" and not self.quiet:
            self._notify(account, status)
        return status

    def _notify(self, account: Values, status: Values) -> None:
        if status["visibility"] == "direct" and self.policy["for_private_mentions"] == "drop":
            return
        self._last += 1
        notification = {
            "id": str(self._last),
            "type": "mention",
            "created_at": status["created_at"],
            "group_key": f"ungrouped-{self._last}",
            "account": account,
            "status": status,
        }
        self.notifications.append(notification)
        self._tell("notification", json.dumps(notification))

    def _tell(self, event: str, data: str) -> None:
        for stream in self._streams:
            self._loop.call_soon_threadsafe(stream.put_nowait, (event, data))

    def _find(self, status_id: str | None) -> Values | None:
        return next((s for s in self.statuses if s["id"] == status_id), None)

    async def _me(self, request: web.Request) -> web.Response:
        if (refusal := _unknown(request)) is not None:
            return refusal
        return _json(self.me())

    async def _statuses_of(self, request: web.Request) -> web.Response:
        if (refusal := _unknown(request)) is not None:
            return refusal
        own = [s for s in self.statuses if s["account"]["id"] == request.match_info["id"]]
        return _json(_page(own, request))

    async def _notified(self, request: web.Request) -> web.Response:
        if (refusal := _unknown(request)) is not None:
            return refusal
        kinds, others = request.query.getall("types[]", []), request.query.getall("exclude_types[]", [])
        asked_for = [n for n in self.notifications if (not kinds or n["type"] in kinds) and n["type"] not in others]
        return _json(_page(asked_for, request))

    async def _show(self, request: web.Request) -> web.Response:
        """A status, unless it is gone or its writer has blocked the account, which looks the same."""
        if (refusal := _unknown(request)) is not None:
            return refusal
        status = self._find(request.match_info["id"])
        if status is None or status["account"]["id"] in self.blocked_by:
            return _json({"error": "Record not found"}, status=404)
        return _json(status)

    async def _relationships(self, request: web.Request) -> web.Response:
        if (refusal := _unknown(request)) is not None:
            return refusal
        people = request.query.getall("id[]", [])
        return _json([{"id": person, "blocked_by": person in self.blocked_by} for person in people])

    async def _media(self, request: web.Request) -> web.Response:
        content = self.files.get(request.path)
        return _json({"error": "gone"}, status=404) if content is None else web.Response(body=content)

    async def _conversations(self, request: web.Request) -> web.Response:
        if (refusal := _unknown(request)) is not None:
            return refusal
        return _json(_page(self.conversations(), request))

    def me(self) -> Values:
        """The council's account, as it sees itself."""
        source = {"note": "", "fields": [], "privacy": "public", "sensitive": False, "language": None}
        source |= {"follow_requests_count": 0, "quote_policy": "public", "attribution_domains": []}
        source |= {"indexable": False, "discoverable": True, "hide_collections": False}
        role = {"id": "-99", "name": "", "permissions": "0", "color": "", "highlighted": False}
        return self.account("council") | {"source": source, "role": role}

    def conversations(self) -> list[Values]:
        """Each with its newest status."""
        newest: dict[str, Values] = {}
        for status in self.statuses:
            people = {status["account"]["acct"], *(m["acct"] for m in status["mentions"])}
            if status["visibility"] == "direct" and "council" in people:
                for person in people - {"council"}:
                    newest[person] = status
        return [
            {"id": s["id"], "unread": True, "accounts": [self.account(person)], "last_status": s}
            for person, s in newest.items()
        ]

    async def _show_policy(self, request: web.Request) -> web.Response:
        if (refusal := _unknown(request)) is not None:
            return refusal
        return _json({**self.policy, "summary": {"pending_requests_count": 0, "pending_notifications_count": 0}})

    async def _take(self, request: web.Request) -> web.Response:
        if (refusal := _unknown(request)) is not None:
            return refusal
        key = request.headers.get("Idempotency-Key", "")
        if key and key in self._keys:
            return _json(self._keys[key])
        posted = await request.json()
        words, answered = posted.get("status", ""), posted.get("in_reply_to_id")
        if not words or len(words) > LONGEST:
            return _json({"error": "Validation failed: Text character limit of 500 exceeded"}, status=422)
        if answered and self._find(answered) is None:
            return _json({"error": "Record not found"}, status=404)
        status = self._post(self.account("council"), words, posted.get("visibility", "public"), answered)
        if key:
            self._keys[key] = status
        return _json(status)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        stream: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self._streams.append(stream)
        self.streams_begun += 1
        try:
            await response.write(b":)\n\n")
            while not self.trouble.down:
                event, data = await stream.get()
                await response.write(f"event: {event}\ndata: {data}\n\n".encode())
        finally:
            self._streams.remove(stream)
        return response


def _unknown(request: web.Request) -> web.Response | None:
    if request.headers.get("Authorization") == f"Bearer {TOKEN}":
        return None
    return _json({"error": "The access token is invalid"}, status=401)


def _page(items: list[Values], request: web.Request) -> list[Values]:
    limit = min(int(request.query.get("limit", "20")), 40)
    after, before = int(request.query.get("min_id", "0")), int(request.query.get("max_id", str(10**18)))
    kept = [item for item in items if after < int(item["id"]) < before]
    return (kept[:limit] if after else kept[-limit:])[::-1]


def _as_html(words: str, base: str) -> str:
    def link(mention: re.Match[str]) -> str:
        return f'<a href="{base}/@{mention[1]}" class="u-url mention">@<span>{mention[1]}</span></a>'

    paragraphs = [_MENTION.sub(link, html.escape(p)).replace("\n", "<br>") for p in words.split("\n\n")]
    return "".join(f"<p>{p}</p>" for p in paragraphs)


def _json(content: Any, status: int = 200) -> web.Response:
    reset = (now() + timedelta(minutes=5)).isoformat()
    limits = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "299", "X-RateLimit-Reset": reset}
    return web.json_response(content, status=status, headers=limits)


def _now() -> str:
    return now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
