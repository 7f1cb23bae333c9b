"""A JSON Web Token, signed with HMAC SHA-256 (RFC 7519, RFC 7515)."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping


def signed(claims: Mapping[str, str | int], secret: str) -> str:
    """The claims as a token of compact form."""
    parts = [_encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    signature = hmac.digest(secret.encode(), ".".join(parts).encode(), "sha256")
    return ".".join([*parts, _encoded(signature)])


def _encoded(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()
