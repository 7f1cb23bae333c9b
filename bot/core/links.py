"""Signed links in alerts: the holder of a link may act on one contact, until the link ends."""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core.subkeys import Use, subkey

_MAC_BYTES = 18
_TOKEN = re.compile(r"\b\d+\.\d+\.\d+\.[\w-]{24}(?![\w-])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Link:
    """The delivery (an alert to one person) that contained the link, and the contact."""

    delivery: int
    contact: int
    ends_at: datetime


def token(delivery: int, contact: int, ends_at: datetime, secret: bytes) -> str:
    """Return the last part of the link's address: numbers and a code, no personal data."""
    numbers = f"{delivery}.{contact}.{int(ends_at.timestamp())}"
    return f"{numbers}.{_mac(numbers, secret)}"


def read(text: str, secret: bytes) -> Link | None:
    """Return the content of a token; None for any that we did not make. The caller checks whether it has ended."""
    numbers, _, mac = text.rpartition(".")
    if not secret or not hmac.compare_digest(mac.encode("utf-8", "replace"), _mac(numbers, secret).encode()):
        return None
    delivery, contact, seconds = (int(part) for part in numbers.split("."))
    return Link(delivery, contact, datetime.fromtimestamp(seconds, UTC))


def masked(text: str) -> str:
    """Return a text without the tokens in it, for whoever may not act as their holder."""
    return _TOKEN.sub("(link of its reader)", text)


def _mac(numbers: str, secret: bytes) -> str:
    digest = hmac.digest(subkey(secret, Use.ALERT_LINKS), numbers.encode("utf-8", "replace"), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:_MAC_BYTES]).decode()
