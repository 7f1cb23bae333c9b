"""What Mastodon and Bluesky show in the lists that we read, as their documentation describes it.

Mastodon: docs.joinmastodon.org/entities/Notification and .../entities/Status. Bluesky:
docs.bsky.app/docs/api/app-bsky-notification-list-notifications and .../docs/api/chat-bsky-convo-get-log. Beside each
stands what our readers keep with it, so that it can be read again.
"""

from typing import Any

Values = dict[str, Any]
ME, DID = "1", "did:plc:town"


def mastodon() -> dict[str, Values]:
    """Notifications in public and private, a status of a conversation, an edit, and an answer of staff's."""
    account = {"id": "2", "username": "pat", "acct": "pat@elsewhere.example", "display_name": "Pat", "bot": False}
    town = {"id": ME, "username": "town", "acct": "town", "url": "https://social.example/@town"}
    status = {
        "id": "114",
        "created_at": "2026-06-01T09:00:00.000Z",
        "in_reply_to_id": None,
        "visibility": "public",
        "spoiler_text": "",
        "url": "https://elsewhere.example/@pat/114",
        "content": "<p>When?</p>",
        "account": account,
        "mentions": [town],
        "media_attachments": [{"id": "9", "type": "image", "url": "https://files.example/9.png"}],
    }
    private, own = status | {"visibility": "direct"}, status | {"account": town, "mentions": [account]}
    notification = {"id": "34", "created_at": "2026-06-01T09:00:01.000Z", "account": account}
    return {
        "mention": {"notification": {**notification, "type": "mention", "status": status}, "me": ME},
        "private mention": {"notification": {**notification, "type": "mention", "status": private}, "me": ME},
        "quote": {"notification": {**notification, "type": "quote", "status": status}, "me": ME},
        "in a conversation": {"status": private},
        "edited": {"edit": {**status, "edited_at": "2026-06-01T09:10:00.000Z"}},
        "answer": {"own": {**own, "in_reply_to_id": "113"}},
    }


def bluesky() -> dict[str, Values]:
    """Notifications of a mention, a reply and a quote, a private message and a reaction to one."""
    author = {"did": "did:plc:pat", "handle": "pat.example", "displayName": "Pat"}
    town = f"at://{DID}/app.bsky.feed.post/3k2"
    reply = {"root": {"uri": town, "cid": "c1"}, "parent": {"uri": town, "cid": "c1"}}
    record = {"$type": "app.bsky.feed.post", "createdAt": "2026-06-01T09:00:00.000Z", "text": "When?"}
    notification = {
        "uri": "at://did:plc:pat/app.bsky.feed.post/3k4",
        "cid": "c2",
        "author": author,
        "record": record,
        "isRead": False,
        "indexedAt": "2026-06-01T09:00:01.000Z",
    }
    message = {
        "$type": "chat.bsky.convo.defs#messageView",
        "id": "m1",
        "sender": {"did": "did:plc:pat"},
        "text": "Hello",
        "sentAt": "2026-06-01T09:00:00.000Z",
    }
    reaction = {"value": "👍", "sender": {"did": "did:plc:pat"}, "createdAt": "2026-06-01T09:00:00.000Z"}
    entry = {"$type": "chat.bsky.convo.defs#logAddReaction", "rev": "r1", "convoId": "c1", "message": message}
    private: dict[str, Values] = {
        "private": {"message": message, "conversation": "c1", "author": author, "group": False, "me": DID},
        "reaction": {"entry": {**entry, "reaction": reaction, "relatedProfiles": [author]}, "me": DID},
    }
    return private | {
        reason: {"notification": {**notification, "reason": reason, "record": content}, "me": DID}
        for reason, content in {"mention": record, "reply": {**record, "reply": reply}, "quote": record}.items()
    }
