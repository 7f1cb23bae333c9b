"""Devices on which somebody has signed in before: each has a cookie that is signed for one account.

Source: OWASP, "Slow Down Online Guessing Attacks with Device Cookies". The cookie lets nobody in: whoever brings it
is counted by themselves, so that strangers who try cannot keep them out.
"""

import hashlib
import hmac
from collections.abc import Iterator
from datetime import datetime, timedelta

LASTS = timedelta(days=180)
# Several people may use one browser; a header has room for so many.
MOST_IN_A_BROWSER = 10
_MOST_CHARACTERS = 2_000
_SIGNATURE_CHARACTERS = 32


def entry(key: bytes, address: str, device: str, now: datetime) -> str:
    """Return what the browser keeps for this account; `device` is random, and has no dot or tilde in it."""
    day = str(int(now.timestamp()) // 86_400)
    return f"{device}~{day}~{_signature(key, address, device, day)}"


def device_of(key: bytes, cookie: str, address: str, now: datetime) -> str:
    """Return the device that this cookie names for the account, "" where it names none (any more)."""
    today = int(now.timestamp()) // 86_400
    for device, day, signature in _entries(cookie):
        is_ours = hmac.compare_digest(signature.encode(), _signature(key, address, device, day).encode())
        if is_ours and today - int(day) <= LASTS.days:
            return device
    return ""


def with_entry(cookie: str, new: str, replaces: str) -> str:
    """Return the cookie with a new entry in front, in place of that of the device `replaces`, without the oldest."""
    entries = ["~".join(parts) for parts in _entries(cookie) if parts[0] != replaces]
    return ".".join([new, *entries][:MOST_IN_A_BROWSER])


def _entries(cookie: str) -> Iterator[tuple[str, str, str]]:
    for text in cookie[:_MOST_CHARACTERS].split("."):
        parts = text.split("~")
        if len(parts) == 3 and text.isascii() and parts[1].isdecimal() and len(parts[1]) < 8:
            yield parts[0], parts[1], parts[2]


def _signature(key: bytes, address: str, device: str, day: str) -> str:
    message = "\0".join((address, device, day)).encode("utf-8", "replace")
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:_SIGNATURE_CHARACTERS]
