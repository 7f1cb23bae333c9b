"""How often somebody may ask: a bucket each, which fills again with time. It lives in memory, one for each process."""

from collections import OrderedDict
from dataclasses import dataclass

_MOST_KEYS = 10_000
# Of one place, or of somebody of staff; whoever sends more must not fill the audit trail.
NOTED_A_MINUTE = 10


@dataclass(frozen=True, slots=True)
class Allowance:
    """Whether this time is allowed, how many are left, and in how many seconds the bucket is full again."""

    is_allowed: bool
    limit: int
    remaining: int
    full_in_seconds: int


class Throttle:
    """`limit` times at once, and as many again over each `seconds`; `now` is in seconds, and never goes back."""

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit, self._seconds = limit, seconds
        self._used: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def ask(self, key: str, now: float, *, count: float = 1.0) -> Allowance:
        """Use `count` of the bucket of this key, if so much is left; with 0 only look."""
        level, at = self._used.pop(key, (0.0, now))
        level = max(0.0, level - (now - at) * self._limit / self._seconds)
        is_allowed = level + max(count, 1.0) <= self._limit
        level += count if is_allowed else 0.0
        if level:
            self._used[key] = (level, now)
        if len(self._used) > _MOST_KEYS:
            self._used.popitem(last=False)
        full_in = level * self._seconds / self._limit
        return Allowance(is_allowed, self._limit, max(0, int(self._limit - level)), int(full_in) + 1 if level else 0)

    def forget(self, key: str) -> None:
        """Fill the bucket of this key."""
        self._used.pop(key, None)
