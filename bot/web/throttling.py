"""How often somebody may ask, counted in the memory of each process: for what is asked too often to ask the store.

What must hold for several processes, and after a restart, is in the store (`bot.store.throttles`); the rule is one.
"""

from bot.core.throttles import Allowance, Limit

# Of one place, or of somebody of staff; whoever sends more must not fill the audit trail.
NOTED_A_MINUTE = 10
MOST_KEYS = 100_000
_SHARED_KEYS = 1_024
_SWEPT_FROM, _SWEPT_EVERY_SECONDS = 1_000, 1.0


class Throttle:
    """`limit` times at once, and as many again over each `seconds`; `now` is in seconds, and never goes back.

    A key is remembered until its bucket is full again, however many others come. Beyond `MOST_KEYS` at a time new ones
    share some buckets: a flood can make strangers wait for one another, and makes nothing forgotten.
    """

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit = Limit(limit, seconds)
        self._full_at: dict[str, float] = {}
        self._swept_at = float("-inf")

    def ask(self, key: str, now: float, *, count: float = 1.0) -> Allowance:
        """Use `count` of the bucket of this key, if so much is left; with 0 only look."""
        self._sweep(now)
        if len(self._full_at) >= MOST_KEYS and key not in self._full_at:
            key = f"shared {hash(key) % _SHARED_KEYS}"
        allowance, full_at = self._limit.ask(self._full_at.get(key, now), now, count)
        if full_at > now:
            self._full_at[key] = full_at
        return allowance

    def _sweep(self, now: float) -> None:
        """Forget the buckets that are full, now and then."""
        if len(self._full_at) >= _SWEPT_FROM and now - self._swept_at >= _SWEPT_EVERY_SECONDS:
            self._swept_at = now
            self._full_at = {key: full_at for key, full_at in self._full_at.items() if full_at > now}
