"""Who may try a password, and how often. A wrong one counts for its address, and for the place that it came from."""

from bot.web.throttling import Throttle

TRIES, TRIES_OF_A_PLACE, WITHIN_SECONDS = 8, 200, 900.0
# From a place that has used up its tries, one counts as so many.
_WEIGHT_IN_A_SLOW_PLACE = 4


class SignInAttempts:
    """Too many close an address, whoever tries; they never close a place, they make it slow.

    Behind a proxy everybody is in one place: were it closed, any stranger could keep all of staff out.
    """

    def __init__(self) -> None:
        # Apart, so that addresses that somebody makes up push no account's tries out of memory.
        self._accounts, self._made_up = (Throttle(TRIES, WITHIN_SECONDS) for _ in range(2))
        self._places = Throttle(TRIES_OF_A_PLACE, WITHIN_SECONDS)

    def may_try(self, address: str, now: float, *, has_account: bool) -> bool:
        """Whether a password may be tried for this address; `has_account` says that it has an account."""
        return self._of(has_account=has_account).ask(address, now, count=0).is_allowed

    def is_slow(self, place: str, now: float) -> bool:
        """Whether so much was tried from this place that the next wrong one is answered late, and counts for more."""
        return not self._places.ask(place, now, count=0).is_allowed

    def wrong(self, address: str, place: str, now: float, *, has_account: bool) -> None:
        """Count a wrong one."""
        for _ in range(_WEIGHT_IN_A_SLOW_PLACE if self.is_slow(place, now) else 1):
            self._of(has_account=has_account).ask(address, now)
        self._places.ask(place, now)

    def right(self, address: str) -> None:
        """Forget the wrong ones of this account."""
        self._accounts.forget(address)

    def _of(self, *, has_account: bool) -> Throttle:
        return self._accounts if has_account else self._made_up
