"""Google's token server for service accounts with domain-wide delegation: it refuses what Google's would refuse.

    with Google() as google, opened(TokenOffice(...)) as office:
            email_smtp.build("post", Settings(service_account={"key": google.key_file()}, ...))

Written from developers.google.com/identity/protocols/oauth2/service-account ("Preparing to make an authorized API
call", "JWT error codes").
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import cache
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from bot.present import Present
from tests.components.dovecot import CONTACT
from tests.components.tokens import Answer, TokenServer

CLIENT_EMAIL = "ackbot@exampleshire.iam.gserviceaccount.com"
CLIENT_NUMBER = "104100000000000000001"
KEY_NAME = "0123456789abcdef0123456789abcdef01234567"
MAIL_SCOPE = "https://mail.google.com/"
_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_GRANT = "invalid_grant"
_STATUS = {_GRANT: 400, "invalid_client": 401, "disabled_client": 401, "unauthorized_client": 401}
_LONGEST_SECONDS, _DRIFT_SECONDS = 3600, 300


@cache
def _key() -> RSAKey:
    return RSAKey.generate_key(2048)


@cache
def stranger() -> str:
    """The private key of somebody else."""
    return RSAKey.generate_key(2048).as_pem(private=True).decode()


@dataclass
class Google(TokenServer):
    """`scopes` are delegated to the client, `users` are in the Workspace; `ahead` is how far its clock is before ours.

    `is_enabled`: whether the service account may be used. `claims` holds those of every request that was signed.
    """

    scopes: set[str] = field(default_factory=lambda: {MAIL_SCOPE})
    users: set[str] = field(default_factory=lambda: {CONTACT})
    is_enabled: bool = True
    ahead: timedelta = timedelta()
    claims: list[dict[str, Any]] = field(default_factory=list)

    def key_file(self, **others: str) -> str:
        """The JSON file that Google gives out for the key; `others` is what stands there instead."""
        content = {
            "type": "service_account",
            "project_id": "exampleshire",
            "private_key_id": KEY_NAME,
            "private_key": _key().as_pem(private=True).decode(),
            "client_email": CLIENT_EMAIL,
            "client_id": CLIENT_NUMBER,
            "token_uri": self.url,
            "universe_domain": "googleapis.com",
        }
        return json.dumps(content | others)

    def date(self) -> str:
        """The time there, as it stands in each answer."""
        return format_datetime(self._now(), usegmt=True)

    def _now(self) -> datetime:
        return Present().now() + self.ahead

    def _judged(self, form: dict[str, str]) -> Answer:
        if form.get("grant_type") != _GRANT_TYPE:
            return 400, {"error": "unsupported_grant_type", "error_description": "Invalid grant_type"}
        try:
            token = jwt.decode(form.get("assertion", ""), _key(), algorithms=["RS256"])
        except (JoseError, ValueError):
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        self.claims.append(token.claims)
        return self._refusal(token.header, token.claims) or self._given({})

    def _refusal(self, header: dict[str, Any], claims: dict[str, Any]) -> Answer | None:
        user, scopes = claims.get("sub"), set(str(claims.get("scope")).split())
        judgements = (
            (header.get("kid") == KEY_NAME and claims.get("aud") == self.url, _GRANT, "Invalid JWT Signature."),
            (self._is_timely(claims), _GRANT, "Invalid JWT: Token must be a short-lived token (60 minutes)."),
            (claims.get("iss") == CLIENT_EMAIL, "invalid_client", "The OAuth client was not found."),
            (self.is_enabled, "disabled_client", "The OAuth client was disabled."),
            (user in self.users, _GRANT, f"Invalid email or User ID: {user}"),
            (scopes <= self.scopes, "unauthorized_client", "Client is unauthorized to retrieve access tokens."),
        )
        codes = ((code, words) for is_good, code, words in judgements if not is_good)
        return next(((_STATUS[code], {"error": code, "error_description": words}) for code, words in codes), None)

    def _is_timely(self, claims: dict[str, Any]) -> bool:
        begins, ends = claims.get("iat"), claims.get("exp")
        if not isinstance(begins, int) or not isinstance(ends, int):
            return False
        return 0 < ends - begins <= _LONGEST_SECONDS and abs(self._now().timestamp() - begins) <= _DRIFT_SECONDS
