"""The time of the service: the wall clock, or a rehearsal's clock, which starts elsewhere and runs faster.

Only the composition root makes one for the service, and the commands one beside it; no other code reads a clock.
"""

from datetime import UTC, datetime, timedelta
from time import monotonic

REHEARSAL = "rehearsal"


class Present:
    """The time of the service. With `pretend` it starts at another instant, with `speed` it runs so many times as fast.

    A rehearsal's time stands still until `begin`, when all channels listen.
    """

    def __init__(self, pretend: datetime | None = None, speed: float = 1.0) -> None:
        self.speed = speed
        self.rehearsal = pretend is not None or speed != 1.0
        self._wall_start = datetime.now(UTC)
        self._own_start = pretend or self._wall_start
        self._ticks_start: float | None = None

    def begin(self) -> None:
        """Start a rehearsal's time."""
        self._wall_start, self._ticks_start = datetime.now(UTC), monotonic()

    @staticmethod
    def from_text(text: str) -> "Present":
        """Return a running rehearsal's time, as another process wrote it."""
        wall, own, speed = text.split(" ")
        time = Present(datetime.fromisoformat(own), float(speed))
        time._wall_start = datetime.fromisoformat(wall)
        time._ticks_start = monotonic() - (datetime.now(UTC) - time._wall_start).total_seconds()
        return time

    def as_text(self) -> str:
        """Return the time as text for the commands, which run beside the service."""
        return f"{self._wall_start.isoformat()} {self._own_start.isoformat()} {self.speed}"

    def now(self) -> datetime:
        """Return the present instant."""
        if not self.rehearsal:
            return datetime.now(UTC)
        elapsed = 0.0 if self._ticks_start is None else monotonic() - self._ticks_start
        return self._own_start + timedelta(seconds=elapsed * self.speed)

    def seconds_until(self, instant: datetime | None, *, at_most: timedelta) -> float:
        """Return the seconds of the wall clock to sleep."""
        span = at_most if instant is None else min(instant - self.now(), at_most)
        return max(span.total_seconds() / self.speed, 0.0)

    def wall(self, seconds: float) -> timedelta:
        """Return the span of our time for so many seconds of the wall clock."""
        return timedelta(seconds=seconds * self.speed)

    def from_wall(self, instant: datetime) -> datetime:
        """Convert an instant of the wall clock to ours; before the rehearsal began, time ran at its usual pace."""
        if not self.rehearsal:
            return instant
        since = (instant - self._wall_start).total_seconds()
        return self._own_start + timedelta(seconds=since * (self.speed if since > 0 else 1.0))

    def to_wall(self, instant: datetime) -> datetime:
        """Convert an instant of ours to the wall clock."""
        if not self.rehearsal:
            return instant
        since = (instant - self._own_start).total_seconds()
        return self._wall_start + timedelta(seconds=since / (self.speed if since > 0 else 1.0))
