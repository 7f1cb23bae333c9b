"""GOV.UK Notify as an outlet: mails, and text messages to telephones.

Source: docs.notifications.service.gov.uk/rest-api.html. Notify renders each message with a template of the service,
which contains ((subject)) and ((body)). It does not detect repeats, so an existing message is looked up first.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.jwk import OctKey
from pydantic import Field, SecretStr, ValidationInfo, field_validator

from bot.channel import ChannelError, ChannelSettings, Handed, Misconfigured, Permanent, Temporary
from bot.core.lengths import Longest
from bot.core.messages import Outbound
from bot.core.outlets import Limits
from bot.wire.mail.sender import Sender
from bot.wire.platforms.platform import Answer, Api, PlatformUrl

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_KEY = re.compile(rf".+-({_UUID})-({_UUID})", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\(\(([^()?]+)(?:\?\?[^()]*)?\)\)")
# Notify accepts a token that is wrong by up to 30 seconds ("Authorization header").
_CLOCK_TOLERANCE_SECONDS = 20.0
_CREATED, _FORBIDDEN, _TOO_MANY, _FAULT = 201, 403, 429, 500
_SHOWN = 200
# Of a text message, by docs.notifications.service.gov.uk; a mail may be longer.
_LONGEST_TEXT = Longest(918)


class Settings(ChannelSettings):
    """`sender`: as Notify sends, `Name <local@domain>`. `email_template`, `sms_template`: ids of Notify's templates."""

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
    """An outlet: one service of Notify."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.sender = settings.sender
        self.limits = Limits(concurrency=4, format="words", longest=_LONGEST_TEXT)
        key = _KEY.fullmatch(settings.api_key.get_secret_value())
        assert key is not None  # noqa: S101 - the settings say so
        self._service, self._secret = key[1], key[2]
        self._templates = {"email": settings.email_template, "sms": settings.sms_template}
        self._api = Api(name, settings.url)
        # Notify's time, and the event loop's time at which it was noted.
        self._server_time: tuple[float, float] | None = None

    async def send(self, message: Outbound) -> Handed:
        """Hand one message over, unless Notify has it already; raises Temporary, Permanent or Misconfigured."""
        kind = "email" if "@" in message.recipient else "sms"
        if not self._templates[kind]:
            raise Permanent(f"channel {self.name}: no {kind}_template is configured")
        # An earlier attempt may have succeeded although its answer was lost.
        listing = await self._call("GET", "/v2/notifications", params={"reference": message.idempotency_key})
        if listing.status >= 400:
            raise self._refusal(listing)
        if existing_id := _id_of(listing.content, message.idempotency_key):
            return Handed(existing_id)
        answer = await self._call("POST", f"/v2/notifications/{kind}", json=self._content(kind, message))
        if answer.status != _CREATED:
            raise self._refusal(answer, message.recipient)
        return Handed(str(answer.content.get("id", "")) if isinstance(answer.content, dict) else "")

    async def check(self) -> str:
        """Check the templates; return one sentence. Raises Temporary, Permanent or Misconfigured."""
        for kind, template in self._templates.items():
            if template:
                await self._check(kind, template)
        kinds = [name for kind, name in (("email", "mails"), ("sms", "text messages")) if self._templates[kind]]
        return f"GOV.UK Notify takes {' and '.join(kinds)} over"

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def _check(self, kind: str, template: str) -> None:
        answer = await self._call("GET", f"/v2/template/{template}")
        if answer.status >= 400:
            raise self._refusal(answer)
        content: Mapping[str, Any] = answer.content if isinstance(answer.content, dict) else {}
        expected_names = {"subject", "body"} if kind == "email" else {"body"}
        names = _placeholders(content.get("subject")) | _placeholders(content.get("body"))
        if content.get("type") != kind or names != expected_names:
            text = " and ".join(f"(({name}))" for name in sorted(expected_names, reverse=True))
            raise Misconfigured(f"channel {self.name}: {kind}_template must be of type {kind} and hold {text} alone")

    def _content(self, kind: str, message: Outbound) -> dict[str, Any]:
        words = {"body": message.content.decode()}
        if kind == "email":
            to, words = {"email_address": message.recipient}, {"subject": message.subject, **words}
        else:
            to = {"phone_number": message.recipient.removeprefix("tel:")}
        template = self._templates[kind]
        return {**to, "template_id": template, "personalisation": words, "reference": message.idempotency_key}

    async def _call(self, method: str, path: str, **options: Any) -> Answer:
        """Make one call with a current token; repeat it where Notify's time turns out to differ from the assumed."""
        assumed = await self._now()
        answer = await self._ask(method, path, assumed, **options)
        now = await self._now()
        if answer.status == _FORBIDDEN and abs(now - assumed) > _CLOCK_TOLERANCE_SECONDS:
            answer = await self._ask(method, path, now, **options)
        return answer

    async def _ask(self, method: str, path: str, now: float, **options: Any) -> Answer:
        claims = {"iss": self._service, "iat": int(now)}
        token = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(self._secret))
        answer = await self._api.ask(method, path, headers={"Authorization": f"Bearer {token}"}, **options)
        self._note_time(answer)
        return answer

    async def _now(self) -> float:
        """Return Notify's own time, in seconds since 1970: it refuses tokens of any other time."""
        if self._server_time is None:
            self._note_time(await self._api.ask("GET", "/_status"))
        if self._server_time is None:
            raise Temporary(f"channel {self.name}: {self._api.base} does not say what time it is")
        server_time, noted_at = self._server_time
        return server_time + asyncio.get_running_loop().time() - noted_at

    def _note_time(self, answer: Answer) -> None:
        if answer.at is not None:
            self._server_time = (answer.at.timestamp(), asyncio.get_running_loop().time())

    def _refusal(self, answer: Answer, recipient: str = "") -> ChannelError:
        """Return what a refusal means, by its status and the type of the error; its text may change ("Error codes")."""
        errors = _errors(answer.content)
        kinds = {str(error.get("error")) for error in errors}
        details = "; ".join(f"{error.get('error')}: {error.get('message')}" for error in errors)
        details = details.replace(recipient, "(address)") if recipient else details
        words = f"channel {self.name}: Notify said {answer.status} {details[:_SHOWN]}".rstrip()
        if answer.status >= _FAULT or answer.status < 400 or kinds == {"RateLimitError"}:
            return Temporary(words)
        if answer.status == 400 and kinds == {"ValidationError"}:
            return Permanent(words)
        # All else concerns the service there: its key, its templates, its allowed recipients, its daily limit.
        return Misconfigured(words)


def build(name: str, settings: Settings) -> Notify:
    """Return the outlet that `settings` describe."""
    return Notify(name, settings)


def _errors(content: Any) -> list[dict[str, Any]]:
    errors = content.get("errors") if isinstance(content, dict) else None
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _id_of(content: Any, reference: str) -> str:
    notifications = content.get("notifications") if isinstance(content, dict) else None
    items = (item for item in notifications or () if isinstance(item, dict))
    matches = [item for item in items if item.get("reference") == reference]
    return str(matches[0].get("id", "")) if matches else ""


def _placeholders(words: Any) -> set[str]:
    """Return the names of the placeholders; case and surrounding spaces are ignored."""
    return {name.strip().lower() for name in _PLACEHOLDER.findall(str(words or ""))}
