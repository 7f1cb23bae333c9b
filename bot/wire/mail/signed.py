"""Takes the mail out of an S/MIME envelope that signs it (RFC 8551 section 3.5.2): what is signed is in the clear.

The signature is not checked. Our own mail server says who sent a mail; a signature adds nothing to what somebody says.
"""

from asn1crypto import cms


def content_of(octets: bytes) -> bytes:
    """Return the signed MIME entity, b"" where there is none: it is encrypted, broken, or the signature alone."""
    try:
        info = cms.ContentInfo.load(octets)
        if info["content_type"].native != "signed_data":
            return b""
        content = info["content"]["encap_content_info"]["content"].native
    except Exception:  # noqa: BLE001 - the library meets octets of any kind, and raises many errors of its own
        return b""
    return content if isinstance(content, bytes) else b""
