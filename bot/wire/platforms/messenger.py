"""Reads the events of private threads as Messenger and Instagram describe them in webhook calls.

Source: developers.facebook.com/docs/messenger-platform (webhooks, Send API, Handover Protocol) and
developers.facebook.com/docs/instagram-platform.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from bot.core.messages import Inbound, Outbound, Party, Post
from bot.wire.platforms import messenger_contents as contents
from bot.wire.platforms import meta
from bot.wire.platforms.meta import part, words
from bot.wire.platforms.reading import NotUnderstood

# Automatic answers are allowed within a day; those that a person types within seven, after the first with the tag
# HUMAN_AGENT (Send API, "Message Tags").
RECEIPT_WINDOW, PERSONS_WINDOW = timedelta(hours=24), timedelta(days=7)
# The events that bring nothing for anybody to do, each with its reason; any other that we do not read is kept raw.
IGNORED_EVENTS: Mapping[str, str] = {
    "optin": "they ask for a newsletter of the account, and write nothing",
    "referral": "they came by a link or an advertisement; what they write comes by itself",
    "account_linking": "they joined two accounts of theirs, and write nothing",
    "game_play": "they played a game",
    "pass_thread_control": "which program has the conversation; the Send API says so when it matters",
    "take_thread_control": "which program has the conversation; the Send API says so when it matters",
    "request_thread_control": "another program asks for the conversation, which we do not hold on to",
    "app_roles": "which programs the account has",
    "response_feedback": "a mark for one of our messages, without words",
}
# Fields of changes under which the same events come, one by one.
EVENT_FIELDS = frozenset(
    {
        *("messages", "message_echoes", "message_edits", "message_edit", "message_reactions", "message_deliveries"),
        *("message_reads", "messaging_postbacks", "messaging_seen", "messaging_referral", "messaging_referrals"),
        *("messaging_optins", "messaging_handover", "messaging_handovers", "messaging_account_linking"),
        *("messaging_game_plays", "response_feedback", "standby"),
    }
)


@dataclass(frozen=True, slots=True)
class Inboxes:
    """The private messages of one account: `own` is its id there, `prefix` begins the addresses of people."""

    channel: str
    prefix: str
    own: str

    def read_event(self, event: Mapping[str, Any]) -> Iterator[Inbound]:
        """Yield what one event brings, nothing where it is rightly ignored; raises NotUnderstood for any other."""
        readers: dict[str, Callable[[Mapping[str, Any], str], Iterator[Inbound]]] = {
            "message": self._message,
            "postback": self._postback,
            "reaction": self._reaction,
            "message_edit": self._edit,
            "delivery": self._deliveries,
            "read": self._read_mark,
        }
        kind = next((kind for kind in readers if isinstance(event.get(kind), dict)), "")
        if kind:
            yield from readers[kind](event, self._person(event))
        elif not any(isinstance(event.get(key), list | dict) for key in IGNORED_EVENTS):
            raise NotUnderstood("an event of a kind that we do not know")

    def outgoing(self, message: Outbound) -> dict[str, Any]:
        """Return the body of the call that sends a text."""
        text = {"text": message.content.decode(), "metadata": message.idempotency_key}
        tag = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
        kind = tag if message.by_person_later else {"messaging_type": "RESPONSE"}
        return {"recipient": {"id": self.person_of(message)}, **kind, "message": text}

    def person_of(self, message: Outbound) -> str:
        """Return the platform's id of whom a message is for."""
        return message.recipient.removeprefix(self.prefix)

    def thread(self, person: str) -> str:
        """Return the name of the thread with a person."""
        return f"{self.prefix}{person}"

    def inbound(
        self,
        external_id: str,
        text: str,
        post: Post,
        person: str,
        at: datetime | None,
        *,
        name: str = "",
    ) -> Inbound:
        """Return a message; one without a `person` came from the account itself."""
        return Inbound(
            channel=self.channel,
            external_id=external_id,
            digest=hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(),
            sender=Party(self.thread(person), name) if person else None,
            text=text,
            received_at=at,
            outgoing=not person,
            post=post,
        )

    def _person(self, event: Mapping[str, Any]) -> str:
        """Return whose thread it is: the sender, or whom the account wrote to."""
        person = _id(event, "recipient" if self._is_own(event) else "sender")
        if not person or person == self.own:
            raise NotUnderstood("an event that names no person")
        return person

    def _is_own(self, event: Mapping[str, Any]) -> bool:
        return bool(part(event, "message").get("is_echo")) or _id(event, "sender") == self.own

    def _message(self, event: Mapping[str, Any], person: str) -> Iterator[Inbound]:
        message, at = part(event, "message"), meta.instant(event.get("timestamp"))
        mid = _mid_of(message)
        if message.get("is_deleted"):
            yield self.inbound(f"{mid} taken back", "", self._about("deletion", person, message), person, at)
            return
        is_own, parent = self._is_own(event), part(message, "reply_to").get("mid")
        post = Post(
            conversation=self.thread(person),
            answers=(str(parent),) if parent else (),
            # An automatic message carries our mark; a message that staff sent in the platform's own inbox has none.
            automatic=is_own and str(message.get("metadata", "")).startswith("<"),
            holds=tuple(contents.holds(message)),
            files=tuple(contents.files(message)),
            link=contents.link(message),
        )
        text = words(message, "text") or contents.place(message)
        if not (text or post.holds or is_own):
            raise NotUnderstood("a message without any content")
        yield self.inbound(mid, text, post, "" if is_own else person, at)

    def _postback(self, event: Mapping[str, Any], person: str) -> Iterator[Inbound]:
        """Read the button that somebody pressed; its title is their message."""
        button = part(event, "postback")
        title = words(button, "title")
        if not title:
            raise NotUnderstood("a button without its words")
        name = str(button.get("mid") or f"postback {person} {event.get('timestamp')}")
        yield self.inbound(
            name, title, Post(conversation=self.thread(person)), person, meta.instant(event.get("timestamp"))
        )

    def _reaction(self, event: Mapping[str, Any], person: str) -> Iterator[Inbound]:
        reaction = part(event, "reaction")
        name = f"{_mid_of(reaction)} reaction {person} {event.get('timestamp')}"
        if reaction.get("action") != "unreact":  # taken back, it leaves nothing to do
            about, at = self._about("reaction", person, reaction), meta.instant(event.get("timestamp"))
            yield self.inbound(name, words(reaction, "emoji"), about, person, at)

    def _edit(self, event: Mapping[str, Any], person: str) -> Iterator[Inbound]:
        edit = part(event, "message_edit")
        name = f"{_mid_of(edit)} edited {edit.get('num_edit', '')}"
        about, at = self._about("edit", person, edit), meta.instant(event.get("timestamp"))
        yield self.inbound(name, words(edit, "text"), about, person, at)

    def _deliveries(self, event: Mapping[str, Any], person: str) -> Iterator[Inbound]:
        """Read which of ours have arrived; a watermark alone names none of them."""
        match part(event, "delivery"):
            case {"mids": [*mids]} if all(isinstance(mid, str) and mid for mid in mids):
                at = meta.instant(event.get("timestamp"))
                yield from (self._arrival(str(mid), person, at) for mid in mids)
            case {"watermark": int()} as delivery if not delivery.get("mids"):
                return
            case _:
                raise NotUnderstood("a delivery that names no message")

    def _read_mark(self, event: Mapping[str, Any], person: str) -> Iterator[Inbound]:
        """Read that one of ours was read, and so has arrived; Messenger names none, Instagram does."""
        match part(event, "read"):
            case {"mid": str(mid)} if mid:
                yield self._arrival(mid, person, meta.instant(event.get("timestamp")))
            case {"watermark": int()}:
                return
            case _:
                raise NotUnderstood("a read mark that names no message")

    def _arrival(self, mid: str, person: str, at: datetime | None) -> Inbound:
        post = Post("delivered", self.thread(person), about=mid)
        return Inbound(self.channel, f"{mid} delivered", "", None, received_at=at, post=post)

    def _about(self, kind: Literal["edit", "deletion", "reaction"], person: str, content: Mapping[str, Any]) -> Post:
        return Post(kind, self.thread(person), about=_mid_of(content))


def _mid_of(content: Mapping[str, Any]) -> str:
    mid = content.get("mid")
    if not isinstance(mid, str) or not mid:
        raise NotUnderstood("a message without its id")
    return mid


def _id(values: Mapping[str, Any], key: str) -> str:
    number = part(values, key).get("id")
    return str(number) if isinstance(number, str | int) else ""
