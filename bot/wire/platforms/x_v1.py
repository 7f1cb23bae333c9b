"""Converts objects of X's API v1.1, which Account Activity still sends, into those of API v2.

docs.x.com: account-activity-data-objects, "Tweet object (v1.1)".
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.wire.platforms.reading import NotUnderstood

Values = Mapping[str, Any]


def message(event: Values) -> tuple[dict[str, Any], list[Values]]:
    """Return a direct message as API v2 describes it, and its media. Raises NotUnderstood."""
    if event["type"] != "message_create":
        raise NotUnderstood(f"a direct message of the kind {event['type']}")
    content = event["message_create"]
    data, sender = content["message_data"], str(content["sender_id"])
    attachment = data.get("attachment") or {}
    item = {
        "id": event["id"],
        "sender_id": sender,
        "dm_conversation_id": f"{sender}-{content['target']['recipient_id']}",
        "created_at": of_milliseconds(event["created_timestamp"]),
        "text": data.get("text"),
    }
    return item, [medium(attachment.get("media") or {"type": str(attachment.get("type"))})] if attachment else []


def post(tweet: Values) -> tuple[dict[str, Any], dict[str, Values]]:
    """Return a post as API v2 describes it, and its media by their keys."""
    full = tweet.get("extended_tweet") or tweet
    media = (full.get("extended_entities") or tweet.get("extended_entities") or {}).get("media") or ()
    item = {
        "id": tweet["id_str"],
        "author_id": str(tweet["user"]["id_str"]),
        "text": full.get("full_text") or tweet["text"],
        "created_at": _instant(tweet),
        "in_reply_to_user_id": tweet.get("in_reply_to_user_id_str"),
        "referenced_posts": _references(tweet),
        "display_text_range": full.get("display_text_range"),
        "entities": {"mentions": _mentions(full)},
        "attachments": {"media_keys": [str(number) for number in range(len(media))]},
    }
    return item, {str(number): medium(piece) for number, piece in enumerate(media)}


def medium(piece: Values) -> Values:
    """Return a medium as API v2 describes one."""
    films = (piece.get("video_info") or {}).get("variants") or ()
    return {"type": str(piece["type"]), "url": piece.get("media_url_https"), "variants": films}


def of_milliseconds(value: Any) -> str:
    """Return an instant in milliseconds since 1970 as ISO 8601."""
    return datetime.fromtimestamp(int(value) / 1000, UTC).isoformat()


def _references(tweet: Values) -> list[dict[str, Any]]:
    ids = {"replied_to": tweet.get("in_reply_to_status_id_str"), "quoted": tweet.get("quoted_status_id_str")}
    return [{"type": kind, "id": name} for kind, name in ids.items() if name]


def _mentions(tweet: Values) -> list[dict[str, Any]]:
    mentions = (tweet.get("entities") or {}).get("user_mentions") or ()
    return [{"id": mention["id_str"], "start": mention["indices"][0]} for mention in mentions]


def _instant(tweet: Values) -> str:
    if "timestamp_ms" in tweet:
        return of_milliseconds(tweet["timestamp_ms"])
    return datetime.strptime(tweet["created_at"], "%a %b %d %H:%M:%S %z %Y").isoformat()
