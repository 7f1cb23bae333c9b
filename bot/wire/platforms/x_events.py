"""Reads messages from X in their three shapes: API v2, Account Activity (v1.1 objects) and the X Activity API.

docs.x.com: x-api/activity/event-payloads, account-activity-data-objects, "Tweet object (v1.1)". Objects of v1.1 are
first converted to v2. Identifiers are strings. X calls tweets posts since 2026; both names are read.
"""

import hashlib
import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.core.messages import Inbound, Party, Post, RemoteFile
from bot.wire.platforms import x_v1
from bot.wire.platforms.reading import NotUnderstood, read_each, with_raw
from bot.wire.platforms.x_calls import CONTEXT, Values, beside, is_ignored, pieces

# Direct messages and posts are numbered separately.
DM, ADDRESS = "dm:", "x:"
_HOLDS = {"photo": "image", "animated_gif": "image", "video": "video", "audio": "audio", "location": "location"}
_POSTS = ("post.create", "post.mention.create", "post.reply.create", "post.quote.create")
# twitter-text counts characters in these ranges as one, all others as two.
_LINK = re.compile(r"https?://\S+")
_MOST_HANDLES = 10_000


@dataclass(frozen=True, slots=True)
class Person:
    """The writer: display name, handle, and whether X marks the account as automated."""

    name: str = ""
    handle: str = ""
    automated: bool = False


@dataclass(frozen=True, slots=True)
class Includes:
    """The objects that accompany the messages: people by id, and media by key."""

    people: Mapping[str, Person] = field(default_factory=dict)
    media: Mapping[str, Values] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Values) -> "Includes":
        """Read `includes`, or the map `users` beside direct messages; a person may be inside a `data` object."""
        users, media = values.get("users") or (), values.get("media") or ()
        items = users.values() if isinstance(users, dict) else users
        people = _with("id", (user.get("data", user) for user in items if isinstance(user, dict)))
        return cls(
            {str(user["id"]): _person(user) for user in people},
            {str(medium["media_key"]): medium for medium in _with("media_key", media)},
        )

    def media_of(self, item: Values) -> list[Values]:
        """Return the media of a message or post; one that X does not describe is of no kind."""
        return [self.media.get(key, {}) for key in (item.get("attachments") or {}).get("media_keys") or ()]


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
        """Read a webhook call; what is not understood is kept, and nothing is dropped."""
        return read_each(self.channel, pieces(content), lambda piece: self.piece(piece, me))

    def items(self, items: Iterable[tuple[str, Any, Values]], me: str) -> Iterator[Inbound]:
        """Read items of lists of API v2, each with the name of its list and what accompanies it."""
        pieces_of_lists = (
            {"list": name, "item": item, "includes": beside(item, more), "me": me} for name, item, more in items
        )
        return read_each(self.channel, pieces_of_lists, lambda piece: self.piece(piece, me))

    def piece(self, piece: Values, me: str) -> list[Inbound]:
        """Read one event of a call, or one item of a list. Raises NotUnderstood, and the errors of a wrong shape."""
        return list(with_raw(self._read(piece, me or str(piece.get("me", ""))), piece))

    def _read(self, piece: Values, me: str) -> list[Inbound]:
        if "list" in piece:
            read = self.message if piece["list"] == "messages" else self.post
            return read(piece["item"], Includes.of(piece["includes"]), me)
        if "data" in piece:
            kind = piece["data"]["event_type"]
            return [] if is_ignored(kind) else self._activity(kind, piece["data"], me)
        return list(self._account_activity(piece, me))

    def message(self, item: Values, includes: Includes, me: str) -> list[Inbound]:
        """Read a direct message of API v2."""
        kind = item.get("event_type", "MessageCreate")
        if is_ignored(kind):
            return []
        if kind != "MessageCreate":
            raise NotUnderstood(f"a direct message of the kind {kind}")
        self._remember_handles(includes)
        return [self._direct(item, includes.media_of(item), includes, me)]

    def post(self, item: Values, includes: Includes, me: str) -> list[Inbound]:
        """Read a post of API v2 to the account, or its reply to somebody; an edited post gives two messages."""
        self._remember_handles(includes)
        about = {str(reference["type"]): str(reference["id"]) for reference in references_of(item)}
        own = str(item["author_id"]) == me
        if "retweeted" in about or (own and "replied_to" not in about):
            return []
        history = _edit_history(item)
        first = self._public(item, about, str(history[0]), includes, me)
        if len(history) == 1 or own:
            return [first]
        edit = Post("edit", about=first.external_id, link=_link(item["id"]))
        return [first, self._inbound(item, str(item["id"]), first.sender, edit)]

    def _activity(self, kind: str, event: Values, me: str) -> list[Inbound]:
        payload, owner = event["payload"], str(event["filter"]["user_id"])
        if owner != (me or owner):
            return []  # another account of the app
        if kind in ("dm.received", "dm.sent"):
            if "direct_message_events" in payload:
                return list(self._account_activity({**payload, "for_user_id": owner}, me))
            return self.message(payload, _includes_of(payload), owner)
        if kind in _POSTS:
            to_us = {"in_reply_to_user_id": owner} if kind == "post.reply.create" else {}
            return self.post({**payload, **to_us}, _includes_of(event), owner)
        if kind == "post.delete":
            return self._deleted(payload)
        if kind in ("chat.received", "chat.sent"):
            return [self._direct(_chat(payload), [{"type": "encrypted"}], Includes(), owner)]
        raise NotUnderstood(f"an event of the kind {kind}")

    def _account_activity(self, content: Values, me: str) -> Iterator[Inbound]:
        kinds = [kind for kind in content if kind not in CONTEXT and not is_ignored(kind)]
        if not kinds and not any(map(is_ignored, content)):
            raise NotUnderstood("a call without an event")
        for kind in kinds:
            owner = str(content["for_user_id"])
            yield from self._v1_event(kind, content, owner) if owner == (me or owner) else ()

    def _v1_event(self, kind: str, content: Values, owner: str) -> Iterator[Inbound]:
        if not content[kind] or not isinstance(content[kind], list):
            raise NotUnderstood(f"{kind} that are none")
        includes = Includes.of({"users": content.get("users")})
        for event in content[kind]:
            if kind == "direct_message_events":
                self._remember_handles(includes)
                item, media = x_v1.message(event)
                yield self._direct(item, media, includes, owner)
            elif kind == "tweet_create_events":
                yield from self._v1_post(event, owner)
            elif kind == "tweet_delete_events":
                yield from self._deleted(event["status"])
            else:
                raise NotUnderstood(f"an event of the kind {kind}")

    def _v1_post(self, tweet: Values, me: str) -> list[Inbound]:
        if "retweeted_status" in tweet:
            return []
        item, media = x_v1.post(tweet)
        return self.post(item, Includes({item["author_id"]: _person(tweet["user"])}, media), me)

    def _direct(self, item: Values, media: Sequence[Values], includes: Includes, me: str) -> Inbound:
        """Read a direct message. The thread of two people is named after the partner; a group has its own name."""
        sender, thread = str(item["sender_id"]), str(item.get("dm_conversation_id") or "")
        pair = thread.split("-")
        partner = next((participant for participant in pair if participant != me), sender) if len(pair) == 2 else ""
        writer = includes.people.get(sender, Person())
        post = Post(
            conversation=f"{ADDRESS}{partner}" if partner else f"group:{thread}",
            by_program=writer.automated,
            holds=_holds(media),
            files=_files(media),
            link=f"https://x.com/messages/{thread}" if thread else "",
        )
        party = None if sender == me else Party(f"{ADDRESS}{sender}", writer.name)
        return self._inbound(item, f"{DM}{item['id']}", party, post)

    def _public(self, item: Values, about: Mapping[str, str], name: str, includes: Includes, me: str) -> Inbound:
        author, parent = str(item["author_id"]), about.get("replied_to", "")
        writer = includes.people.get(author, Person())
        media = includes.media_of(item)
        post = Post(
            kind="mention" if author == me or _addresses_account(item, parent, me) else "comment",
            answers=(parent,) if parent else (),
            by_program=writer.automated,
            holds=_holds(media),
            files=_files(media),
            link=_link(item["id"]),
        )
        return self._inbound(item, name, None if author == me else Party(f"{ADDRESS}{author}", writer.name), post)

    def _inbound(self, item: Values, name: str, sender: Party | None, post: Post) -> Inbound:
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
        )

    def _deleted(self, status: Values) -> list[Inbound]:
        about = Post("deletion", about=str(status["id"]))
        return [Inbound(self.channel, f"{about.about} deleted", "", None, visibility="public", post=about)]

    def _remember_handles(self, includes: Includes) -> None:
        if len(self.handles) > _MOST_HANDLES:
            self.handles.clear()
        self.handles.update({name: person.handle for name, person in includes.people.items() if person.handle})


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


def _holds(media: Iterable[Values]) -> tuple[str, ...]:
    return tuple(_HOLDS.get(str(medium.get("type")), "unsupported") for medium in media)


def _files(media: Iterable[Values]) -> tuple[RemoteFile, ...]:
    """Return the media that can be fetched: a picture by its address, of a film the best version in one piece."""
    addresses = ((_HOLDS.get(str(medium.get("type"))), _address(medium)) for medium in media)
    return tuple(RemoteFile(kind, address) for kind, address in addresses if kind and address)


def _address(medium: Values) -> str:
    films = [film for film in medium.get("variants") or () if film.get("content_type") == "video/mp4"]
    best: Values = max(films, key=lambda film: int(film.get("bit_rate") or film.get("bitrate") or 0), default={})
    return str(best.get("url") or medium.get("url") or "")


def _includes_of(values: Values) -> Includes:
    includes = values.get("includes")
    return Includes.of(includes) if isinstance(includes, dict) else Includes()


def _person(user: Values) -> Person:
    affiliation = user.get("affiliation")
    automated = isinstance(affiliation, dict) and affiliation.get("description") == "Automated"
    return Person(str(user.get("name") or ""), str(user.get("username") or user.get("screen_name") or ""), automated)


def _chat(payload: Values) -> dict[str, Any]:
    thread = str(payload.get("conversation_id") or "").replace(":", "-")
    at = x_v1.of_milliseconds(payload["created_at_msec"])
    return {"id": payload["id"], "sender_id": payload["sender_id"], "dm_conversation_id": thread, "created_at": at}


def _edit_history(item: Values) -> list[Any]:
    """Return the ids of a post's versions, the first one first."""
    history: list[Any] = item.get("edit_history_post_ids") or item.get("edit_history_tweet_ids") or [item["id"]]
    return history


def _with(key: str, items: Iterable[Any]) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict) and key in item]


def _link(name: Any) -> str:
    return f"https://x.com/i/web/status/{name}"
