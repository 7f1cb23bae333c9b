"""Signs in to Microsoft Graph as an application, by its secret or its certificate, with no person present.

Sources: learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow (the request), and
.../access-token-claims-reference (the claim `roles`).
"""

import base64
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.wire.mail.graph_certificate import Certificate
from bot.wire.mail.graph_settings import GraphSettings
from bot.wire.mail.oauth import OAuth, TokenSource

# For so long before it runs out staff are told.
NOTICE = timedelta(days=30)
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS = 600
_REMEDIES = {
    "invalid_client": "the certificate has run out or is not that of the registration, or client_id is wrong",
    "unauthorized_client": "client_id is unknown in this tenant: check the registration",
}
_OTHER_REMEDY = "check tenant, client_id and login_url"


@dataclass(frozen=True, slots=True)
class ByCertificate:
    """The request of an application that signs with its certificate."""

    token_url: str
    client_id: str
    scope: str
    certificate: Certificate
    refresh_token: None = None

    def request_body(self, refresh_token: SecretStr | None, server_time: Callable[[], float]) -> str:
        """Return the form to post."""
        from oauthlib.oauth2 import BackendApplicationClient  # noqa: PLC0415 - as `oauth` does

        now = int(server_time())
        claims = {
            "aud": self.token_url,
            "iss": self.client_id,
            "sub": self.client_id,
            "jti": str(uuid.uuid4()),
            "iat": now,
            "nbf": now,
            "exp": now + _ASSERTION_SECONDS,
        }
        proof = {"client_assertion_type": _ASSERTION_TYPE, "client_assertion": self.certificate.sign(claims)}
        client = BackendApplicationClient(self.client_id)
        return str(client.prepare_request_body(scope=self.scope, include_client_id=True, **proof))

    def remedy(self, code: str) -> str:
        """Return what staff do about an error code."""
        return _REMEDIES.get(code, _OTHER_REMEDY)


def tokens_of(name: str, settings: GraphSettings) -> TokenSource:
    """Return where the channel's tokens come from."""
    token_url = f"{settings.login_url}/{settings.tenant}/oauth2/v2.0/token"
    api = urlsplit(settings.url)
    scope = f"{api.scheme}://{api.netloc}/.default"
    if settings.certificate is not None:
        certificate = Certificate.read(settings.certificate)
        return TokenSource(name, ByCertificate(token_url, settings.client_id, scope, certificate))
    assert settings.client_secret is not None  # noqa: S101 - the settings say so
    oauth = OAuth(token_url=token_url, client_id=settings.client_id, client_secret=settings.client_secret, scope=scope)
    return TokenSource(name, oauth)


@dataclass(frozen=True, slots=True)
class Expiry:
    """The last day on which we can sign in, as far as it is known, and by what."""

    credential: str
    at: datetime | None

    @classmethod
    def of(cls, settings: GraphSettings) -> "Expiry":
        """Return that of a mailbox: a certificate says it itself, of a secret only the registration knows."""
        if settings.certificate is not None:
            return cls("certificate", Certificate.read(settings.certificate).ends)
        ends = settings.client_secret_ends
        return cls("client_secret", None if ends is None else _end_of(ends))

    def sentence(self) -> str:
        """Return when it is."""
        if self.at is None:
            return (
                f"when {self.credential} runs out is not known: set client_secret_ends to the day in the registration"
            )
        return f"{self.credential} runs out on {self.at:%d %B %Y}"

    def warning(self, now: datetime) -> str:
        """Return what staff must know now, or ""."""
        if self.at is None or now < self.at - NOTICE:
            return ""
        if now >= self.at:
            return f"{self.credential} ran out on {self.at:%d %B %Y}: nothing can be read or sent"
        return f"{self.sentence()}: make a new one in the registration and enter it before"


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.max, UTC)


def roles_in(token: SecretStr) -> frozenset[str] | None:
    """Return the permissions that a token names, to tell staff of them; None where it cannot be read.

    Nothing is decided by it: what a token allows, Graph alone knows.
    """
    try:
        payload = token.get_secret_value().split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return frozenset(str(role) for role in claims.get("roles", ()))
    except (IndexError, ValueError, AttributeError, TypeError):
        return None
