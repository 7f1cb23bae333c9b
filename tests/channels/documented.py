"""What each platform says that it sends: the payloads of its documentation, with one account of ours in them.

Telegram: core.telegram.org/bots/api ("Update"). X: docs.x.com/x-api/activity and
docs.x.com/x-api/account-activity/account-activity-data-objects.
"""

from typing import Any

Values = dict[str, Any]
ME = "2244994945"


def telegram() -> dict[str, Values]:
    """Updates with messages to the bot, and to the account for which it answers."""
    person = {"id": 1111, "is_bot": False, "first_name": "Pat", "last_name": "Lee", "username": "pat"}
    chat = {"id": 1111, "type": "private", "first_name": "Pat"}
    message = {"message_id": 1365, "from": person, "chat": chat, "date": 1749416383}
    business = {**message, "business_connection_id": "c1"}
    group = {**message, "chat": {"id": -100, "type": "supergroup", "title": "Town"}}
    photo = [{"file_id": "AgAD", "file_unique_id": "u", "width": 90, "height": 67, "file_size": 1253}]
    parts: dict[str, tuple[str, Values]] = {
        "text": ("message", {**message, "text": "Hello"}),
        "photo": ("message", {**message, "photo": photo, "caption": "Look"}),
        "voice": ("message", {**message, "voice": {"file_id": "AwAC", "file_unique_id": "u", "duration": 4}}),
        "location": ("message", {**message, "location": {"latitude": 51.5, "longitude": -0.1}}),
        "contact": ("message", {**message, "contact": {"phone_number": "+441632960001", "first_name": "Sam"}}),
        "edited": ("edited_message", {**message, "edit_date": 1749416483, "text": "Hello all"}),
        "in a group": ("message", {**group, "text": "Ask @town_bot"}),
        "to the account": ("business_message", {**business, "text": "Hello"}),
        "edited to the account": ("edited_business_message", {**business, "edit_date": 1749416483, "text": "Hi"}),
        "taken back": (
            "deleted_business_messages",
            {"business_connection_id": "c1", "chat": chat, "message_ids": [1365]},
        ),
        "reaction": (
            "message_reaction",
            {
                "chat": chat,
                "message_id": 1365,
                "user": person,
                "date": 1749416383,
                "old_reaction": [],
                "new_reaction": [{"type": "emoji", "emoji": "👍"}],
            },
        ),
    }
    return {name: {"update_id": 10000, kind: content} for name, (kind, content) in parts.items()}


def x() -> dict[str, Values]:
    """Events of the X Activity API, and those of Account Activity with the objects of v1.1."""
    post = {
        "id": "1346889436626259968",
        "author_id": "303",
        "text": "@town When?",
        "created_at": "2026-06-01T09:00:00Z",
    }
    mention = {**post, "entities": {"mentions": [{"start": 0, "end": 5, "id": ME, "username": "town"}]}}
    message = {
        "id": "1585321444547837956",
        "event_type": "MessageCreate",
        "text": "Hello",
        "sender_id": "303",
        "dm_conversation_id": f"303-{ME}",
        "created_at": "2026-06-01T09:00:00Z",
    }
    direct = {
        "type": "message_create",
        "id": "954491830116155396",
        "created_timestamp": "1749416383000",
        "message_create": {
            "target": {"recipient_id": ME},
            "sender_id": "303",
            "message_data": {"text": "Hello", "entities": {}},
        },
    }
    tweet = {
        "id_str": "850006245121695744",
        "created_at": "Mon Jun 01 09:00:00 +0000 2026",
        "text": "@town When?",
        "user": {"id_str": "303", "name": "Pat", "screen_name": "pat"},
        "entities": {"user_mentions": [{"id_str": ME, "indices": [0, 5]}]},
    }
    users = {"303": {"id": "303", "name": "Pat", "screen_name": "pat"}}
    return {
        "mention": _activity("post.mention.create", mention),
        "message": _activity("dm.received", message),
        "taken back": _activity("post.delete", {"id": "1346889436626259968"}),
        "message of v1.1": {"for_user_id": ME, "direct_message_events": [direct], "users": users},
        "post of v1.1": {"for_user_id": ME, "tweet_create_events": [tweet]},
    }


def _activity(kind: str, payload: Values) -> Values:
    return {"data": {"filter": {"user_id": ME}, "event_type": kind, "event_uuid": "u", "payload": payload}}
