"""The time for which the content of a closed contact is stored, by its kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Retention:
    """`usual` applies to every kind that `of_kind` does not name. Counted from receipt, in days of 24 hours."""

    usual: timedelta
    of_kind: Mapping[str, timedelta] = field(default_factory=dict)

    def kept_since(self, now: datetime) -> tuple[datetime, dict[str, datetime]]:
        """Return the instants before which received content is deleted: the usual one, and those of single kinds."""
        return now - self.usual, {kind: now - span for kind, span in self.of_kind.items()}
