"""How often somebody may do something: a bucket that empties with use and fills again with time."""

import hashlib
import hmac
from dataclasses import dataclass

from bot.core.subkeys import Use, subkey

# What strangers bring with them has no end: it shares so many buckets at most.
_SLOTS = 1 << 18
# Instants are numbers of seconds, of which the last digits are lost on the way.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Allowance:
    """Whether this time is allowed, and how many are left; in how many seconds the next is, and the bucket is full."""

    is_allowed: bool
    limit: int
    remaining: int
    next_in_seconds: int
    full_in_seconds: int


@dataclass(frozen=True, slots=True)
class Limit:
    """`count` times at once, and as many again over each `seconds`."""

    count: int
    seconds: float

    def ask(self, full_at: float, now: float, use: float = 1.0) -> tuple[Allowance, float]:
        """Use so much of a bucket that is full again at `full_at`, if there is so much; return when it is full now.

        That one instant is all that is to be remembered of it, and nothing once it is past. With a use of 0 only look;
        with one below 0 give back.
        """
        level = min(max(full_at - now, 0.0), self.seconds) * self.count / self.seconds
        is_allowed = level + max(use, 1.0) <= self.count + _ROUNDING
        level = max(0.0, level + use) if is_allowed or use < 0 else level
        full_in, next_in = (max(0.0, part) * self.seconds / self.count for part in (level, level + 1 - self.count))
        remaining = max(0, int(self.count - level + _ROUNDING))
        return Allowance(is_allowed, self.count, remaining, _rounded_up(next_in), _rounded_up(full_in)), now + full_in


def digest(text: str, secret: bytes) -> str:
    """Return what stands for an address, a network or the like in the name of a bucket."""
    return hmac.new(subkey(secret, Use.THROTTLE), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


def slot(text: str, secret: bytes) -> int:
    """Return the number of the bucket that what a stranger names shares with others."""
    return int(digest(text, secret)[:12], 16) % _SLOTS


def _rounded_up(seconds: float) -> int:
    return int(seconds) + 1 if seconds > _ROUNDING else 0
