"""GOV.UK Notify as a way out: mails, and text messages to telephones.

Source: docs.notifications.service.gov.uk/rest-api.html. Notify forms each message by a template of the service there,
with ((subject)) and ((body)) in it. It takes a repeat for another message: whether it has one already is asked first.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from bot.channel import ChannelError, ChannelSettings, Handed, Limits, Misconfigured, Permanent, Temporary
from bot.core.messages import Outbound
from bot.wire.mail.addresses import Sender
from bot.wire.platforms import jwt
from bot.wire.platforms.platform import Answer, Api, PlatformUrl

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_KEY = re.compile(rf".+-({_UUID})-({_UUID})", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\(\(([^()?]+)(?:\?\?[^()]*)?\)\)")
# Notify lets a token be wrong by 30 seconds ("Authorization header").
_WRONG_SECONDS = 20.0
_CREATED, _FORBIDDEN, _TOO_MANY, _FAULT = 201, 403, 429, 500
_SHOWN = 200


class Settings(ChannelSettings):
    """`sender`: as Notify sends, `Name <local@domain>`. `email_template`, `sms_template`: ids of templates there."""

    sender: Sender
    api_key: SecretStr
    email_template: str = Field(default="", pattern=rf"^({_UUID})?$")
    sms_template: str = Field(default="", pattern=rf"^({_UUID})?$", validate_default=True)
    url: PlatformUrl = "https://api.notifications.service.gov.uk"

    @field_validator("api_key")
    @classmethod
    def _as_given(cls, value: SecretStr) -> SecretStr:
        if not _KEY.fullmatch(value.get_secret_value()):
            raise ValueError("is not what Notify gives out: a name, the service's id and a secret, joined by -")
        return value

    @field_validator("sms_template")
    @classmethod
    def _one_at_least(cls, value: str, info: ValidationInfo) -> str:
        if not value and not info.data.get("email_template", "wrong"):
            raise ValueError("or email_template must be given")
        return value


class Notify:
    """An outlet: one service of Notify's."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.sender = settings.sender
        self.limits = Limits(concurrency=4, format="words")
        key = _KEY.fullmatch(settings.api_key.get_secret_value())
        assert key is not None  # noqa: S101 - the settings say so
        self._service, self._secret = key[1], key[2]
        self._templates = {"email": settings.email_template, "sms": settings.sms_template}
        self._api = Api(name, settings.url)
        # What time it was there, and when we heard that.
        self._heard: tuple[float, float] | None = None

    async def send(self, message: Outbound) -> Handed:
        """Hand one message over, unless Notify has it; raises Temporary, Permanent or Misconfigured."""
        kind = "email" if "@" in message.recipient else "sms"
        if not self._templates[kind]:
            raise Permanent(f"channel {self.name}: no {kind}_template is configured")
        # An earlier attempt may have been taken over without our knowing.
        found = await self._call("GET", "/v2/notifications", params={"reference": message.idempotency_key})
        if found.status >= 400:
            raise self._refusal(found)
        if known := _id_of(found.content, message.idempotency_key):
            return Handed(known)
        answer = await self._call("POST", f"/v2/notifications/{kind}", json=self._content(kind, message))
        if answer.status != _CREATED:
            raise self._refusal(answer, message.recipient)
        return Handed(str(answer.content.get("id", "")) if isinstance(answer.content, dict) else "")

    async def check(self) -> str:
        """Look at the templates; one sentence. Raises Temporary, Permanent or Misconfigured."""
        for kind, template in self._templates.items():
            if template:
                await self._check(kind, template)
        kinds = [name for kind, name in (("email", "mails"), ("sms", "text messages")) if self._templates[kind]]
        return f"GOV.UK Notify takes {' and '.join(kinds)} over"

    async def close(self) -> None:
        """Let go of the connections."""
        await self._api.close()

    async def _check(self, kind: str, template: str) -> None:
        answer = await self._call("GET", f"/v2/template/{template}")
        if answer.status >= 400:
            raise self._refusal(answer)
        whole: Mapping[str, Any] = answer.content if isinstance(answer.content, dict) else {}
        given = {"subject", "body"} if kind == "email" else {"body"}
        asked = _placeholders(whole.get("subject")) | _placeholders(whole.get("body"))
        if whole.get("type") != kind or asked != given:
            wanted = " and ".join(f"(({name}))" for name in sorted(given, reverse=True))
            raise Misconfigured(f"channel {self.name}: {kind}_template must be of type {kind} and hold {wanted} alone")

    def _content(self, kind: str, message: Outbound) -> dict[str, Any]:
        words = {"body": message.content.decode()}
        if kind == "email":
            to, words = {"email_address": message.recipient}, {"subject": message.subject, **words}
        else:
            to = {"phone_number": message.recipient.removeprefix("tel:")}
        template = self._templates[kind]
        return {**to, "template_id": template, "personalisation": words, "reference": message.idempotency_key}

    async def _call(self, method: str, path: str, **more: Any) -> Answer:
        """One call with a token of now; again where Notify's time turns out to be another than we thought."""
        thought = await self._now()
        answer = await self._ask(method, path, thought, **more)
        now = await self._now()
        if answer.status == _FORBIDDEN and abs(now - thought) > _WRONG_SECONDS:
            answer = await self._ask(method, path, now, **more)
        return answer

    async def _ask(self, method: str, path: str, now: float, **more: Any) -> Answer:
        token = jwt.signed({"iss": self._service, "iat": int(now)}, self._secret)
        answer = await self._api.ask(method, path, headers={"Authorization": f"Bearer {token}"}, **more)
        self._hear(answer)
        return answer

    async def _now(self) -> float:
        """Notify's own time, in seconds since 1970: it refuses who goes by another."""
        if self._heard is None:
            self._hear(await self._api.ask("GET", "/_status"))
        if self._heard is None:
            raise Temporary(f"channel {self.name}: {self._api.base} does not say what time it is")
        said, at = self._heard
        return said + asyncio.get_running_loop().time() - at

    def _hear(self, answer: Answer) -> None:
        if answer.at is not None:
            self._heard = (answer.at.timestamp(), asyncio.get_running_loop().time())

    def _refusal(self, answer: Answer, recipient: str = "") -> ChannelError:
        """What a refusal means, by its status and the type of the error; its words may change ("Error codes")."""
        listed = answer.content.get("errors") if isinstance(answer.content, dict) else None
        errors = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        kinds = {str(one.get("error")) for one in errors}
        said = "; ".join(f"{one.get('error')}: {one.get('message')}" for one in errors)
        said = said.replace(recipient, "(address)") if recipient else said
        words = f"channel {self.name}: Notify said {answer.status} {said[:_SHOWN]}".rstrip()
        if answer.status >= _FAULT or answer.status < 400 or kinds == {"RateLimitError"}:
            return Temporary(words)
        if answer.status == 400 and kinds == {"ValidationError"}:
            return Permanent(words)
        # All else is about the service there: its key, its templates, whom it may write to, how much a day.
        return Misconfigured(words)


def build(name: str, settings: Settings) -> Notify:
    """The outlet that `settings` describe."""
    return Notify(name, settings)


def _id_of(content: Any, reference: str) -> str:
    listed = content.get("notifications") if isinstance(content, dict) else None
    same = [one for one in listed or () if isinstance(one, dict) and one.get("reference") == reference]
    return str(same[0].get("id", "")) if same else ""


def _placeholders(words: Any) -> set[str]:
    """Case and spaces do not count."""
    return {found.strip().lower() for found in _PLACEHOLDER.findall(str(words or ""))}
