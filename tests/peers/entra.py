"""Entra ID's token endpoint, as learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow
and .../certificate-credentials describe it.

Rules: the grant is client_credentials, the scope the resource and /.default; a secret in the body, or an assertion
that names the certificate by its SHA-256 thumbprint and is signed with PS256, for this endpoint and for ten minutes;
errors are those of RFC 6749 section 5.2 with a number of Microsoft's in the words.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey, RSAKey
from joserfc.jwt import JWTClaimsRegistry

from tests.peers.peer import now

TENANT, CLIENT = "11111111-2222-3333-4444-555555555555", "66666666-7777-8888-9999-000000000000"
SECRET = "s3cret~+&=%/ é"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SIGNING = OctKey.import_key("of-the-tenant-itself-and-long-enough")


@dataclass
class Entra:
    """One tenant with one application: its `roles` are the permissions to which an administrator has consented.

    `certificate` (PEM) is that of the registration, in place of a secret. `good` holds every token that is accepted;
    `secret_is_over`: it has run out.
    """

    base: str
    resource: str
    roles: list[str] = field(default_factory=lambda: ["Mail.Read", "Mail.Send"])
    certificate: str = ""
    secret_is_over: bool = False
    good: dict[str, frozenset[str]] = field(default_factory=dict)
    issued: int = 0

    @property
    def path(self) -> str:
        """Where tokens are given."""
        return f"/{TENANT}/oauth2/v2.0/token"

    def route(self) -> web.RouteDef:
        """What it serves."""
        return web.post("/{tenant}/oauth2/v2.0/token", self._give)

    async def _give(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        if request.match_info["tenant"] != TENANT:
            return _refused("invalid_request", "AADSTS90002: Tenant not found.")
        if form.get("grant_type") != "client_credentials":
            return _refused("unsupported_grant_type", "AADSTS70003: The grant type is not supported.")
        if form.get("scope") != f"{self.resource}/.default":
            return _refused("invalid_scope", "AADSTS1002012: The scope is not valid: it must end in /.default.")
        if form.get("client_id") != CLIENT:
            return _refused("unauthorized_client", "AADSTS700016: The application was not found.")
        return self._why_not(form) or self._token()

    def _why_not(self, form: dict[str, str]) -> web.Response | None:
        if "client_assertion" in form:
            proven = form.get("client_assertion_type") == _ASSERTION and self._is_signed(form["client_assertion"])
            return None if proven else _refused("invalid_client", "AADSTS700027: The signature is not valid.")
        if self.secret_is_over:
            return _refused("invalid_client", "AADSTS7000222: The provided client secret keys are expired.")
        if self.certificate or form.get("client_secret") != SECRET:
            return _refused("invalid_client", "AADSTS7000215: Invalid client secret provided.")
        return None

    def _is_signed(self, assertion: str) -> bool:
        if not self.certificate:
            return False
        certificate = x509.load_pem_x509_certificate(self.certificate.encode())
        digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
        key = RSAKey.import_key(certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        demands = {"aud": {"essential": True, "value": f"{self.base}{self.path}"}, "exp": {"essential": True}}
        subject = {name: {"essential": True, "value": CLIENT} for name in ("iss", "sub")}
        try:
            token = jwt.decode(assertion, key, algorithms=["PS256"])
            JWTClaimsRegistry(**demands, **subject, jti={"essential": True}).validate(token.claims)  # type: ignore[arg-type]
        except JoseError:
            return False
        return token.header.get("x5t#S256") == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def _token(self) -> web.Response:
        self.issued += 1
        ends = now() + timedelta(seconds=3599)
        claims: dict[str, Any] = {"aud": self.resource, "appid": CLIENT, "tid": TENANT, "exp": int(ends.timestamp())}
        claims |= {"roles": self.roles} if self.roles else {}
        token = jwt.encode({"alg": "HS256"}, claims | {"uti": secrets.token_hex(8)}, _SIGNING)
        self.good[token] = frozenset(self.roles)
        return web.json_response({"token_type": "Bearer", "expires_in": 3599, "access_token": token})


def _refused(code: str, words: str) -> web.Response:
    return web.json_response({"error": code, "error_description": f"{words} Trace ID: 0"}, status=400)
