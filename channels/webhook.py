"""A signed call to one of the organisation's systems: CloudEvents 1.0 in JSON, signed by Standard Webhooks.

Sources: github.com/cloudevents/spec (HTTP protocol binding, structured mode), standardwebhooks.com.
"""

import base64
import binascii
import hashlib
import hmac

import aiohttp
from pydantic import SecretStr, field_validator

from bot.channel import ChannelError, ChannelSettings, Handed, Misconfigured, Permanent, Temporary
from bot.core.messages import Outbound
from bot.core.outlets import Limits
from bot.wire.platforms.platform import PlatformUrl

_PREFIX = "whsec_"
_FEWEST_BYTES, _MOST_BYTES = 24, 64
_SUCCESS, _REDIRECTS = range(200, 300), range(300, 400)
_TIMEOUT_SECONDS = 30.0
# Unknown address, access denied, or no more calls accepted (410, Standard Webhooks).
_MISCONFIGURED = (401, 403, 404, 405, 410)
_TOO_MANY, _TIMED_OUT, _FAULT = 429, 408, 500


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return b""


class Settings(ChannelSettings):
    """`url`: the address to call; `secret`: whsec_ and 24 to 64 random bytes in base64, known to both sides.

    `follows`: the kinds of contact events to send in addition to alerts; "*" for all.
    """

    url: PlatformUrl
    secret: SecretStr
    follows: tuple[str, ...] = ()

    @field_validator("secret")
    @classmethod
    def _standard_secret(cls, value: SecretStr) -> SecretStr:
        secret = value.get_secret_value()
        if not (secret.startswith(_PREFIX) and _FEWEST_BYTES <= len(_key(secret)) <= _MOST_BYTES):
            raise ValueError(
                "is not whsec_ and 24 to 64 bytes in base64; make one with: echo whsec_$(openssl rand -base64 32)"
            )
        return value


class Webhook:
    """An outlet: each alert is one call. A repeat has the same webhook-id, so that it can be recognised."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.limits = Limits(concurrency=2, format="event")
        self._key, self._url = _key(settings.secret.get_secret_value()), settings.url
        self._session: aiohttp.ClientSession | None = None

    async def send(self, message: Outbound) -> Handed:
        """Send one event; raises Temporary, Permanent or Misconfigured."""
        name = message.idempotency_key.strip("<>")
        seconds = str(int(message.at.timestamp()) if message.at else 0)
        signed_content = b".".join((name.encode(), seconds.encode(), message.content))
        signature = base64.b64encode(hmac.digest(self._key, signed_content, hashlib.sha256)).decode()
        headers = {
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "webhook-id": name,
            "webhook-timestamp": seconds,
            "webhook-signature": f"v1,{signature}",
        }
        # The address may contain a secret: no error shows it.
        try:
            async with self._open_session().post(
                self._url, data=message.content, headers=headers, allow_redirects=False
            ) as call:
                status = call.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Temporary(f"channel {self.name}: it cannot be reached ({type(error).__name__})") from None
        if status not in _SUCCESS:
            raise self._refusal(status)
        return Handed("")

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _refusal(self, status: int) -> ChannelError:
        problem = f"channel {self.name}: the system that was called said {status}"
        if status in _MISCONFIGURED or status in _REDIRECTS:
            return Misconfigured(f"{problem}. Are url and secret right?")
        again = status in (_TOO_MANY, _TIMED_OUT) or status >= _FAULT
        return Temporary(problem) if again else Permanent(problem)

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS))
        return self._session


def build(name: str, settings: Settings) -> Webhook:
    """Return the outlet of this name."""
    return Webhook(name, settings)
