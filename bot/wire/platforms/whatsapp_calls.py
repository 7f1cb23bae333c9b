"""Reads the calls of WhatsApp: messages, what became of ours, and who people are.

Source: developers.facebook.com/documentation/business-messaging/whatsapp (webhooks, business-scoped user IDs).
Somebody who has a username need not show a telephone number: then `from` is absent, and a business-scoped user ID says
who it is.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.messages import Inbound, Party, Post
from bot.wire.platforms import meta, whatsapp_contents
from bot.wire.platforms.meta import part, words
from bot.wire.platforms.reading import NotUnderstood, with_raw

SUBJECT = "whatsapp_business_account"
_LONGEST_REASON = 200
# Where the pieces of a change stand, by its field.
_LISTS: Mapping[str, tuple[str, ...]] = {
    "messages": ("messages", "statuses"),
    "smb_message_echoes": ("message_echoes",),
}
_AROUND = frozenset({"messaging_product", "metadata", "contacts"})
# What brings nothing for anybody to do, each with its reason; any other that we do not read is kept raw.
_OF_THE_ACCOUNT = "a matter between the account and the platform"
_OF_TEMPLATES = "a paid template; we send none"
_OF_GROUPS = "who is in a group, and what it is called"
IGNORED_FIELDS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("account_alerts", "account_review_update", "account_settings_update", "account_update"),
            *("business_capability_update", "business_status_update", "partner_solutions", "security"),
            *("payment_configuration_update", "phone_number_name_update", "phone_number_quality_update"),
        ),
        _OF_THE_ACCOUNT,
    ),
    **dict.fromkeys(
        (
            *("message_template_components_update", "message_template_quality_update"),
            *("message_template_status_update", "template_category_update"),
            "template_correct_category_detection",
        ),
        _OF_TEMPLATES,
    ),
    **dict.fromkeys(
        ("group_lifecycle_update", "group_participants_update", "group_settings_update", "group_status_update"),
        _OF_GROUPS,
    ),
    "flows": "how a form of the account works",
    "automatic_events": "what an advertisement led to",
    "tracking_events": "what an advertisement led to",
    "user_preferences": "whether somebody wants advertisements; we send none",
    "smb_app_state_sync": "the address book of the app beside the API",
    "history": "what was written before the number was connected",
    "messaging_handovers": "which program has the conversation; the Cloud API says so when it matters",
}
IGNORED_TYPES: Mapping[str, str] = {
    "request_welcome": "somebody has opened the chat, and has written nothing yet",
}
IGNORED_CHANGES: Mapping[str, str] = {"customer_identity_changed": "their telephone has other keys than before"}
# The same has had several names ("System messages", and those of versions before).
_CHANGES = frozenset({"user_changed_number", "customer_changed_number", "user_changed_user_id"})
IGNORED_STATUSES: Mapping[str, str] = {"sent": "the answer to our call has said so"}
_ARRIVED = frozenset({"delivered", "read", "played"})
_ABOUT_ANOTHER: Mapping[str, Any] = {"reaction": "reaction", "revoke": "deletion", "edit": "edit"}


def pieces(call: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield each message and each status of a call in an envelope of its own; and whatever else stands in it."""
    for piece in meta.pieces(call):
        (entry,) = piece["entry"]
        changes = entry.get("changes") if isinstance(entry, dict) else None
        match changes:
            case [{"field": str(field), "value": dict(value)}] if field in _LISTS:
                for single in _single(value, _LISTS[field]):
                    yield {**piece, "entry": [{**entry, "changes": [{"field": field, "value": single}]}]}
            case _:
                yield piece


def _single(value: Mapping[str, Any], lists: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    around = {key: content for key, content in value.items() if key in _AROUND}
    has_lists = any(isinstance(value.get(key), list) for key in lists)
    parts = [{**around, **single} for single in meta.split(value, lists, _AROUND)]
    yield from parts if parts or has_lists else [dict(value)]


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls about one number: `number_id` is its id, `prefix` begins the addresses of people."""

    channel: str
    prefix: str
    number_id: str

    def read(self, piece: Mapping[str, Any]) -> Iterator[Inbound]:
        """Yield what a piece brings, nothing where it is rightly ignored; raises NotUnderstood for any other."""
        _, kind, item = meta.only_part(piece, SUBJECT)
        if kind != "changes":
            raise NotUnderstood("an event of a kind that we do not know")
        field, value = meta.change_of(item)
        if field in IGNORED_FIELDS:
            return
        number = part(value, "metadata").get("phone_number_id")
        if field not in _LISTS or not isinstance(number, str) or not number.isdecimal():
            raise NotUnderstood("a change in a field that we do not know, or of no number")
        if number == self.number_id:  # else it is for another number of the account
            yield from with_raw(self._read_own(value), piece)

    def _read_own(self, value: Mapping[str, Any]) -> Iterator[Inbound]:
        match {key: content for key, content in value.items() if key not in _AROUND}:
            case {"statuses": [{"id": str(name), **status}]} if name:
                yield from self._status(name, status)
            case {"messages": [{"id": str(name), **message}]} if name:
                yield from self._message(name, message, value, is_own=False)
            case {"message_echoes": [{"id": str(name), **message}]} if name:
                yield from self._message(name, message, value, is_own=True)
            case _:
                raise NotUnderstood("a change without a message, or a message without its id")

    def _message(
        self, name: str, message: Mapping[Any, Any], value: Mapping[str, Any], *, is_own: bool
    ) -> Iterator[Inbound]:
        if message.get("type") in IGNORED_TYPES or part(message, "system").get("type") in IGNORED_CHANGES:
            return
        if message.get("group_id"):
            raise NotUnderstood("a message in a group, where we answer nobody")
        person = self._person(message, value, is_own=is_own)
        kind = message.get("type")
        reaction = part(message, "reaction") if kind == "reaction" else {}
        if isinstance(reaction.get("message_id"), str) and not reaction.get("emoji"):
            return  # taken back, it leaves nothing to do
        if kind in _ABOUT_ANOTHER:
            text, post = self._about_another(message, person.address)
        elif kind == "system":
            text, post = _word_of_change(message, person.address)
        else:
            text, post = whatsapp_contents.read(message, person.address)
        yield Inbound(
            channel=self.channel,
            external_id=name,
            digest=hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(),
            sender=None if is_own else person,
            text=text,
            received_at=meta.instant(message.get("timestamp")),
            outgoing=is_own,
            post=post,
        )

    def _about_another(self, message: Mapping[str, Any], conversation: str) -> tuple[str, Post]:
        kind = str(message["type"])
        content = part(message, kind)
        about = content.get("message_id") or content.get("original_message_id")
        if not isinstance(about, str):
            raise NotUnderstood(f"a message of the type {kind} that names no other")
        inner = content.get("message")
        text = whatsapp_contents.read(inner, conversation)[0] if isinstance(inner, dict) else words(content, "emoji")
        return text, Post(_ABOUT_ANOTHER[kind], conversation, about=about)

    def _person(self, message: Mapping[str, Any], value: Mapping[str, Any], *, is_own: bool) -> Party:
        """Return who wrote, or whom the account wrote to: by the number where it is shown, else by the user ID."""
        contacts = [contact for contact in value.get("contacts") or () if isinstance(contact, dict)]
        keys = ("to", "to_user_id", "recipient_user_id") if is_own else ("from", "from_user_id")
        only = contacts[0] if len(contacts) == 1 else {}
        previous = part(message, "system").get("previous_user_id")
        number = _first_text(*(message.get(key) for key in keys), only.get("wa_id"), only.get("user_id"), previous)
        if not number:
            raise NotUnderstood("a message that names no person")
        profile = next((part(c, "profile") for c in contacts if number in (c.get("wa_id"), c.get("user_id"))), {})
        return Party(f"{self.prefix}{number}", _first_text(profile.get("name"), profile.get("username")))

    def _status(self, name: str, status: Mapping[Any, Any]) -> Iterator[Inbound]:
        """Read what became of one of ours ("Status messages"): that it arrived, or why not."""
        state = status.get("status")
        if state in IGNORED_STATUSES:
            return
        if state not in _ARRIVED and state != "failed":
            raise NotUnderstood("a status that we do not know")
        has_failed, error = state == "failed", _error(status)
        post = Post(
            "undelivered" if has_failed else "delivered",
            about=name,
            key=words(status, "biz_opaque_callback_data"),
            may_pass=has_failed and error.get("code") in meta.TRANSIENT,
        )
        yield Inbound(
            channel=self.channel,
            external_id=f"{name} {'failed' if has_failed else 'delivered'}",
            digest="",
            sender=None,
            received_at=meta.instant(status.get("timestamp")),
            post=post,
            fault=_reason(error) if has_failed else "",
        )


def _word_of_change(message: Mapping[str, Any], conversation: str) -> tuple[str, Post]:
    """Read that somebody has another number, in the thread under the one before: for staff, who decide what follows."""
    change = part(message, "system")
    if change.get("type") not in _CHANGES or not words(change, "body"):
        raise NotUnderstood("word of the platform of a kind that we do not know")
    return words(change, "body"), Post(conversation=conversation, by_program=True)


def _error(status: Mapping[str, Any]) -> Mapping[str, Any]:
    errors = status.get("errors")
    return errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}


def _reason(error: Mapping[str, Any]) -> str:
    return f"{error.get('code', '')} {error.get('title', '')}".strip()[:_LONGEST_REASON] or "no reason was given"


def _first_text(*values: Any) -> str:
    return next((value for value in values if isinstance(value, str) and value), "")
