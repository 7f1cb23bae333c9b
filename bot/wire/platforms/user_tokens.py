"""Authorisation of calls to a platform: a bearer token, a bearer token with renewal, or signed calls.

RFC 6750 section 2.1, RFC 6749 section 6, RFC 5849 section 3. No error contains a token or a secret.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, Protocol

import aiohttp
from oauthlib.oauth1 import Client
from pydantic import SecretStr

from bot.channel import Misconfigured, Permanent, Temporary
from bot.wire.platforms.platform import Api
from bot.wire.platforms.safes import Safe

# A token is not used in its last minute: the platform's clock may be ahead of the local one.
SPARE_SECONDS = 60.0
Method = Literal["GET", "POST"]


class UserToken(Protocol):
    """The interface of every kind of authorisation."""

    async def headers(self, method: Method, address: str) -> Mapping[str, str]:
        """Return the headers of one call; `address` includes its query. Raises Temporary or Misconfigured."""
        ...

    def note_refusal(self, headers: Mapping[str, str]) -> bool:
        """Note that the platform refused these headers (401). Return whether the next call will have others."""
        ...


class BearerToken:
    """A token that cannot be renewed."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    async def headers(self, method: Method, address: str) -> Mapping[str, str]:
        """Return the token."""
        return {"Authorization": f"Bearer {self._token.get_secret_value()}"}

    def note_refusal(self, headers: Mapping[str, str]) -> bool:
        """Return False: there is no other token."""
        return False


class SignedCalls:
    """Calls signed (OAuth 1.0a) with secrets that never leave this machine. The token does not expire."""

    def __init__(
        self, consumer_key: str, consumer_secret: SecretStr, token: SecretStr, token_secret: SecretStr
    ) -> None:
        self._client = Client(
            consumer_key,
            client_secret=consumer_secret.get_secret_value(),
            resource_owner_key=token.get_secret_value(),
            resource_owner_secret=token_secret.get_secret_value(),
        )

    async def headers(self, method: Method, address: str) -> Mapping[str, str]:
        """Return the signature of the method and the address; JSON is not signed (RFC 5849 section 3.4.1.3.1)."""
        _, headers, _ = self._client.sign(address, http_method=method)
        return {"Authorization": headers["Authorization"]}

    def note_refusal(self, headers: Mapping[str, str]) -> bool:
        """Return False: there is no other signature."""
        return False


@dataclass(frozen=True, slots=True)
class Renewal:
    """The request for the next token at `path`; a client without a secret only identifies itself."""

    path: str
    client_id: str
    client_secret: SecretStr | None
    refresh_token: SecretStr


class RenewableToken:
    """A token that is renewed when it has expired or is about to. The refresh token changes with each renewal.

    With a safe, what was renewed survives a restart, and of several processes one renews: a refresh token is good once.
    A token that was configured anew counts more than what the safe has from before.
    """

    def __init__(self, token: SecretStr, renewal: Renewal, api: Api) -> None:
        self._token, self._renewal, self._api = token, renewal, api
        self._refresh_token = renewal.refresh_token
        self._consent = hashlib.sha256(renewal.refresh_token.get_secret_value().encode()).hexdigest()
        self._good_until = float("inf")  # the lifetime of the configured token is unknown
        self._renewing = asyncio.Lock()
        self._safe: Safe | None = None
        self._is_recalled = self._is_kept = True

    def keep_in(self, safe: Safe) -> None:
        """Begin with what the safe has, and keep there what changes."""
        self._safe, self._is_recalled = safe, False

    async def headers(self, method: Method, address: str) -> Mapping[str, str]:
        """Return the current token."""
        async with self._renewing:
            if not self._is_recalled:
                await self._recall()
                self._is_recalled = True
            if asyncio.get_running_loop().time() >= self._good_until:
                await self._renew_alone()
            if not self._is_kept:
                await self._keep()
        return self._current_headers()

    def note_refusal(self, headers: Mapping[str, str]) -> bool:
        """Have the token renewed at the next call, unless another call has done so in the meantime."""
        if headers == self._current_headers():
            self._good_until = 0.0
        return True

    def _current_headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._token.get_secret_value()}"}

    async def _recall(self) -> bool:
        """Take what the safe has of the same consent; return whether it is another token."""
        try:
            content = json.loads(await self._safe.read() if self._safe else "")
            consent, token, refresh_token = content["consent"], content["token"], content["refresh_token"]
        except (ValueError, TypeError, KeyError):
            return False
        if consent != self._consent or token == self._token.get_secret_value():
            return False
        self._token, self._refresh_token = SecretStr(str(token)), SecretStr(str(refresh_token))
        self._good_until = float("inf")
        return True

    async def _keep(self) -> None:
        """Keep the token; where the safe cannot be reached it is tried again at the next call."""
        if self._safe is None:
            return
        token, refresh_token = self._token.get_secret_value(), self._refresh_token.get_secret_value()
        self._is_kept = False
        with suppress(Temporary):
            content = {"consent": self._consent, "token": token, "refresh_token": refresh_token}
            await self._safe.write(json.dumps(content))
            self._is_kept = True

    async def _renew_alone(self) -> None:
        """Renew the token, unless another process has done so or is doing it. Raises Temporary or Misconfigured."""
        if self._safe is None:
            await self._renew()
            return
        if not await self._safe.claim():
            if not await self._recall():
                raise Temporary(f"channel {self._api.name}: another process renews the token")
            return
        try:
            # What could not be kept is newer than what the safe has.
            if not (self._is_kept and await self._recall()):
                await self._renew()
                await self._keep()
        finally:
            with suppress(Temporary):
                await self._safe.release()

    async def _renew(self) -> None:
        renewal = self._renewal
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self._refresh_token.get_secret_value(),
            "client_id": renewal.client_id,
        }
        headers = {}
        if renewal.client_secret is not None:
            basic = aiohttp.BasicAuth(renewal.client_id, renewal.client_secret.get_secret_value())
            headers["Authorization"] = basic.encode()
        try:
            answer = (await self._api.call("POST", renewal.path, data=form, headers=headers)).content
            token, lifetime = str(answer["access_token"]), float(answer.get("expires_in", 0))
        except (Permanent, Misconfigured, KeyError, TypeError, ValueError, AttributeError):
            raise Misconfigured(
                f"channel {self._api.name}: {self._api.base} gives no new token: give consent again, and enter the new "
                "token and refresh_token"
            ) from None
        self._token = SecretStr(token)
        self._refresh_token = SecretStr(str(answer.get("refresh_token") or self._refresh_token.get_secret_value()))
        self._good_until = asyncio.get_running_loop().time() + max(lifetime - SPARE_SECONDS, SPARE_SECONDS)
