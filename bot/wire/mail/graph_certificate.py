"""The certificate by which an application of Entra ID proves who it is, in place of a secret.

Source: learn.microsoft.com/en-us/entra/identity-platform/certificate-credentials.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from pydantic import SecretStr

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey

ALGORITHM = "PS256"
_BLOCK = re.compile(r"-----BEGIN ([A-Z ]+)-----.*?-----END \1-----", re.DOTALL)
_WHAT_IT_HOLDS = "must hold a certificate and its RSA private key without a password, both in PEM"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its key: the last instant at which it is good, and its thumbprint."""

    ends: datetime
    thumbprint: str
    key: "RSAKey"

    @classmethod
    def read(cls, pem: SecretStr) -> Self:
        """Return what the text holds; raises ValueError, without a word of it."""
        # Imported by whoever has a certificate.
        from cryptography import x509  # noqa: PLC0415
        from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415
        from joserfc.errors import JoseError  # noqa: PLC0415
        from joserfc.jwk import RSAKey  # noqa: PLC0415

        # Of a chain, the first is that of the application (RFC 8446 section 4.4.2 has the same order).
        blocks = {match[1]: match[0] for match in reversed([*_BLOCK.finditer(pem.get_secret_value())])}
        key = next((block for name, block in blocks.items() if name.endswith("PRIVATE KEY")), "")
        try:
            certificate = x509.load_pem_x509_certificate(blocks.get("CERTIFICATE", "").encode())
            public = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            private_key = RSAKey.import_key(key)
            is_pair = RSAKey.import_key(public).thumbprint() == private_key.thumbprint() and private_key.is_private
        except (ValueError, TypeError, AttributeError, JoseError):
            raise ValueError(_WHAT_IT_HOLDS) from None
        if not is_pair:
            raise ValueError("holds a private key that is not that of the certificate")
        digest = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).rstrip(b"=").decode()
        return cls(certificate.not_valid_after_utc, digest, private_key)

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return the claims as a signed token (RFC 7523)."""
        from joserfc import jwt  # noqa: PLC0415

        header = {"alg": ALGORITHM, "typ": "JWT", "x5t#S256": self.thumbprint}
        return jwt.encode(header, dict(claims), self.key, algorithms=[ALGORITHM])
