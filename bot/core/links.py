"""Links in alerts that only we can have made: whoever has one may act on that one contact, until it ends."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime

_PURPOSE = b"alert-link\0"
_MAC_BYTES = 18


@dataclass(frozen=True, slots=True)
class Link:
    """By which delivery (an alert to one person) the link was sent, and about which contact."""

    delivery: int
    contact: int
    ends_at: datetime


def token(delivery: int, contact: int, ends_at: datetime, secret: bytes) -> str:
    """The last part of the link's address: numbers and a code, no personal data."""
    numbers = f"{delivery}.{contact}.{int(ends_at.timestamp())}"
    return f"{numbers}.{_mac(numbers, secret)}"


def read(text: str, secret: bytes) -> Link | None:
    """What a token says; None for every one that we did not make. Whether it has ended is the caller's to ask."""
    numbers, _, mac = text.rpartition(".")
    if not secret or not hmac.compare_digest(mac.encode(), _mac(numbers, secret).encode()):
        return None
    delivery, contact, seconds = (int(part) for part in numbers.split("."))
    return Link(delivery, contact, datetime.fromtimestamp(seconds, UTC))


def _mac(numbers: str, secret: bytes) -> str:
    digest = hmac.digest(secret, _PURPOSE + numbers.encode("utf-8", "replace"), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:_MAC_BYTES]).decode()
