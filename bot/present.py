"""The time of the service: the clock on the wall, or a rehearsal's, which begins elsewhere and runs faster.

Only the composition root makes one for the service, and the commands one beside it; nobody else looks at a clock.
"""

from datetime import UTC, datetime, timedelta
from time import monotonic

REHEARSAL = "rehearsal"


class Present:
    """The time of the service. With `pretend` it starts at another instant, with `speed` it runs so many times as fast.

    A rehearsal's time stands still until `begin`, which is when everything listens.
    """

    def __init__(self, pretend: datetime | None = None, speed: float = 1.0) -> None:
        self.speed = speed
        self.rehearsal = pretend is not None or speed != 1.0
        self._wall_began = datetime.now(UTC)
        self._ours_began = pretend or self._wall_began
        self._ticks_began: float | None = None

    def begin(self) -> None:
        """Let a rehearsal's time run."""
        self._wall_began, self._ticks_began = datetime.now(UTC), monotonic()

    @staticmethod
    def from_text(text: str) -> "Present":
        """A running rehearsal's time, as another process wrote it down."""
        wall, ours, speed = text.split(" ")
        time = Present(datetime.fromisoformat(ours), float(speed))
        time._wall_began = datetime.fromisoformat(wall)
        time._ticks_began = monotonic() - (datetime.now(UTC) - time._wall_began).total_seconds()
        return time

    def as_text(self) -> str:
        """Written down for the commands, which run beside the service."""
        return f"{self._wall_began.isoformat()} {self._ours_began.isoformat()} {self.speed}"

    def now(self) -> datetime:
        """The present instant."""
        if not self.rehearsal:
            return datetime.now(UTC)
        passed = 0.0 if self._ticks_began is None else monotonic() - self._ticks_began
        return self._ours_began + timedelta(seconds=passed * self.speed)

    def seconds_until(self, instant: datetime | None, *, at_most: timedelta) -> float:
        """Seconds on the wall to sleep."""
        span = at_most if instant is None else min(instant - self.now(), at_most)
        return max(span.total_seconds() / self.speed, 0.0)

    def wall(self, seconds: float) -> timedelta:
        """Our span for seconds on the wall."""
        return timedelta(seconds=seconds * self.speed)

    def from_wall(self, instant: datetime) -> datetime:
        """Our instant for one on the wall clock; before the rehearsal began, time ran at its usual pace."""
        if not self.rehearsal:
            return instant
        since = (instant - self._wall_began).total_seconds()
        return self._ours_began + timedelta(seconds=since * (self.speed if since > 0 else 1.0))

    def to_wall(self, instant: datetime) -> datetime:
        """The wall clock's instant for ours."""
        if not self.rehearsal:
            return instant
        since = (instant - self._ours_began).total_seconds()
        return self._wall_began + timedelta(seconds=since / (self.speed if since > 0 else 1.0))
