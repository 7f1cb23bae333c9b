"""How often somebody may ask: a bucket each, which fills again with time. It lives in memory, one for each process."""

from collections import OrderedDict
from dataclasses import dataclass

_MOST_KEYS = 10_000
# Of one place, or of somebody of staff; whoever sends more must not fill the audit trail.
NOTED_A_MINUTE = 10


@dataclass(frozen=True, slots=True)
class Allowance:
    """Whether this time is allowed, how many are left, and in how many seconds the bucket is full again."""

    allowed: bool
    limit: int
    left: int
    full_in_seconds: int


class Throttle:
    """`limit` times at once, and as many again over each `seconds`; `now` is in seconds, and never goes back."""

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit, self._seconds = limit, seconds
        self._used: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def ask(self, key: str, now: float, *, count: float = 1.0) -> Allowance:
        """Use `count` of the bucket of this key, if so much is left; with 0 only look."""
        used, at = self._used.pop(key, (0.0, now))
        used = max(0.0, used - (now - at) * self._limit / self._seconds)
        allowed = used + max(count, 1.0) <= self._limit
        used += count if allowed else 0.0
        if used:
            self._used[key] = (used, now)
        if len(self._used) > _MOST_KEYS:
            self._used.popitem(last=False)
        full_in = used * self._seconds / self._limit
        return Allowance(allowed, self._limit, max(0, int(self._limit - used)), int(full_in) + 1 if used else 0)

    def forget(self, key: str) -> None:
        """Fill the bucket of this key."""
        self._used.pop(key, None)
