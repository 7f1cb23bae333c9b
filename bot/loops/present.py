"""What the loops ask of time. `bot.rehearsal` provides it; nobody else looks at a clock."""

from datetime import datetime, timedelta
from typing import Protocol


class Present(Protocol):
    """The present instant, and how long to wait for another. In a rehearsal both run faster than the wall clock."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...

    def seconds_until(self, instant: datetime | None, *, at_most: timedelta) -> float:
        """Wall-clock seconds to sleep until `instant` (None: no such instant), never more than `at_most`."""
        ...

    def wall(self, seconds: float) -> timedelta:
        """Our time that passes in so many seconds on the wall: for machines, which a rehearsal cannot hurry."""
        ...

    def from_wall(self, instant: datetime) -> datetime:
        """Our instant for one on the wall clock, such as a mail server's time of receipt."""
        ...

    def to_wall(self, instant: datetime) -> datetime:
        """The wall-clock instant at which ours will come."""
        ...
