"""What was done, said on the next page: signed for one session and a few minutes, so that no stranger can say it."""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime, timedelta

LASTS = timedelta(minutes=10)
_SIGNED_BYTES = 16
_AT_BYTES = 8


def token(words: str, session: str, secret: bytes, now: datetime) -> str:
    """The end of an address after which `said` finds the words again."""
    told = int(now.timestamp()).to_bytes(_AT_BYTES, "big") + words.encode()
    return base64.urlsafe_b64encode(_signature(told, session, secret) + told).decode().rstrip("=")


def said(token_of_address: str, session: str, secret: bytes, now: datetime) -> str:
    """The words that were signed for this session a short while ago, else ""."""
    try:
        whole = base64.urlsafe_b64decode(token_of_address.encode("ascii") + b"==")
    except (ValueError, binascii.Error):
        return ""
    signature, told = whole[:_SIGNED_BYTES], whole[_SIGNED_BYTES:]
    if not hmac.compare_digest(signature, _signature(told, session, secret)):
        return ""
    age = now.timestamp() - int.from_bytes(told[:_AT_BYTES], "big")
    return told[_AT_BYTES:].decode() if age <= LASTS.total_seconds() else ""


def _signature(told: bytes, session: str, secret: bytes) -> bytes:
    return hmac.new(secret, b"told\0" + session.encode() + b"\0" + told, hashlib.sha256).digest()[:_SIGNED_BYTES]
