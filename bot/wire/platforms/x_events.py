"""Reads messages from X in their three shapes: API v2, Account Activity (v1.1 objects) and the X Activity API.

docs.x.com: x-api/activity/event-payloads, account-activity-data-objects, "Tweet object (v1.1)". Objects of v1.1 are
first converted to v2. Identifiers are strings. X calls tweets posts since 2026; both names are read.
"""

import hashlib
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.core.messages import Inbound, Party, Post

# Direct messages and posts are numbered separately.
DM, ADDRESS = "dm:", "x:"
_HOLDS = {"photo": "image", "animated_gif": "image", "video": "video", "audio": "audio", "location": "location"}
_POSTS = ("post.create", "post.mention.create", "post.reply.create", "post.quote.create")
# twitter-text counts characters in these ranges as one, all others as two.
_LINK = re.compile(r"https?://\S+")
_MOST_HANDLES = 10_000
_FLAWS = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError)
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """The writer: display name, handle, and whether X marks the account as automated."""

    name: str = ""
    handle: str = ""
    automated: bool = False


@dataclass(frozen=True, slots=True)
class Includes:
    """The objects that accompany the messages: people by id, and the types of media by key."""

    people: Mapping[str, Person] = field(default_factory=dict)
    media: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Values) -> "Includes":
        """Read `includes`, or the map `users` beside direct messages; a person may be inside a `data` object."""
        users, media = values.get("users") or (), values.get("media") or ()
        items = users.values() if isinstance(users, dict) else users
        people = _with("id", (user.get("data", user) for user in items if isinstance(user, dict)))
        return cls(
            {str(user["id"]): _person(user) for user in people},
            {str(medium["media_key"]): str(medium.get("type")) for medium in _with("media_key", media)},
        )


def words_of(text: str) -> str:
    """Return the words alone, to compare a sent text with X's version: X escapes, and shortens addresses."""
    return " ".join(_LINK.sub("", html.unescape(text)).split())


def references_of(item: Values) -> Iterable[Any]:
    """Return the posts that a post of API v2 refers to, each with its type and id."""
    references: Iterable[Any] = item.get("referenced_posts") or item.get("referenced_tweets") or ()
    return references


@dataclass(slots=True)
class Reader:
    """Reads messages for one channel. `me` is the id of the account; `handles` are those of recent writers, by id."""

    channel: str
    handles: dict[str, str] = field(default_factory=dict)

    def call(self, content: Values, me: str) -> Iterator[Inbound]:
        """Read a webhook call. Events of another account of the app, and unknown events, are left out."""
        event, owner = content.get("data"), str(content.get("for_user_id", ""))
        if isinstance(event, dict) and isinstance(event.get("payload"), dict):
            narrow = event.get("filter")
            owner = str(narrow.get("user_id", "")) if isinstance(narrow, dict) else ""
            messages = self._activity(str(event.get("event_type")), event, owner)
        else:
            messages = self._account_activity(content, owner)
        return messages if owner and owner == (me or owner) else iter(())

    def item(self, item: Values, includes: Includes, *, private: bool, me: str) -> list[Inbound]:
        """Read one item of a list of API v2; return [] where it cannot be read."""
        read = self.message if private else self.post
        return list(_read_each([item], lambda piece: read(piece, includes, me)))

    def message(self, item: Values, includes: Includes, me: str) -> list[Inbound]:
        """Read a direct message of API v2."""
        if item.get("event_type", "MessageCreate") != "MessageCreate":
            return []
        self._remember_handles(includes)
        keys = (item.get("attachments") or {}).get("media_keys") or ()
        kinds = [includes.media.get(key, "") for key in keys]
        return [self._direct(item, kinds, includes, me, item)]

    def post(self, item: Values, includes: Includes, me: str, raw: Values | None = None) -> list[Inbound]:
        """Read a post of API v2 to the account, or its reply to somebody; an edited post gives two messages."""
        self._remember_handles(includes)
        about = {str(reference["type"]): str(reference["id"]) for reference in references_of(item)}
        own = str(item["author_id"]) == me
        if "retweeted" in about or (own and "replied_to" not in about):
            return []
        history = _edit_history(item)
        first = self._public(item, about, str(history[0]), includes, me, raw or item)
        if len(history) == 1 or own:
            return [first]
        edit = Post("edit", about=first.external_id, link=_link(item["id"]))
        return [first, self._inbound(item, str(item["id"]), first.sender, edit, raw or item)]

    def _activity(self, kind: str, event: Values, owner: str) -> Iterator[Inbound]:
        payload = event["payload"]
        if kind in ("dm.received", "dm.sent"):
            if "direct_message_events" in payload:
                yield from self._account_activity(payload, owner)
            else:
                yield from _read_each([payload], lambda dm: self.message(dm, _includes_of(payload), owner))
        elif kind in _POSTS:
            to_us = {"in_reply_to_user_id": owner} if kind == "post.reply.create" else {}
            yield from _read_each(
                [payload], lambda post: self.post({**post, **to_us}, _includes_of(event), owner, post)
            )
        elif kind == "post.delete":
            yield from _read_each([payload], self._deleted)
        elif kind in ("chat.received", "chat.sent"):
            yield from _read_each(
                [payload], lambda chat: [self._direct(_chat(chat), ["encrypted"], Includes(), owner, chat)]
            )

    def _account_activity(self, content: Values, owner: str) -> Iterator[Inbound]:
        includes = Includes.of({"users": content.get("users")})
        yield from _read_each(
            content.get("direct_message_events"), lambda event: self._v1_message(event, includes, owner)
        )
        yield from _read_each(content.get("tweet_create_events"), lambda tweet: self._v1_post(tweet, owner))
        yield from _read_each(content.get("tweet_delete_events"), lambda deletion: self._deleted(deletion["status"]))

    def _v1_message(self, event: Values, includes: Includes, me: str) -> list[Inbound]:
        if event["type"] != "message_create":
            return []
        self._remember_handles(includes)
        content = event["message_create"]
        data, sender = content["message_data"], str(content["sender_id"])
        attachment = data.get("attachment") or {}
        item = {
            "id": event["id"],
            "sender_id": sender,
            "dm_conversation_id": f"{sender}-{content['target']['recipient_id']}",
            "created_at": _of_milliseconds(event["created_timestamp"]),
            "text": data.get("text"),
        }
        kinds = [(attachment.get("media") or {}).get("type") or str(attachment.get("type"))] if attachment else []
        return [self._direct(item, kinds, includes, me, event)]

    def _v1_post(self, tweet: Values, me: str) -> list[Inbound]:
        if "retweeted_status" in tweet:
            return []
        full = tweet.get("extended_tweet") or tweet
        media = (full.get("extended_entities") or tweet.get("extended_entities") or {}).get("media") or ()
        item = {
            "id": tweet["id_str"],
            "author_id": tweet["user"]["id_str"],
            "text": full.get("full_text") or tweet["text"],
            "created_at": _v1_instant(tweet),
            "in_reply_to_user_id": tweet.get("in_reply_to_user_id_str"),
            "referenced_posts": _v1_references(tweet),
            "display_text_range": full.get("display_text_range"),
            "entities": {"mentions": _v1_mentions(full)},
            "attachments": {"media_keys": [str(number) for number in range(len(media))]},
        }
        people = {str(tweet["user"]["id_str"]): _person(tweet["user"])}
        includes = Includes(people, {str(number): medium["type"] for number, medium in enumerate(media)})
        return self.post(item, includes, me, tweet)

    def _direct(self, item: Values, kinds: Iterable[str], includes: Includes, me: str, raw: Values) -> Inbound:
        """Read a direct message. The thread of two people is named after the partner; a group has its own name."""
        sender, thread = str(item["sender_id"]), str(item.get("dm_conversation_id") or "")
        pair = thread.split("-")
        partner = next((participant for participant in pair if participant != me), sender) if len(pair) == 2 else ""
        writer = includes.people.get(sender, Person())
        post = Post(
            conversation=f"{ADDRESS}{partner}" if partner else f"group:{thread}",
            by_program=writer.automated,
            holds=_holds(kinds),
            link=f"https://x.com/messages/{thread}" if thread else "",
        )
        party = None if sender == me else Party(f"{ADDRESS}{sender}", writer.name)
        return self._inbound(item, f"{DM}{item['id']}", party, post, raw)

    def _public(
        self, item: Values, about: Mapping[str, str], name: str, includes: Includes, me: str, raw: Values
    ) -> Inbound:
        author, parent = str(item["author_id"]), about.get("replied_to", "")
        writer = includes.people.get(author, Person())
        keys = (item.get("attachments") or {}).get("media_keys") or ()
        post = Post(
            kind="mention" if author == me or _addresses_account(item, parent, me) else "comment",
            answers=(parent,) if parent else (),
            by_program=writer.automated,
            holds=_holds(includes.media.get(key, "") for key in keys),
            link=_link(item["id"]),
        )
        return self._inbound(item, name, None if author == me else Party(f"{ADDRESS}{author}", writer.name), post, raw)

    def _inbound(self, item: Values, name: str, sender: Party | None, post: Post, raw: Values) -> Inbound:
        long = item.get("note_post") or item.get("note_tweet") or {}
        text = html.unescape(str(long.get("text") or item.get("text") or ""))
        return Inbound(
            channel=self.channel,
            external_id=name,
            digest=hashlib.sha256(text.encode()).hexdigest(),
            sender=sender,
            text=text,
            received_at=datetime.fromisoformat(item["created_at"]),
            outgoing=sender is None,
            visibility="private" if post.conversation else "public",
            post=post,
            raw=json.dumps(raw, ensure_ascii=False).encode("utf-8", "replace"),
        )

    def _deleted(self, status: Values) -> list[Inbound]:
        about = Post("deletion", about=str(status["id"]))
        return [Inbound(self.channel, f"{about.about} deleted", "", None, visibility="public", post=about)]

    def _remember_handles(self, includes: Includes) -> None:
        if len(self.handles) > _MOST_HANDLES:
            self.handles.clear()
        self.handles.update({name: person.handle for name, person in includes.people.items() if person.handle})


def _read_each(items: Any, read: Callable[[Any], Iterable[Inbound]]) -> Iterator[Inbound]:
    """Yield what can be read; a malformed item does not affect its neighbours, and polling fetches it again."""
    for item in items if isinstance(items, list) else ():
        try:
            yield from list(read(item))
        except _FLAWS:
            continue


def _addresses_account(item: Values, parent: str, me: str) -> bool:
    """Tell whether a post mentions the account in its own words, or replies to it in a thread of another.

    X puts the handles of a reply's recipients before its text; `display_text_range` begins after them.
    """
    begins = (item.get("display_text_range") or [0])[0]
    mentions = (item.get("entities") or {}).get("mentions") or ()
    if any(str(mention.get("id")) == me and mention.get("start", 0) >= begins for mention in mentions):
        return True
    thread = str(item.get("conversation_id") or parent)
    return str(item.get("in_reply_to_user_id")) == me and parent != thread


def _holds(kinds: Iterable[str]) -> tuple[str, ...]:
    return tuple(_HOLDS.get(kind, "unsupported") for kind in kinds)


def _includes_of(values: Values) -> Includes:
    includes = values.get("includes")
    return Includes.of(includes) if isinstance(includes, dict) else Includes()


def _person(user: Values) -> Person:
    affiliation = user.get("affiliation")
    automated = isinstance(affiliation, dict) and affiliation.get("description") == "Automated"
    return Person(str(user.get("name") or ""), str(user.get("username") or user.get("screen_name") or ""), automated)


def _chat(payload: Values) -> dict[str, Any]:
    thread = str(payload.get("conversation_id") or "").replace(":", "-")
    at = _of_milliseconds(payload["created_at_msec"])
    return {"id": payload["id"], "sender_id": payload["sender_id"], "dm_conversation_id": thread, "created_at": at}


def _edit_history(item: Values) -> list[Any]:
    """Return the ids of a post's versions, the first one first."""
    history: list[Any] = item.get("edit_history_post_ids") or item.get("edit_history_tweet_ids") or [item["id"]]
    return history


def _with(key: str, items: Iterable[Any]) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict) and key in item]


def _v1_references(tweet: Values) -> list[dict[str, Any]]:
    ids = {"replied_to": tweet.get("in_reply_to_status_id_str"), "quoted": tweet.get("quoted_status_id_str")}
    return [{"type": kind, "id": name} for kind, name in ids.items() if name]


def _v1_mentions(tweet: Values) -> list[dict[str, Any]]:
    mentions = (tweet.get("entities") or {}).get("user_mentions") or ()
    return [{"id": mention["id_str"], "start": mention["indices"][0]} for mention in mentions]


def _v1_instant(tweet: Values) -> str:
    if "timestamp_ms" in tweet:
        return _of_milliseconds(tweet["timestamp_ms"])
    return datetime.strptime(tweet["created_at"], "%a %b %d %H:%M:%S %z %Y").isoformat()


def _of_milliseconds(value: Any) -> str:
    return datetime.fromtimestamp(int(value) / 1000, UTC).isoformat()


def _link(name: Any) -> str:
    return f"https://x.com/i/web/status/{name}"
