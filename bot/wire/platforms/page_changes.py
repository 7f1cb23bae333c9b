"""Reads the public changes of a Facebook Page: comments, posts of visitors, reviews, mentions.

Source: developers.facebook.com/docs/graph-api/webhooks/reference/page (feed, mention, ratings).
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bot.core.messages import Inbound, Party, Post
from bot.wire.platforms import meta
from bot.wire.platforms.meta import words
from bot.wire.platforms.reading import NotUnderstood

Kind = Literal["message", "mention", "comment", "edit", "deletion"]
# What stands in public by itself; people write such a post to the Page, or name it in one of their own.
_POSTS = frozenset({"post", "status", "photo", "video", "share", "album", "link", "note", "tag", "mention", "story"})
_LATER: Mapping[str, Kind] = {"edit": "edit", "edited": "edit", "remove": "deletion", "delete": "deletion"}
_ITEMS, _VERBS = _POSTS | {"comment", "rating"}, {"add", *_LATER}
# Changes that bring nothing for anybody to do, each with its reason; any other that we do not read is kept raw.
IGNORED_ITEMS: Mapping[str, str] = {
    "reaction": "a mark without words under what stands in public",
    "like": "a mark without words under what stands in public",
    "event": "the Page has announced something itself",
    "milestone": "the Page says something of itself",
    "profile": "the Page says something of itself",
    "page": "the Page says something of itself",
    "picture": "the Page says something of itself",
    "coupon": "the Page offers something itself",
}
IGNORED_VERBS: Mapping[str, str] = {
    "hide": "staff have hidden it",
    "unhide": "staff show it again",
    "block": "staff have shut somebody out",
    "unblock": "staff let somebody in again",
    "mute": "staff have silenced something",
    "follow": "somebody wants to see more, and writes nothing",
    "update": "the platform has counted anew what it says of it",
}
_OF_ITSELF = "the Page says something of itself"
IGNORED_FIELDS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("about", "affiliation", "attire", "awards", "bio", "birthday", "category", "company_overview"),
            *("culinary_team", "current_location", "description", "email", "founded", "general_info"),
            *("general_manager", "hometown", "hours", "location", "members", "mission", "name", "page_about_story"),
            *("parking", "payment_options", "personal_info", "personal_interests", "phone", "picture", "price_range"),
            *("products", "public_transit", "website", "live_videos", "videos"),
        ),
        _OF_ITSELF,
    ),
    **dict.fromkeys(
        ("feature_access_list", "page_change_proposal", "page_upcoming_change", "publisher_subscriptions"),
        "a matter between the Page and the platform",
    ),
    "conversations": "that a thread has changed; the message comes by itself",
    "inbox_labels": "staff sort their threads",
    "checkins": "how many people have been there",
}


@dataclass(frozen=True, slots=True)
class PageChanges:
    """The public changes of one Page: `own` is its id, `prefix` begins the addresses of people."""

    channel: str
    prefix: str
    own: str

    def read(self, field: str, value: Mapping[str, Any]) -> Iterator[Inbound]:
        """Yield the message in a change, nothing where it is rightly ignored; raises NotUnderstood for any other."""
        item, verb = value.get("item"), value.get("verb")
        if field in IGNORED_FIELDS or item in IGNORED_ITEMS or verb in IGNORED_VERBS:
            return
        if field not in ("feed", "mention", "ratings"):
            raise NotUnderstood("a change of a Page in a field that we do not know")
        if item not in _ITEMS or verb not in _VERBS:
            raise NotUnderstood("a change of a Page of a kind that we do not know")
        writer = self._writer(value)
        is_own = writer is not None and writer.address == f"{self.prefix}{self.own}"
        if item == "comment" or not is_own:  # what the Page publishes asks nobody for anything
            yield self._message(field, value, writer, is_own=is_own)

    def _message(self, field: str, value: Mapping[str, Any], writer: Party | None, *, is_own: bool) -> Inbound:
        name, kind = _name(value), _kind(field, value)
        about = name if kind in ("edit", "deletion") else ""
        parents = [str(value[key]) for key in ("parent_id", "post_id", "open_graph_story_id") if value.get(key)]
        text = _text(value)
        return Inbound(
            channel=self.channel,
            external_id=f"{name} {value.get('verb')} {value.get('created_time')}" if about else name,
            digest=hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(),
            sender=None if is_own else writer,
            text=text,
            received_at=meta.instant(value.get("created_time")),
            outgoing=is_own,
            visibility="public",
            post=Post(
                "message" if is_own and not about else kind,
                answers=tuple(parent for parent in parents if parent != name),
                about=about,
                holds=_holds(value),
                link=_link(value),
            ),
        )

    def _writer(self, value: Mapping[str, Any]) -> Party | None:
        """Return who made a change: `from` has the id and the name, others the id alone, and a review its own names.

        The platform leaves out whom it may not name.
        """
        writer = meta.part(value, "from")
        number = writer.get("id") or value.get("sender_id") or value.get("reviewer_id")
        name = writer.get("name") or value.get("sender_name") or value.get("reviewer_name") or ""
        return Party(f"{self.prefix}{number}", str(name)) if isinstance(number, str | int) and number else None


def _kind(field: str, value: Mapping[str, Any]) -> Kind:
    if later := _LATER.get(str(value.get("verb"))):
        return later
    # A comment or a review stands under something of the Page's; a post of a visitor is addressed to it.
    return "mention" if field == "mention" or value.get("item") in _POSTS else "comment"


def _name(value: Mapping[str, Any]) -> str:
    """Return the platform's name of what was written."""
    item = value.get("item")
    of_posts = ("post_id", "share_id", "photo_id", "video_id")
    keys = {"comment": ("comment_id",), "rating": ("open_graph_story_id", "post_id")}.get(str(item), of_posts)
    name = next((value[key] for key in keys if value.get(key)), None)
    if item == "comment" and name is None:
        raise NotUnderstood("a comment without its id")
    if not isinstance(name, str | int):
        raise NotUnderstood("a change of a Page without its id")
    return str(name)


def _text(value: Mapping[str, Any]) -> str:
    """Return what was written; of a review, whether it recommends, too."""
    text = words(value, "message") or words(value, "review_text")
    if value.get("item") != "rating":
        return text
    opinion = {"positive": "Recommends the Page.", "negative": "Does not recommend the Page."}
    stars = f"Rating: {value['rating']}." if value.get("rating") else ""
    return "\n".join(filter(None, (opinion.get(str(value.get("recommendation_type", "")).lower(), stars), text)))


def _holds(value: Mapping[str, Any]) -> tuple[str, ...]:
    kinds = [kind for kind in ("photo", "video") if value.get(kind) or (kind == "photo" and value.get("photos"))]
    item = str(value.get("item"))
    kinds += [item] if item in _POSTS - {"post", "status", "mention"} else []
    return tuple(dict.fromkeys(kinds))


def _link(value: Mapping[str, Any]) -> str:
    """Return where staff can see it: the post itself, else what it shares."""
    post = meta.part(value, "post").get("permalink_url")
    addresses = (post, value.get("link"), value.get("photo"), value.get("video"))
    return next((url for url in addresses if isinstance(url, str) and url.startswith("https://")), "")
