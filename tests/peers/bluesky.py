"""The server of a Bluesky account, with the network's notifications and private messages behind it.

Rules: createSession 30 times in 5 minutes (docs.bsky.app, "Rate limits"); a token that is no good is 400 with a name
(atproto.com/specs/xrpc); `swapRecord` null writes only what is not there (com.atproto.repo.putRecord); notifications
come newest first, by the earlier of what the writer's clock says and now (the AppView's indexer); the log of private
messages begins now (bluesky-social/atproto issue 2760); an app password may be without them ("Bad token method").
Shapes and limits are those of the published lexicons; `make test-real` compares them.
"""

import base64
import hashlib
import json
from datetime import timedelta
from typing import Any

from aiohttp import web

from tests.peers.peer import Peer, now

PASSWORD, CHAT = "abcd-efgh-ijkl-mnop", "did:web:api.bsky.chat#bsky_chat"
POST, LIKE = "app.bsky.feed.post", "app.bsky.feed.like"
SIGN_INS = 30
Values = dict[str, Any]
_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"


class Refusal(Exception):
    """What the server refuses: a status, and a name with words."""

    def __init__(self, status: int, name: str, words: str) -> None:
        super().__init__(words)
        self.status, self.name, self.words = status, name, words


class BlueskyPeer(Peer):
    """A network with the council's account `council`; every other account is made when it writes."""

    kind = "bluesky"
    best_coverage = "amber"

    def __init__(self) -> None:
        super().__init__()
        self.profiles: dict[str, Values] = {}
        self.repos: dict[str, dict[str, Values]] = {}
        self.notifications: list[Values] = []
        self.convos: dict[str, Values] = {}
        self.log: list[Values] = []
        self.pictures: dict[str, bytes] = {}
        # Accounts that block the council: it is not shown their posts, which are in their repositories all the same.
        self.blockers: set[str] = set()
        self.page = 100
        self.sign_ins = self.renewals = 0
        # What it has said, by call, to be compared with the lexicons.
        self.answers: list[tuple[str, Values]] = []
        # Whether the app password may read private messages; whether that service is there.
        self.for_chat = self.chat_up = True
        self._access: set[str] = set()
        self._refresh: set[str] = set()
        self._expired: set[str] = set()
        self._newest: dict[str, str] = {}
        self._tid = 0
        self.profile("council", displayName="Exampleshire Council")
        self.put("council", "chat.bsky.actor.declaration", "self", {"allowIncoming": "all"})

    def table(self) -> str:
        """Polled often, so that a test need not wait."""
        return f"""
[[channel]]
name = "bluesky"
kind = "bluesky"
service = "{self.base}"
handle = "council.test"
app_password = "{PASSWORD}"
poll_seconds = 0.3
acknowledge = "both"
"""

    def profile(self, person: str, **more: Any) -> Values:
        """The account of this name."""
        if person not in self.profiles:
            mark = base64.b32encode(hashlib.sha256(person.encode()).digest()).decode().lower()[:24]
            self.profiles[person] = {
                "did": f"did:plc:{mark}",
                "handle": f"{person}.test",
                "displayName": person.title(),
            }
            self.repos[f"did:plc:{mark}"] = {}
        self.profiles[person] |= more
        return self.profiles[person]

    def did(self, person: str) -> str:
        """The name of this account that never changes."""
        return str(self.profile(person)["did"])

    def expire(self, *, wholly: bool = False) -> None:
        """Every token runs out; `wholly` with what it would be renewed by."""
        self._expired |= self._access
        if wholly:
            self._refresh.clear()

    def write(self, person: str, words: str, *, public: bool = False) -> str:
        """Name the council in a post, or send it a private message."""
        return self.post(person, f"@council.test {words}") if public else self.say(person, words)

    def staff_answer(self, person: str, words: str) -> None:
        """With the platform's app, signed in as the council."""
        latest = self._newest[person]
        if latest.startswith("at://"):
            self.post("council", words, answers=latest)
        else:
            self._message(latest.partition("/")[0], "council", words)

    def answers_to(self, person: str) -> list[str]:
        """What the account has said to this person."""
        own = [record["value"] for uri, record in self.repos[self.did("council")].items() if POST in uri]
        posts = [
            post["text"] for post in own if self.did(person) in post.get("reply", {}).get("parent", {}).get("uri", "")
        ]
        convo = self.convos.get(f"convo-{person}", {"messages": []})
        return posts + [
            message["text"] for message in convo["messages"] if message["sender"]["did"] == self.did("council")
        ]

    def post(self, person: str, words: str, *, answers: str = "", at: str = "", **more: Any) -> str:
        """A post; whoever it names, answers or quotes is told."""
        record: Values = {"$type": POST, "text": words, "createdAt": at or self.moment(), "langs": ["en"], **more}
        if named := self._named(words):
            record["facets"] = named
        if answers:
            parent = self._find(answers)
            ref = {"uri": parent["uri"], "cid": parent["cid"]}
            record["reply"] = {"root": parent["value"].get("reply", {}).get("root", ref), "parent": ref}
        uri = self.put(person, POST, self.tid(), record)["uri"]
        self._newest[person] = uri
        return str(uri)

    def put(self, person: str, collection: str, key: str, record: Values) -> Values:
        """A record in this person's repository."""
        did = self.did(person)
        value = {"$type": collection, **record}
        entry: Values = {"uri": f"at://{did}/{collection}/{key}", "cid": _cid(value), "value": value}
        self.repos[did][entry["uri"]] = entry
        if person != "council" and (reason := self._why_told(value)):
            at = min(value["createdAt"], self.moment())
            notification = {"uri": entry["uri"], "cid": entry["cid"], "author": self.profile(person), "record": value}
            self.notifications.append(notification | {"reason": reason, "isRead": False, "indexedAt": at, "labels": []})
        return entry

    def like(self, person: str, uri: str, *, at: str = "") -> None:
        """A person likes a post of the council's."""
        liked = self._find(uri)
        record = {"$type": LIKE, "subject": {"uri": uri, "cid": liked["cid"]}, "createdAt": at or self.moment()}
        mine = f"at://{self.did(person)}/{LIKE}/{self.tid()}"
        notification: Values = {"uri": mine, "cid": _cid(record), "author": self.profile(person), "record": record}
        notification |= {"reason": "like", "reasonSubject": uri, "isRead": False, "indexedAt": record["createdAt"]}
        self.notifications.append(notification)

    def delete(self, uri: str) -> None:
        """Its writer takes a post back: nobody is told."""
        del self.repos[uri.removeprefix("at://").partition("/")[0]][uri]
        self.notifications = [notification for notification in self.notifications if notification["uri"] != uri]

    def say(self, person: str, words: str, **more: Any) -> str:
        """A private message to the council."""
        name = f"convo-{person}"
        members = [self.profile(person), self.profile("council")]
        self.convos.setdefault(name, self._convo(name, members))
        self._newest[person] = self._message(name, person, words, **more)
        return self._newest[person]

    def take_back(self, message_id: str) -> None:
        """A private message is deleted."""
        name, _, key = message_id.partition("/")
        message = next(message for message in self.convos[name]["messages"] if message["id"] == key)
        for gone in ("text", "embed", "reactions"):
            message.pop(gone, None)
        message["$type"] = "chat.bsky.convo.defs#deletedMessageView"
        self._note("logDeleteMessage", name, message=dict(message))

    def react(self, person: str, message_id: str, value: str) -> None:
        """A person reacts to a private message."""
        name, _, key = message_id.partition("/")
        message = next(message for message in self.convos[name]["messages"] if message["id"] == key)
        reaction = {"value": value, "sender": {"did": self.did(person)}, "createdAt": self.moment()}
        self._note("logAddReaction", name, message=message, reaction=reaction, relatedProfiles=[self.profile(person)])

    def tid(self) -> str:
        """A new key, greater than all before."""
        self._tid = max(self._tid + 1, int(now().timestamp() * 1_000_000) << 10)
        return "".join(_DIGITS[self._tid >> 5 * place & 31] for place in reversed(range(13)))

    @staticmethod
    def moment(ago: timedelta = timedelta(0)) -> str:
        """An instant as the network writes it."""
        return (now() - ago).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def routes(self) -> list[web.RouteDef]:
        """What the service asks for."""
        return [
            web.route("*", "/xrpc/{nsid}", self._called),
            web.get("/img/feed_fullsize/plain/{picture:.*}", self._picture),
        ]

    async def _picture(self, request: web.Request) -> web.Response:
        """The network's own server of pictures, which shows each as JPEG to anybody."""
        content = self.pictures.get(request.match_info["picture"])
        return web.Response(status=404) if content is None else web.Response(body=content, content_type="image/jpeg")

    def _convo(self, name: str, members: list[Values]) -> Values:
        return {"id": name, "rev": self.tid(), "members": members, "muted": False, "unreadCount": 1, "messages": []}

    def _message(self, name: str, person: str, words: str, **more: Any) -> str:
        key = self.tid()
        message = {"id": key, "rev": key, "text": words, "sender": {"did": self.did(person)}, "sentAt": self.moment()}
        message = {"$type": "chat.bsky.convo.defs#messageView", **message, **more}
        self.convos[name]["messages"].append(message)
        self.convos[name]["lastMessage"] = message
        self._note("logCreateMessage", name, message=message, relatedProfiles=[self.profile(person)])
        return f"{name}/{key}"

    def _note(self, what: str, name: str, **more: Any) -> None:
        rev = self.tid()
        self.log.append({"$type": f"chat.bsky.convo.defs#{what}", "rev": rev, "convoId": name, **more})
        self.convos[name]["rev"] = rev

    def _named(self, words: str) -> list[Values]:
        at = words.encode().find(b"@council.test")
        feature = {"$type": "app.bsky.richtext.facet#mention", "did": self.did("council")}
        return [] if at < 0 else [{"index": {"byteStart": at, "byteEnd": at + 13}, "features": [feature]}]

    def _why_told(self, value: Values) -> str:
        mine = f"at://{self.did('council')}/"
        if value.get("facets"):
            return "mention"
        if str(value.get("embed", {}).get("record", {}).get("uri", "")).startswith(mine):
            return "quote"
        above = value.get("reply", {}).get("parent", {}).get("uri", "")
        while above:
            if above.startswith(mine):
                return "reply"
            above = self._find(above)["value"].get("reply", {}).get("parent", {}).get("uri", "")
        return ""

    def _find(self, uri: str) -> Values:
        record = self.repos.get(uri.removeprefix("at://").partition("/")[0], {}).get(uri)
        if record is None:
            raise Refusal(400, "RecordNotFound", f"Could not locate record: {uri}")
        return record

    async def _called(self, request: web.Request) -> web.Response:
        nsid = request.match_info["nsid"]
        content = await request.json() if request.can_read_body else {}
        try:
            answer = self._opened(request, nsid, content)
        except Refusal as refusal:
            headers = {"Retry-After": "290"} if refusal.status == 429 else {}
            return web.json_response(
                {"error": refusal.name, "message": refusal.words}, status=refusal.status, headers=headers
            )
        self.answers.append((nsid, answer))
        limits = {"RateLimit-Limit": "3000", "RateLimit-Remaining": "2999", "RateLimit-Policy": "3000;w=300"}
        if nsid.endswith("createSession"):
            limits |= {"RateLimit-Limit": str(SIGN_INS), "RateLimit-Remaining": str(SIGN_INS - self.sign_ins)}
        reset = str(int(now().timestamp()) + 290)
        return web.json_response(answer, headers={**limits, "RateLimit-Reset": reset})

    def _opened(self, request: web.Request, nsid: str, content: Values) -> Values:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if nsid == "com.atproto.server.createSession":
            return self._sign_in(content)
        if nsid == "com.atproto.server.refreshSession":
            return self._renew(token)
        self._admit(token)
        short = nsid.rpartition(".")[2]
        chat = nsid.startswith("chat.bsky.convo.")
        if chat:
            self._admit_to_chat(request)
        handler = getattr(self, f"{'chat' if chat else 'on'}_{_snake(short)}", None)
        if handler is None or (request.method == "GET") != (short[:3] in ("get", "lis")):
            raise Refusal(501, "MethodNotImplemented", "Method Not Implemented")
        answer: Values = handler(content if request.method == "POST" else request.query)
        return answer

    def _admit(self, token: str) -> None:
        if not token:
            raise Refusal(401, "AuthMissing", "Authentication Required")
        if token in self._expired:
            raise Refusal(400, "ExpiredToken", "Token has expired")
        if token not in self._access:
            raise Refusal(400, "InvalidToken", "Token could not be verified")

    def _admit_to_chat(self, request: web.Request) -> None:
        if request.headers.get("atproto-proxy") != CHAT:
            raise Refusal(501, "MethodNotImplemented", "Method Not Implemented")
        if not self.for_chat:
            raise Refusal(400, "InvalidToken", "Bad token method")
        if not self.chat_up:
            raise Refusal(502, "UpstreamFailure", "Upstream Failure")

    def _sign_in(self, content: Values) -> Values:
        if self.sign_ins >= SIGN_INS:
            raise Refusal(429, "RateLimitExceeded", "Rate Limit Exceeded")
        self.sign_ins += 1
        if (content["identifier"], content["password"]) != ("council.test", PASSWORD):
            raise Refusal(401, "AuthenticationRequired", "Invalid identifier or password")
        return self._session()

    def _renew(self, token: str) -> Values:
        if token not in self._refresh:
            raise Refusal(400, "ExpiredToken", "Token has been revoked")
        self._refresh.discard(token)
        self.renewals += 1
        return self._session()

    def _session(self) -> Values:
        access, refresh = f"access.{self.tid()}", f"refresh.{self.tid()}"
        self._access.add(access)
        self._refresh.add(refresh)
        return {"accessJwt": access, "refreshJwt": refresh, "active": True, **self.on_get_session({})}

    def on_get_session(self, query: Any) -> Values:
        """Who is signed in."""
        return {"did": self.did("council"), "handle": "council.test", "active": True}

    def on_list_notifications(self, query: Any) -> Values:
        """The newest first, before the cursor."""
        before = query.get("cursor") or "9"
        visible = [entry for entry in self.notifications if (entry.get("author") or {}).get("did") not in self.blockers]
        earlier = (notification for notification in visible if notification["indexedAt"] < before)
        notifications = sorted(earlier, key=lambda notification: str(notification["indexedAt"]), reverse=True)
        page = notifications[: min(int(query.get("limit", "50")), self.page)]
        answer: Values = {"notifications": page, "priority": False}
        return answer | ({"cursor": page[-1]["indexedAt"]} if len(page) < len(notifications) else {})

    def on_get_posts(self, query: Any) -> Values:
        """Those of these addresses that are there."""
        posts = []
        for uri in query.getall("uris"):
            entry = self.repos.get(uri.removeprefix("at://").partition("/")[0], {}).get(uri)
            author = next((profile for profile in self.profiles.values() if profile["did"] in uri), {})
            if entry:
                shown = {"uri": uri, "cid": entry["cid"], "author": author, "record": entry["value"]}
                posts.append(shown | {"indexedAt": entry["value"]["createdAt"], "labels": []})
        return {"posts": posts}

    def on_list_records(self, query: Any) -> Values:
        """By their keys, the greatest first."""
        ahead = query.get("reverse") == "true"
        after = query.get("cursor", "")
        records = sorted(
            (uri.rpartition("/")[2], record)
            for uri, record in self.repos[query["repo"]].items()
            if query["collection"] in uri
        )
        following = [pair for pair in (records if ahead else records[::-1]) if not after or (pair[0] > after) == ahead]
        page = following[: min(int(query.get("limit", "50")), self.page)]
        return {"records": [record for _, record in page]} | ({"cursor": page[-1][0]} if page else {})

    def on_get_record(self, query: Any) -> Values:
        """One record."""
        return self._find(f"at://{query['repo']}/{query['collection']}/{query['rkey']}")

    def on_put_record(self, content: Values) -> Values:
        """Write a record under its key."""
        record, key = content["record"], content["rkey"]
        if content["repo"] != self.did("council"):
            raise Refusal(401, "AuthRequiredError", "Authentication Required")
        if content["collection"] == POST and (len(key) != 13 or set(key) - set(_DIGITS) or key[0] > "j"):
            raise Refusal(400, "InvalidRequest", f"Invalid record key for {POST}")
        if len(record["text"]) > 300:
            raise Refusal(
                400, "InvalidRequest", f"Invalid {POST} record: Record/text must not be longer than 300 graphemes"
            )
        before = self.repos[content["repo"]].get(f"at://{content['repo']}/{content['collection']}/{key}")
        if before and before["cid"] != _cid(record) and content.get("swapRecord", before["cid"]) != before["cid"]:
            raise Refusal(400, "InvalidSwap", f"Record was at {before['cid']}")
        entry = before or self.put("council", content["collection"], key, record)
        return {"uri": entry["uri"], "cid": entry["cid"], "validationStatus": "valid"}

    def chat_get_log(self, query: Any) -> Values:
        """What happened after the cursor; without one nothing, and where now is."""
        after = query.get("cursor")
        latest = self.log[-1]["rev"] if self.log else "2222222222222"
        page = [entry for entry in self.log if after and entry["rev"] > after][: self.page]
        return {"logs": page, "cursor": page[-1]["rev"] if page else after or latest}

    def chat_get_convo(self, query: Any) -> Values:
        """One conversation."""
        return {"convo": _shown(self._convo_of(query["convoId"]))}

    def chat_list_convos(self, query: Any) -> Values:
        """That in which something happened last comes first."""
        convos = sorted(self.convos.values(), key=lambda convo: str(convo["rev"]), reverse=True)
        convos = [convo for convo in convos if convo["rev"] < (query.get("cursor") or "z")]
        page = convos[: min(int(query.get("limit", "50")), self.page)]
        return {"convos": [_shown(convo) for convo in page]} | (
            {"cursor": page[-1]["rev"]} if len(page) < len(convos) else {}
        )

    def chat_get_messages(self, query: Any) -> Values:
        """The newest first."""
        thread = self._convo_of(query["convoId"])["messages"][::-1]
        messages = [message for message in thread if message["id"] < (query.get("cursor") or "z")]
        page = messages[: min(int(query.get("limit", "50")), self.page)]
        return {"messages": page} | ({"cursor": page[-1]["id"]} if len(page) < len(messages) else {})

    def chat_send_message(self, content: Values) -> Values:
        """Into a conversation, by the council."""
        self._convo_of(content["convoId"])
        if len(content["message"]["text"]) > 1000:
            raise Refusal(400, "InvalidRequest", "Input/message/text must not be longer than 1000 graphemes")
        self._message(content["convoId"], "council", content["message"]["text"])
        return dict(self.convos[content["convoId"]]["messages"][-1])

    def _convo_of(self, name: str) -> Values:
        if name not in self.convos:
            raise Refusal(400, "InvalidConvo", "Invalid convo")
        return self.convos[name]


def _shown(convo: Values) -> Values:
    return {key: value for key, value in convo.items() if key != "messages"}


def _cid(value: Values) -> str:
    """A content identifier of the right shape: version 1, DAG-CBOR, SHA-256."""
    mark = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).digest()
    return "b" + base64.b32encode(b"\x01\x71\x12\x20" + mark).decode().lower().rstrip("=")


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
