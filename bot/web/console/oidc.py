"""The organisation's own sign-in: OpenID Connect, authorization code with PKCE (RFC 7636).

Source: OpenID Connect Core 1.0 sections 3.1 and 3.1.3.7, Discovery 1.0, RFC 9700 section 2.1.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet

from bot.settings.main import SignIn as Settings
from bot.web.console.doorkeeper import is_secret, own_path
from bot.web.console.identity import Identity, NotSignedIn
from bot.wire import typed

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
_NOT_SET_UP = "The sign-in of your organisation is not set up rightly. Tell an administrator"


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where the browser goes, and what it must bring back in a cookie."""

    address: str
    memory: str


class Oidc:
    """One provider; what it publishes of itself is asked once, its keys again when one is not known."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._provider: Mapping[str, Any] = {}
        self._keys: KeySet | None = None

    @property
    def title(self) -> str:
        """What stands on the button."""
        return self._settings.title

    async def begin(self, back: str, onwards: str) -> Redirect:
        """Send the browser to the provider; raises NotSignedIn where it cannot be reached."""
        provider = await self._about()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        parameters = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": back,
            "scope": "openid email",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        between = "&" if "?" in provider["authorization_endpoint"] else "?"
        memory = base64.urlsafe_b64encode(json.dumps([state, nonce, verifier, onwards]).encode()).decode()
        return Redirect(f"{provider['authorization_endpoint']}{between}{urlencode(parameters)}", memory)

    async def finish(self, query: Mapping[str, str], memory: str, back: str) -> Identity:
        """Who came back; raises NotSignedIn for whatever is not exactly as it was begun."""
        state, nonce, verifier, onwards = _memory_parts(memory)
        if not state or not secrets.compare_digest(query.get("state", "").encode(), state.encode()):
            raise NotSignedIn("That was not begun here, or too long ago. Try again")
        if query.get("iss", self._settings.issuer).rstrip("/") != self._settings.issuer:
            raise NotSignedIn("Somebody else answered for your organisation. Try again")
        if "code" not in query:
            raise NotSignedIn("Your organisation did not let you in")
        grant = {
            "grant_type": "authorization_code",
            "code": query["code"],
            "redirect_uri": back,
            "client_id": self._settings.client_id,
            "code_verifier": verifier,
        }
        if secret := self._settings.client_secret.get_secret_value():
            grant["client_secret"] = secret
        provider = await self._about()
        answer = await self._ask("POST", provider["token_endpoint"], data=grant)
        claims = await self._claims(str(answer.get("id_token", "")), nonce)
        if "email" not in claims and "userinfo_endpoint" in provider:
            token = {"Authorization": f"Bearer {answer.get('access_token', '')}"}
            userinfo = await self._ask("GET", provider["userinfo_endpoint"], headers=token)
            claims = {**userinfo, **claims} if userinfo.get("sub") == claims.get("sub") else claims
        return Identity(_address_in(claims), own_path(onwards))

    async def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        if not token:
            raise NotSignedIn("Your organisation did not let you in")
        try:
            claims = await self._verify(token)
            registry = jwt.JWTClaimsRegistry(
                leeway=60,
                iss={"essential": True, "values": [self._settings.issuer, f"{self._settings.issuer}/"]},
                aud={"essential": True, "value": self._settings.client_id},
                exp={"essential": True},
                nonce={"essential": True, "value": nonce},
            )
            registry.validate(claims)
        except (JoseError, ValueError) as error:
            raise NotSignedIn("What your organisation said could not be verified. Try again") from error
        return claims

    async def _verify(self, token: str) -> dict[str, Any]:
        for again in (False, True):
            keys = await self._known_keys(anew=again)
            try:
                return dict(jwt.decode(token, keys, algorithms=_ALGORITHMS).claims)
            except (JoseError, ValueError):
                if again:
                    raise
        raise ValueError(token)

    async def _known_keys(self, *, anew: bool) -> KeySet:
        if self._keys is None or anew:
            key_set = await self._ask("GET", (await self._about())["jwks_uri"])
            self._keys = _keys_in(key_set)
        return self._keys

    async def _about(self) -> Mapping[str, Any]:
        if not self._provider:
            metadata = await self._ask("GET", f"{self._settings.issuer}/.well-known/openid-configuration")
            required_names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            is_complete = all(isinstance(metadata.get(name), str) for name in required_names)
            if str(metadata.get("issuer", "")).rstrip("/") != self._settings.issuer or not is_complete:
                raise NotSignedIn(_NOT_SET_UP)
            self._provider = metadata
        return self._provider

    async def _ask(self, method: str, address: str, **options: Any) -> dict[str, Any]:
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as session,
                session.request(method, address, allow_redirects=False, **options) as answer,
            ):
                content = json.loads(await answer.read())
        except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError) as error:
            raise NotSignedIn("The sign-in of your organisation cannot be reached now. Try again later") from error
        if answer.status >= 400 or not isinstance(content, dict):
            raise NotSignedIn("Your organisation did not let you in")
        return content


def _keys_in(key_set: Mapping[str, Any]) -> KeySet:
    """RFC 7517 section 5: a key that we cannot use is passed over, and the others hold."""
    entries, keys = key_set.get("keys"), list[Key]()
    for entry in entries if isinstance(entries, list) else ():
        with suppress(JoseError, ValueError, LookupError, TypeError):
            keys.append(JWKRegistry.import_key(entry))
    if not keys:
        raise NotSignedIn(_NOT_SET_UP)
    return KeySet(keys)


def _address_in(claims: Mapping[str, Any]) -> str:
    """Core section 5.1 has a boolean in `email_verified`; some providers write it as a word, some leave it out."""
    email, is_verified = claims.get("email"), claims.get("email_verified", True)
    if not isinstance(email, str) or not (is_verified is True or is_verified == "true"):
        raise NotSignedIn("Your organisation does not say which email address is yours")
    if not (address := typed.account(email)):
        raise NotSignedIn("Your organisation has an email address for you that cannot have an account here")
    return address


def _memory_parts(memory: str) -> tuple[str, str, str, str]:
    try:
        state, nonce, verifier, onwards = json.loads(base64.urlsafe_b64decode(memory))
    except (ValueError, TypeError, RecursionError):
        return "", "", "", ""
    is_ours = all(isinstance(part, str) and is_secret(part) for part in (state, nonce, verifier))
    return (state, nonce, verifier, str(onwards)) if is_ours else ("", "", "", "")
