"""GOV.UK Notify as an outlet: mails, text messages, and letters that are posted; and what it says later of each.

Source: docs.notifications.service.gov.uk/rest-api.html. Notify renders each message with a template of the service,
which contains ((subject)) and ((body)). It does not detect repeats, so an existing message is looked up first.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import aclosing
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator

from bot.allowed import Form
from bot.channel import Batch, ChannelSettings, Forged, Handed, Misconfigured, Permanent, RawRequest
from bot.core import postal
from bot.core.lengths import Longest
from bot.core.messages import Inbound, Outbound
from bot.core.outlets import Limits
from bot.wire.mail.sender import Sender
from bot.wire.platforms import notify_receipts
from bot.wire.platforms.notify_api import NOTIFY, UUID, ApiKey, CallbackToken, NotifyApi, messages_of
from bot.wire.platforms.platform import PlatformUrl
from bot.wire.platforms.polling import Rounds
from bot.wire.platforms.reading import read_each

_PLACEHOLDER = re.compile(r"\(\(([^()?]+)(?:\?\?[^()]*)?\)\)")
_CREATED = 201
_OF_LETTERS = {"template_type": "letter"}
_TITLES = {"email": "mails", "sms": "text messages", "letter": "letters"}
_TEMPLATE = "the ID of a template, as Notify shows it"
# Of a text message, by docs.notifications.service.gov.uk; a mail may be longer.
_LONGEST_TEXT = Longest(918)


class Settings(ChannelSettings):
    """`sender`: as Notify sends, `Name <local@domain>`. `email_template`, `sms_template`: ids of Notify's templates.

    `letter_template` prints and posts what staff answer by letter; every `poll_seconds` is asked what became of it.
    `callback_token`: the bearer token of Notify's delivery receipts; None: it does not call us.
    """

    sender: Sender
    api_key: ApiKey
    email_template: Annotated[str, Form(rf"({UUID})?", _TEMPLATE)] = ""
    sms_template: Annotated[str, Form(rf"({UUID})?", _TEMPLATE)] = Field(default="", validate_default=True)
    letter_template: Annotated[str, Form(rf"({UUID})?", _TEMPLATE)] = ""
    callback_token: CallbackToken | None = None
    poll_seconds: float = Field(default=900, ge=0.1, le=86_400)
    url: PlatformUrl = NOTIFY

    @field_validator("sms_template")
    @classmethod
    def _one_at_least(cls, value: str, info: ValidationInfo) -> str:
        if not value and not info.data.get("email_template", "wrong"):
            raise ValueError("or email_template must be given")
        return value


class Notify:
    """An outlet: one service of Notify. Without a `callback_token` there is no address that it could call."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.sender = settings.sender
        self.limits = Limits(concurrency=4, format="words", longest=_LONGEST_TEXT, posts=bool(settings.letter_template))
        self.path = f"/hooks/{name}" if settings.callback_token else ""
        self._callback_token = settings.callback_token
        self._templates = {"email": settings.email_template, "sms": settings.sms_template}
        self._templates["letter"] = settings.letter_template
        self._api = NotifyApi(name, settings.url, settings.api_key)

    def open(self, raw: RawRequest) -> Batch:
        """Return what a call says of a message that we handed over; raises Forged."""
        if self._callback_token is None:
            raise Forged("Notify was given no token")
        return Batch(messages_of(self.name, raw, self._callback_token, self._read))

    def reread(self, raw: bytes) -> Iterable[Inbound]:
        """Return what is in a call that was not understood; raises where it still is not."""
        return list(self._read(json.loads(raw)))

    async def send(self, message: Outbound) -> Handed:
        """Hand one message over, unless Notify has it already; raises Temporary, Permanent or Misconfigured."""
        kind = _kind(message.recipient)
        if not self._templates[kind]:
            raise Permanent(f"channel {self.name}: no {kind}_template is configured")
        # An earlier attempt may have succeeded although its answer was lost.
        listing = await self._api.call("GET", "/v2/notifications", params={"reference": message.idempotency_key})
        if listing.status >= 400:
            raise self._api.refusal(listing)
        if existing_id := _that_stands(listing.content, message.idempotency_key):
            return Handed(existing_id)
        answer = await self._api.call("POST", f"/v2/notifications/{kind}", json=self._content(kind, message))
        if answer.status != _CREATED:
            addresses = (line.removeprefix("tel:") for line in postal.lines_of(message.recipient))
            raise self._api.refusal(answer, *addresses)
        return Handed(str(answer.content.get("id", "")) if isinstance(answer.content, dict) else "")

    async def check(self) -> str:
        """Check the templates; return one sentence. Raises Temporary, Permanent or Misconfigured."""
        for kind, template in self._templates.items():
            if template:
                await self._check(kind, template)
        kinds = [name for kind, name in _TITLES.items() if self._templates[kind]]
        return f"GOV.UK Notify takes {' and '.join(filter(None, (', '.join(kinds[:-1]), kinds[-1])))} over"

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def _check(self, kind: str, template: str) -> None:
        answer = await self._api.call("GET", f"/v2/template/{template}")
        if answer.status >= 400:
            raise self._api.refusal(answer)
        content: Mapping[str, Any] = answer.content if isinstance(answer.content, dict) else {}
        expected_names = {"body"} if kind == "sms" else {"subject", "body"}
        names = _placeholders(content.get("subject")) | _placeholders(content.get("body"))
        if content.get("type") != kind or names != expected_names:
            text = " and ".join(f"(({name}))" for name in sorted(expected_names, reverse=True))
            raise Misconfigured(f"channel {self.name}: {kind}_template must be of type {kind} and hold {text} alone")

    def _content(self, kind: str, message: Outbound) -> dict[str, Any]:
        words = {"body": message.content.decode()}
        if kind == "letter":
            lines = enumerate(postal.lines_of(message.recipient), 1)
            to, words = {}, {f"address_line_{number}": line for number, line in lines} | words
            words["subject"] = message.subject
        elif kind == "email":
            to, words = {"email_address": message.recipient}, {"subject": message.subject, **words}
        else:
            to = {"phone_number": message.recipient.removeprefix("tel:")}
        template = self._templates[kind]
        return {**to, "template_id": template, "personalisation": words, "reference": message.idempotency_key}

    def _read(self, values: Any) -> Iterable[Inbound]:
        return notify_receipts.read(self.name, values)


class NotifyWithLetters(Notify):
    """An outlet that posts letters, too: of those no call says anything, so that their list is read."""

    alone = True

    def __init__(self, name: str, settings: Settings) -> None:
        super().__init__(name, settings)
        self.ready = asyncio.Event()
        self._rounds = Rounds(settings.poll_seconds)

    async def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Yield what became of the letters of the last week, again and again: what is known already changes nothing."""
        self.ready.set()
        try:
            async with aclosing(self._rounds.begin()) as rounds:
                async for _ in rounds:
                    async for page in self._api.pages("/v2/notifications", "notifications", _OF_LETTERS):
                        yield Batch(tuple(read_each(self.name, page, self._read)))
        finally:
            self.ready.clear()


def build(name: str, settings: Settings) -> Notify:
    """Return the outlet that `settings` describe."""
    return NotifyWithLetters(name, settings) if settings.letter_template else Notify(name, settings)


def _kind(recipient: str) -> str:
    if recipient.startswith(postal.PREFIX):
        return "letter"
    return "email" if "@" in recipient else "sms"


def _that_stands(content: Any, reference: str) -> str:
    """Return the id of what Notify took under our reference; "" if there is none, or it is to be sent once more."""
    notifications = content.get("notifications") if isinstance(content, dict) else None
    items = (item for item in notifications or () if isinstance(item, dict))
    newest = next((item for item in items if item.get("reference") == reference), {})
    is_over = notify_receipts.FAILURES.get(str(newest.get("status")), ("", False))[1]
    return "" if is_over else str(newest.get("id", ""))


def _placeholders(words: Any) -> set[str]:
    """Return the names of the placeholders; case and surrounding spaces are ignored."""
    return {name.strip().lower() for name in _PLACEHOLDER.findall(str(words or ""))}
