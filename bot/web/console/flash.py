"""What was done, said on the next page: signed for one session and a few minutes, so that no stranger can say it."""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime, timedelta

from bot.core.subkeys import Use, subkey

LASTS = timedelta(minutes=10)
_SIGNED_BYTES = 16
_AT_BYTES = 8


def token(words: str, session: str, secret: bytes, now: datetime) -> str:
    """The end of an address after which `words_in` finds the words again."""
    payload = int(now.timestamp()).to_bytes(_AT_BYTES, "big") + words.encode()
    return base64.urlsafe_b64encode(_signature(payload, session, secret) + payload).decode().rstrip("=")


def words_in(token_of_address: str, session: str, secret: bytes, now: datetime) -> str:
    """The words that were signed for this session a short while ago, else ""."""
    try:
        signed_payload = base64.urlsafe_b64decode(token_of_address.encode("ascii") + b"==")
    except (ValueError, binascii.Error):
        return ""
    signature, payload = signed_payload[:_SIGNED_BYTES], signed_payload[_SIGNED_BYTES:]
    if not hmac.compare_digest(signature, _signature(payload, session, secret)):
        return ""
    age = now.timestamp() - int.from_bytes(payload[:_AT_BYTES], "big")
    return payload[_AT_BYTES:].decode() if age <= LASTS.total_seconds() else ""


def _signature(payload: bytes, session: str, secret: bytes) -> bytes:
    key = subkey(secret, Use.CONSOLE_WORDS)
    return hmac.new(key, session.encode() + b"\0" + payload, hashlib.sha256).digest()[:_SIGNED_BYTES]
