"""What X tells of a message, in its three shapes: API v2, Account Activity (v1.1 objects) and the X Activity API.

docs.x.com: x-api/activity/event-payloads, account-activity-data-objects, "Tweet object (v1.1)". What is v1.1 is first
made what it would be in v2. Identifiers are strings. X calls tweets posts since 2026; both names are read.
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

# Direct messages and posts are numbered apart.
DM, ADDRESS = "dm:", "x:"
_HOLDS = {"photo": "image", "animated_gif": "image", "video": "video", "audio": "audio", "location": "location"}
_POSTS = ("post.create", "post.mention.create", "post.reply.create", "post.quote.create")
# twitter-text counts these as one character, all others as two.
_NARROW = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_LINK = re.compile(r"https?://\S+")
_MOST_HANDLES = 10_000
_FLAWS = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError)
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """Who wrote: the name shown, the handle, and whether X marks the account as automated."""

    name: str = ""
    handle: str = ""
    automated: bool = False


@dataclass(frozen=True, slots=True)
class Included:
    """What came beside the messages: people by id, and what media are by key."""

    people: Mapping[str, Person] = field(default_factory=dict)
    media: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Values) -> "Included":
        """From `includes`, or from the map `users` beside direct messages; a person may stand in a `data`."""
        users, media = values.get("users") or (), values.get("media") or ()
        listed = users.values() if isinstance(users, dict) else users
        people = [user.get("data", user) for user in listed if isinstance(user, dict)]
        return cls(
            {str(user["id"]): _person(user) for user in people if isinstance(user, dict) and "id" in user},
            {
                str(one["media_key"]): str(one.get("type"))
                for one in media
                if isinstance(one, dict) and "media_key" in one
            },
        )


def words_of(text: str) -> str:
    """The words alone, to compare what was sent with what X made of it: it escapes, and shortens addresses."""
    return " ".join(_LINK.sub("", html.unescape(text)).split())


def weight(text: str) -> int:
    """The length of a post as X counts it (docs.x.com, "Counting characters")."""
    return sum(1 if any(low <= ord(char) <= high for low, high in _NARROW) else 2 for char in text)


@dataclass(slots=True)
class Reader:
    """Makes the messages of one channel. `me` is the id of the account; `handles` are those of people met of late."""

    channel: str
    handles: dict[str, str] = field(default_factory=dict)

    def call(self, content: Values, me: str) -> Iterator[Inbound]:
        """What X calls us with. What is another account's of the app, and what we do not know, is left out."""
        event, owner = content.get("data"), str(content.get("for_user_id", ""))
        if isinstance(event, dict) and isinstance(event.get("payload"), dict):
            narrow = event.get("filter")
            owner = str(narrow.get("user_id", "")) if isinstance(narrow, dict) else ""
            found = self._activity(str(event.get("event_type")), event, owner)
        else:
            found = self._account_activity(content, owner)
        return found if owner and owner == (me or owner) else iter(())

    def item(self, item: Values, included: Included, *, private: bool, me: str) -> list[Inbound]:
        """One of a list of API v2; nothing where it cannot be read."""
        read = self.message if private else self.post
        return list(_each([item], lambda one: read(one, included, me)))

    def message(self, item: Values, included: Included, me: str) -> list[Inbound]:
        """A direct message of API v2."""
        if item.get("event_type", "MessageCreate") != "MessageCreate":
            return []
        self._meet(included)
        keys = (item.get("attachments") or {}).get("media_keys") or ()
        kinds = [included.media.get(key, "") for key in keys]
        return [self._direct(item, kinds, included, me, item)]

    def post(self, item: Values, included: Included, me: str, raw: Values | None = None) -> list[Inbound]:
        """A post of API v2 that is said to us, or by us to somebody; one that was edited is told as both."""
        self._meet(included)
        named = item.get("referenced_posts") or item.get("referenced_tweets") or ()
        about = {str(one["type"]): str(one["id"]) for one in named}
        own = str(item["author_id"]) == me
        if "retweeted" in about or (own and "replied_to" not in about):
            return []
        history = item.get("edit_history_post_ids") or item.get("edit_history_tweet_ids") or [item["id"]]
        first = self._public(item, about, str(history[0]), included, me, raw or item)
        if len(history) == 1 or own:
            return [first]
        edit = Post("edit", about=first.external_id, link=_link(item["id"]))
        return [first, self._made(item, str(item["id"]), first.sender, edit, raw or item)]

    def _activity(self, kind: str, event: Values, owner: str) -> Iterator[Inbound]:
        payload = event["payload"]
        if kind in ("dm.received", "dm.sent"):
            if "direct_message_events" in payload:
                yield from self._account_activity(payload, owner)
            else:
                yield from _each([payload], lambda one: self.message(one, _included(payload), owner))
        elif kind in _POSTS:
            to_us = {"in_reply_to_user_id": owner} if kind == "post.reply.create" else {}
            yield from _each([payload], lambda one: self.post({**one, **to_us}, _included(event), owner, one))
        elif kind == "post.delete":
            yield from _each([payload], self._deleted)
        elif kind in ("chat.received", "chat.sent"):
            yield from _each([payload], lambda one: [self._direct(_chat(one), ["encrypted"], Included(), owner, one)])

    def _account_activity(self, content: Values, owner: str) -> Iterator[Inbound]:
        included = Included.of({"users": content.get("users")})
        yield from _each(content.get("direct_message_events"), lambda one: self._v1_message(one, included, owner))
        yield from _each(content.get("tweet_create_events"), lambda one: self._v1_post(one, owner))
        yield from _each(content.get("tweet_delete_events"), lambda one: self._deleted(one["status"]))

    def _v1_message(self, event: Values, included: Included, me: str) -> list[Inbound]:
        if event["type"] != "message_create":
            return []
        self._meet(included)
        said = event["message_create"]
        data, sender = said["message_data"], str(said["sender_id"])
        attached = data.get("attachment") or {}
        item = {
            "id": event["id"],
            "sender_id": sender,
            "dm_conversation_id": f"{sender}-{said['target']['recipient_id']}",
            "created_at": _of_milliseconds(event["created_timestamp"]),
            "text": data.get("text"),
        }
        kinds = [(attached.get("media") or {}).get("type") or str(attached.get("type"))] if attached else []
        return [self._direct(item, kinds, included, me, event)]

    def _v1_post(self, tweet: Values, me: str) -> list[Inbound]:
        if "retweeted_status" in tweet:
            return []
        full = tweet.get("extended_tweet") or tweet
        named = [("replied_to", tweet.get("in_reply_to_status_id_str")), ("quoted", tweet.get("quoted_status_id_str"))]
        media = ((full.get("extended_entities") or tweet.get("extended_entities") or {}).get("media")) or ()
        mentions = (full.get("entities") or {}).get("user_mentions") or ()
        item = {
            "id": tweet["id_str"],
            "author_id": tweet["user"]["id_str"],
            "text": full.get("full_text") or tweet["text"],
            "created_at": _v1_instant(tweet),
            "in_reply_to_user_id": tweet.get("in_reply_to_user_id_str"),
            "referenced_posts": [{"type": kind, "id": name} for kind, name in named if name],
            "display_text_range": full.get("display_text_range"),
            "entities": {"mentions": [{"id": one["id_str"], "start": one["indices"][0]} for one in mentions]},
            "attachments": {"media_keys": [str(number) for number in range(len(media))]},
        }
        people = {str(tweet["user"]["id_str"]): _person(tweet["user"])}
        included = Included(people, {str(number): one["type"] for number, one in enumerate(media)})
        return self.post(item, included, me, tweet)

    def _direct(self, item: Values, kinds: Iterable[str], included: Included, me: str, raw: Values) -> Inbound:
        """Of two people the thread is the other one's; a group has a name of its own."""
        sender, thread = str(item["sender_id"]), str(item.get("dm_conversation_id") or "")
        pair = thread.split("-")
        other = next((one for one in pair if one != me), sender) if len(pair) == 2 else ""
        who = included.people.get(sender, Person())
        post = Post(
            conversation=f"{ADDRESS}{other}" if other else f"group:{thread}",
            by_program=who.automated,
            holds=_holds(kinds),
            link=f"https://x.com/messages/{thread}" if thread else "",
        )
        party = None if sender == me else Party(f"{ADDRESS}{sender}", who.name)
        return self._made(item, f"{DM}{item['id']}", party, post, raw)

    def _public(
        self, item: Values, about: Mapping[str, str], name: str, included: Included, me: str, raw: Values
    ) -> Inbound:
        author, answered = str(item["author_id"]), about.get("replied_to", "")
        who = included.people.get(author, Person())
        keys = (item.get("attachments") or {}).get("media_keys") or ()
        post = Post(
            kind="mention" if author == me or _asks(item, answered, me) else "comment",
            answers=(answered,) if answered else (),
            by_program=who.automated,
            holds=_holds(included.media.get(key, "") for key in keys),
            link=_link(item["id"]),
        )
        return self._made(item, name, None if author == me else Party(f"{ADDRESS}{author}", who.name), post, raw)

    def _made(self, item: Values, name: str, sender: Party | None, post: Post, raw: Values) -> Inbound:
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

    def _meet(self, included: Included) -> None:
        if len(self.handles) > _MOST_HANDLES:
            self.handles.clear()
        self.handles.update({name: person.handle for name, person in included.people.items() if person.handle})


def _each(items: Any, read: Callable[[Any], Iterable[Inbound]]) -> Iterator[Inbound]:
    """What can be read; a malformed one does not cost its neighbours, and polling brings it again."""
    for item in items if isinstance(items, list) else ():
        try:
            yield from list(read(item))
        except _FLAWS:
            continue


def _asks(item: Values, answered: str, me: str) -> bool:
    """Whether it names us in its own words, or goes on with us in a thread that is not ours.

    X puts before a reply whom it goes to; `display_text_range` begins after them.
    """
    begins = (item.get("display_text_range") or [0])[0]
    mentions = (item.get("entities") or {}).get("mentions") or ()
    if any(str(one.get("id")) == me and one.get("start", 0) >= begins for one in mentions):
        return True
    thread = str(item.get("conversation_id") or answered)
    return str(item.get("in_reply_to_user_id")) == me and answered != thread


def _holds(kinds: Iterable[str]) -> tuple[str, ...]:
    return tuple(_HOLDS.get(kind, "unsupported") for kind in kinds)


def _included(values: Values) -> Included:
    includes = values.get("includes")
    return Included.of(includes) if isinstance(includes, dict) else Included()


def _person(user: Values) -> Person:
    affiliation = user.get("affiliation")
    automated = isinstance(affiliation, dict) and affiliation.get("description") == "Automated"
    return Person(str(user.get("name") or ""), str(user.get("username") or user.get("screen_name") or ""), automated)


def _chat(payload: Values) -> dict[str, Any]:
    thread = str(payload.get("conversation_id") or "").replace(":", "-")
    at = _of_milliseconds(payload["created_at_msec"])
    return {"id": payload["id"], "sender_id": payload["sender_id"], "dm_conversation_id": thread, "created_at": at}


def _v1_instant(tweet: Values) -> str:
    if "timestamp_ms" in tweet:
        return _of_milliseconds(tweet["timestamp_ms"])
    return datetime.strptime(tweet["created_at"], "%a %b %d %H:%M:%S %z %Y").isoformat()


def _of_milliseconds(value: Any) -> str:
    return datetime.fromtimestamp(int(value) / 1000, UTC).isoformat()


def _link(name: Any) -> str:
    return f"https://x.com/i/web/status/{name}"
