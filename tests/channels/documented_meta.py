"""What Meta says that Facebook, Instagram and WhatsApp send: the payloads of its documentation, for an account of ours.

Source: developers.facebook.com/docs/messenger-platform/reference/webhook-events, .../docs/graph-api/webhooks/reference,
.../documentation/business-messaging/whatsapp/webhooks/reference.
"""

from typing import Any

Values = dict[str, Any]
PAGE, ACCOUNT, NUMBER = "104100000000001", "178400000000001", "106540352242922"
_PERSON = "7000000000000001"


def facebook() -> dict[str, Values]:
    """Private events of a Page, and changes of what stands in public."""
    return {name: _call("page", PAGE, {"messaging": [event]}) for name, event in _events(PAGE).items()} | {
        name: _call("page", PAGE, {"changes": [{"field": field, "value": value}]})
        for name, (field, value) in _public().items()
    }


def instagram() -> dict[str, Values]:
    """Private events of a professional account, comments and mentions."""
    private = {k: e for k, e in _events(ACCOUNT).items() if k not in ("delivered", "edited")}
    private["seen"] = _who(ACCOUNT) | {"read": {"mid": "m_1"}}
    comment = {"id": "17", "text": "Why?", "from": {"id": "5", "username": "bob"}, "media": {"id": "18"}}
    changes = {
        "comment": ("comments", comment),
        "answer to a comment": ("comments", comment | {"parent_id": "16"}),
        "mention": ("mentions", {"media_id": "18", "comment_id": "17"}),
    }
    return {name: _call("instagram", ACCOUNT, {"messaging": [event]}) for name, event in private.items()} | {
        name: _call("instagram", ACCOUNT, {"changes": [{"field": field, "value": value}]})
        for name, (field, value) in changes.items()
    }


def whatsapp() -> dict[str, Values]:
    """Messages to a number, of people with and without one, and what became of its own."""
    parts: dict[str, Values] = {
        "text": {"type": "text", "text": {"body": "Does it come?"}},
        "answer": {"type": "text", "text": {"body": "Yes"}, "context": {"from": NUMBER, "id": "wamid.0"}},
        "image": {
            "type": "image",
            "image": {"id": "1003", "mime_type": "image/jpeg", "sha256": "S", "caption": "Look"},
        },
        "voice": {"type": "audio", "audio": {"id": "1004", "mime_type": "audio/ogg", "voice": True}},
        "document": {
            "type": "document",
            "document": {"id": "1005", "filename": "a.pdf", "mime_type": "application/pdf"},
        },
        "location": {"type": "location", "location": {"latitude": 37.4, "longitude": -122.1, "name": "Philz"}},
        "contacts": {"type": "contacts", "contacts": [{"name": {"formatted_name": "L"}, "phones": [{"phone": "+1"}]}]},
        "button": {"type": "button", "button": {"payload": "p", "text": "Unsubscribe"}},
        "choice": {
            "type": "interactive",
            "interactive": {
                "type": "list_reply",
                "list_reply": {"id": "1", "title": "Mail", "description": "Next day"},
            },
        },
        "form": {
            "type": "interactive",
            "interactive": {"type": "nfm_reply", "nfm_reply": {"name": "flow", "response_json": '{"road": "A1"}'}},
        },
        "order": {"type": "order", "order": {"product_items": [{"product_retailer_id": "d", "quantity": 2}]}},
        "unsupported": {"type": "unsupported", "errors": [{"code": 131051, "title": "Message type unknown"}]},
        "reaction": {"type": "reaction", "reaction": {"message_id": "wamid.0", "emoji": "\N{THUMBS UP SIGN}"}},
        "taken back": {"type": "revoke", "revoke": {"original_message_id": "wamid.0"}},
    }
    calls = {name: _of_number({"contacts": [_contact()], "messages": [_message(m)]}) for name, m in parts.items()}
    username = {"profile": {"name": "Pat", "username": "pat.lee"}, "user_id": "GB.13491208655302741918"}
    nameless = _message(parts["text"])
    del nameless["from"]
    calls["of one with a username"] = _of_number({"contacts": [username], "messages": [nameless]})
    change = {"type": "user_changed_number", "body": "User Pat changed from 1 to 2", "wa_id": "2"}
    calls["another number"] = _of_number({"messages": [_message({"type": "system", "system": change})]})
    status = {"id": "wamid.9", "timestamp": "1749416383", "recipient_id": "16505551234"}
    for state in ("delivered", "read"):
        calls[state] = _of_number({"statuses": [status | {"status": state}]})
    errors = [{"code": 131026, "title": "Message undeliverable"}]
    calls["failed"] = _of_number({"statuses": [status | {"status": "failed", "errors": errors}]})
    return calls


def _call(kind: str, number: str, content: Values) -> Values:
    return {"object": kind, "entry": [{"id": number, "time": 1749416383, **content}]}


def _who(own: str) -> Values:
    return {"sender": {"id": _PERSON}, "recipient": {"id": own}, "timestamp": 1749416383000}


def _events(own: str) -> dict[str, Values]:
    photo = {"type": "image", "payload": {"url": "https://scontent.xx.fbcdn.net/1.jpg"}}
    parts: dict[str, Values] = {
        "text": {"message": {"mid": "m_1", "text": "Hello"}},
        "answer": {"message": {"mid": "m_1", "text": "Yes", "reply_to": {"mid": "m_0"}}},
        "photo": {"message": {"mid": "m_1", "attachments": [photo]}},
        "taken back": {"message": {"mid": "m_1", "is_deleted": True}},
        "button": {"postback": {"mid": "m_1", "title": "Bins", "payload": "B"}},
        "reaction": {"reaction": {"mid": "m_1", "action": "react", "reaction": "love", "emoji": "x"}},
        "edited": {"message_edit": {"mid": "m_1", "text": "New", "num_edit": 1}},
        "delivered": {"delivery": {"mids": ["m_1"], "watermark": 1749416383000}},
    }
    return {name: _who(own) | content for name, content in parts.items()}


def _public() -> dict[str, tuple[str, Values]]:
    writer = {"from": {"id": "8", "name": "Bob"}, "created_time": 1749416383, "verb": "add", "message": "A hole"}
    post = writer | {"item": "post", "post_id": "104_1"}
    return {
        "post of a visitor": ("feed", post),
        "photo of a visitor": ("feed", post | {"item": "photo", "link": "https://www.facebook.com/1"}),
        "comment": (
            "feed",
            writer | {"item": "comment", "comment_id": "1_2", "post_id": "104_1", "parent_id": "104_1"},
        ),
        "comment changed": ("feed", writer | {"item": "comment", "comment_id": "1_2", "verb": "edited"}),
        "mention": ("mention", post),
        "review": (
            "ratings",
            {"item": "rating", "verb": "add", "open_graph_story_id": "5", "review_text": "No", "reviewer_id": "8"},
        ),
    }


def _contact() -> Values:
    return {"profile": {"name": "Pat"}, "wa_id": "16505551234", "user_id": "GB.13491208655302741918"}


def _message(content: Values) -> Values:
    sender = {"from": "16505551234", "from_user_id": "GB.13491208655302741918"}
    return sender | {"id": "wamid.1", "timestamp": "1749416383"} | content


def _of_number(content: Values) -> Values:
    metadata = {"display_phone_number": "15550783881", "phone_number_id": NUMBER}
    value = {"messaging_product": "whatsapp", "metadata": metadata, **content}
    return _call("whatsapp_business_account", "102290129340398", {"changes": [{"field": "messages", "value": value}]})
