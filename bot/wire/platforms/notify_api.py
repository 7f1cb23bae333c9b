"""Calls to GOV.UK Notify, with a token for each of its own time, and the calls that it makes to us.

Source: docs.notifications.service.gov.uk/rest-api.html ("Authorization header", "Error codes", "Callbacks").
"""

import asyncio
import hmac
import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Annotated, Any

from joserfc import jwt
from joserfc.jwk import OctKey
from pydantic import AfterValidator, SecretStr

from bot.channel import ChannelError, Forged, Misconfigured, Permanent, RawRequest, Temporary
from bot.core.messages import Inbound
from bot.wire.platforms.platform import Answer, Api
from bot.wire.platforms.reading import NotUnderstood, raw_message, read_each

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
NOTIFY = "https://api.notifications.service.gov.uk"
_KEY = re.compile(rf".+-({UUID})-({UUID})", re.IGNORECASE)
# Notify accepts a token that is wrong by up to 30 seconds ("Authorization header").
_CLOCK_TOLERANCE_SECONDS = 20.0
_FORBIDDEN, _FAULT = 403, 500
_SHOWN = 200
# A page has up to 250 entries; Notify tells of the last seven days.
_MOST_PAGES = 40
_FEWEST_CHARACTERS = 10


def _as_given(value: SecretStr) -> SecretStr:
    if not _KEY.fullmatch(value.get_secret_value()):
        raise ValueError("is not what Notify gives out: a name, the service's id and a secret, joined by -")
    return value


def _long_enough(value: SecretStr | None) -> SecretStr | None:
    if value is not None and len(value.get_secret_value()) < _FEWEST_CHARACTERS:
        raise ValueError("must have 10 characters or more, as Notify asks; make one with: openssl rand -hex 32")
    return value


ApiKey = Annotated[SecretStr, AfterValidator(_as_given)]
# What Notify is told to put into its calls.
CallbackToken = Annotated[SecretStr, AfterValidator(_long_enough)]


class NotifyApi:
    """One service of Notify, by one of its keys; `name` is the channel, for messages to staff."""

    def __init__(self, name: str, base: str, api_key: SecretStr) -> None:
        self._name = name
        key = _KEY.fullmatch(api_key.get_secret_value())
        assert key is not None  # noqa: S101 - the settings say so
        self._service, self._secret = key[1], key[2]
        self._api = Api(name, base)
        # Notify's time, and the event loop's time at which it was noted.
        self._server_time: tuple[float, float] | None = None

    async def call(self, method: str, path: str, **options: Any) -> Answer:
        """Make one call with a current token; repeat it where Notify's time turns out to differ from the assumed."""
        assumed = await self.now()
        answer = await self._ask(method, path, assumed, **options)
        now = await self.now()
        if answer.status == _FORBIDDEN and abs(now - assumed) > _CLOCK_TOLERANCE_SECONDS:
            answer = await self._ask(method, path, now, **options)
        return answer

    async def pages(self, path: str, key: str, query: Mapping[str, str]) -> AsyncIterator[list[Any]]:
        """Yield a list of the last days, the newest first, page by page; raises as `refusal` says."""
        older_than: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            answer = await self.call("GET", path, params={**query, **older_than})
            content = answer.content if isinstance(answer.content, dict) else {}
            if answer.status >= 400 or key not in content:
                raise self.refusal(answer)
            yield content[key]
            if not content[key]:
                return
            older_than = {"older_than": text_of(content[key][-1], "id")}

    def refusal(self, answer: Answer, *addresses: str) -> ChannelError:
        """Return what a refusal means, by its status and the type of the error; its text may change ("Error codes").

        Nobody reads in it where the message was to go: `addresses` are left out.
        """
        errors = _errors(answer.content)
        kinds = {str(error.get("error")) for error in errors}
        details = "; ".join(f"{error.get('error')}: {error.get('message')}" for error in errors)
        for address in addresses:
            details = details.replace(address, "(address)")
        words = f"channel {self._name}: Notify said {answer.status} {details[:_SHOWN]}".rstrip()
        if answer.status >= _FAULT or answer.status < 400 or kinds == {"RateLimitError"}:
            return Temporary(words)
        if answer.status == 400 and kinds == {"ValidationError"}:
            return Permanent(words)
        # All else concerns the service there: its key, its templates, its allowed recipients, its daily limit.
        return Misconfigured(words)

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def _ask(self, method: str, path: str, now: float, **options: Any) -> Answer:
        claims = {"iss": self._service, "iat": int(now)}
        token = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(self._secret))
        answer = await self._api.ask(method, path, headers={"Authorization": f"Bearer {token}"}, **options)
        self._note_time(answer)
        return answer

    async def now(self) -> float:
        """Return Notify's own time, in seconds since 1970: it refuses tokens of any other time."""
        if self._server_time is None:
            self._note_time(await self._api.ask("GET", "/_status"))
        if self._server_time is None:
            raise Temporary(f"channel {self._name}: {self._api.base} does not say what time it is")
        server_time, noted_at = self._server_time
        return server_time + asyncio.get_running_loop().time() - noted_at

    def _note_time(self, answer: Answer) -> None:
        if answer.at is not None:
            self._server_time = (answer.at.timestamp(), asyncio.get_running_loop().time())


def messages_of(
    channel: str, raw: RawRequest, token: SecretStr, read: Callable[[Any], Iterable[Inbound]]
) -> tuple[Inbound, ...]:
    """Return what is in a call of Notify's, which proves itself by the token that we chose; raises Forged."""
    proof = f"Bearer {token.get_secret_value()}".encode()
    if not hmac.compare_digest(raw.headers.get("authorization", "").encode("utf-8", "replace"), proof):
        raise Forged("the token is not the one that Notify was given")
    try:
        content = json.loads(raw.body)
    except (ValueError, RecursionError):
        return (raw_message(channel, raw.body, NotUnderstood("a call that is no JSON")),)
    return tuple(read_each(channel, [content], read))


def text_of(values: Any, key: str) -> str:
    """Return a text that must be there; raises NotUnderstood."""
    value = values.get(key) if isinstance(values, dict) else None
    if not isinstance(value, str) or not value:
        raise NotUnderstood(f"a call of Notify's without {key}")
    return value.encode("utf-8", "replace").decode()


def _errors(content: Any) -> list[dict[str, Any]]:
    errors = content.get("errors") if isinstance(content, dict) else None
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
