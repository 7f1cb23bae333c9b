"""A JSON Web Token, encode with HMAC SHA-256 (RFC 7519, RFC 7515)."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping


def encode(claims: Mapping[str, str | int], secret: str) -> str:
    """Return the claims as a token in the compact form."""
    parts = [_encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    signature = hmac.digest(secret.encode(), ".".join(parts).encode(), "sha256")
    return ".".join([*parts, _encoded(signature)])


def _encoded(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()
