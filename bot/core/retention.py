"""How long the words of a finished contact are kept, by what kind it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Retention:
    """`usual` for every kind that `of_kind` does not name. Counted from receipt, in days of 24 hours."""

    usual: timedelta
    of_kind: Mapping[str, timedelta] = field(default_factory=dict)

    def kept_since(self, now: datetime) -> tuple[datetime, dict[str, datetime]]:
        """What was received before these is kept no longer: usually, and for each kind with a time of its own."""
        return now - self.usual, {kind: now - span for kind, span in self.of_kind.items()}
