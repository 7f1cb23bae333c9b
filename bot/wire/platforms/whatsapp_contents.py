"""Reads what a WhatsApp message holds: its words, its files, and what it answers.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from bot.core.messages import Post, RemoteFile
from bot.wire.platforms.meta import part, words
from bot.wire.platforms.reading import NotUnderstood

Values = Mapping[str, Any]
_FILES = frozenset({"image", "audio", "video", "document", "sticker"})
# Marks of the program in the answer to a form, and no words of the person.
_NO_ANSWERS = frozenset({"flow_token", "flow_id", "version"})
_LONGEST_FORM = 20_000


def read(message: Values, conversation: str) -> tuple[str, Post]:
    """Return the words of a message, and its other properties; raises NotUnderstood for a kind that we do not know."""
    kind = words(message, "type")
    parent = part(message, "context").get("id")
    answers = (str(parent),) if parent else ()
    if kind in _FILES:
        file = _file(kind, part(message, kind))
        post = Post(conversation=conversation, answers=answers, holds=(file.kind,), files=(file,))
        return words(part(message, kind), "caption"), post
    if kind not in _WORDS:
        raise NotUnderstood("a message of a type that we do not know")
    text = _WORDS[kind](message)
    holds = () if kind in _ONLY_WORDS else (kind,)
    return text, Post(conversation=conversation, answers=answers, holds=holds)


def _file(kind: str, content: Values) -> RemoteFile:
    number = content.get("id")
    if not isinstance(number, str | int) or not number:
        raise NotUnderstood("a file without its id")
    kind = "voice" if kind == "audio" and content.get("voice") else kind
    return RemoteFile(kind, str(number), words(content, "filename"), words(content, "mime_type"))


def _required(content: Values, key: str) -> str:
    text = words(content, key)
    if not text:
        raise NotUnderstood(f"a message without its {key}")
    return text


def _interactive(message: Values) -> str:
    """Read the button or the line of a list that somebody chose, or the form that they filled in."""
    content = part(message, "interactive")
    kind = words(content, "type")
    answer = part(content, kind)
    if kind in ("button_reply", "list_reply"):
        return "\n".join(filter(None, (_required(answer, "title"), words(answer, "description"))))
    if kind == "nfm_reply":
        return _form(_required(answer, "response_json"))
    raise NotUnderstood("an answer of a type that we do not know")


def _form(response: str) -> str:
    """Return the answers of a form, a line each ("Receiving Flow Response")."""
    answers = json.loads(response) if len(response) <= _LONGEST_FORM else None
    if not isinstance(answers, dict):
        raise NotUnderstood("the answer to a form in another shape")
    return "\n".join(f"{key}: {_flat(value)}" for key, value in answers.items() if key not in _NO_ANSWERS)


def _flat(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _location(message: Values) -> str:
    place = part(message, "location")
    parts = [str(place[key]) for key in ("name", "address", "latitude", "longitude") if place.get(key)]
    if not parts:
        raise NotUnderstood("a place without its whereabouts")
    return ", ".join(parts)


def _contacts(message: Values) -> str:
    """Return the cards that somebody passes on: names, with telephones, addresses and the like."""
    return "\n".join(_card(card) for card in _dicts(message, "contacts"))


def _card(card: Values) -> str:
    numbers = [str(phone.get("phone") or phone.get("wa_id") or "") for phone in _optional(card, "phones")]
    mails = [str(mail.get("email") or "") for mail in _optional(card, "emails")]
    name = words(part(card, "name"), "formatted_name")
    return ", ".join(filter(None, (name, words(part(card, "org"), "company"), *numbers, *mails)))


def _order(message: Values) -> str:
    """Return what somebody ordered, a line each."""
    order = part(message, "order")
    lines = [
        f"{item.get('quantity', '')} x {item.get('product_retailer_id', '')}, "
        f"{item.get('item_price', '')} {item.get('currency', '')}".strip()
        for item in _dicts(order, "product_items")
    ]
    return "\n".join(filter(None, (words(order, "text"), *lines)))


def _dicts(values: Values, key: str) -> list[Values]:
    items = _optional(values, key)
    if not items:
        raise NotUnderstood(f"a message without its {key}")
    return items


def _optional(values: Values, key: str) -> list[Values]:
    items = values.get(key, [])
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _no_words(_: Values) -> str:
    return ""


_WORDS: Mapping[str, Callable[[Values], str]] = {
    "text": lambda message: _required(part(message, "text"), "body"),
    "button": lambda message: _required(part(message, "button"), "text"),
    "interactive": _interactive,
    "location": _location,
    "contacts": _contacts,
    "order": _order,
    "unsupported": _no_words,  # WhatsApp itself cannot pass it on, and says so
}
_ONLY_WORDS = frozenset({"text", "button", "interactive"})
