"""The time for which the content of a finished contact is stored, by its kind or the way it came."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.core.events import EventKind

# The events from which the time counts: what the person or staff wrote, and each end or new beginning. What programs
# send, such as a bounce or an absence note, prolongs nothing.
ACTIVITY = frozenset(
    {
        EventKind.FOLLOW_UP,
        EventKind.MESSAGE,
        EventKind.MENTION,
        EventKind.COMMENT,
        EventKind.EDITED,
        EventKind.STAFF_WROTE,
        EventKind.ACKNOWLEDGED,
        EventKind.HOLDING_REPLY,
        EventKind.RESPONDED,
        EventKind.CORRECTED,
        EventKind.CLOSED,
        EventKind.REOPENED,
        EventKind.OPENED_AGAIN,
        EventKind.FEEDBACK_GIVEN,
        EventKind.MERGED,
        EventKind.MERGE_UNDONE,
    }
)


class Category(NamedTuple):
    """What the time of keeping depends on."""

    kind: str
    channel: str
    visibility: str


@dataclass(frozen=True, slots=True)
class Retention:
    """Times of keeping, in days of 24 hours from the last activity.

    `of_kind` goes before `direct_messages`, which is for what is written privately on one of the `accounts`; `usual` is
    for everything else. Nothing is forgotten before `reopen`: until then it may open again with its words. `audit` is
    for lines of the audit trail that are about no contact.
    """

    usual: timedelta
    of_kind: Mapping[str, timedelta] = field(default_factory=dict)
    direct_messages: timedelta | None = None
    accounts: frozenset[str] = frozenset()
    reopen: timedelta = timedelta()
    audit: timedelta = timedelta(days=400)

    def span(self, category: Category) -> timedelta:
        """Return for how long the content of such a contact is stored after its last activity."""
        is_direct = category.channel in self.accounts and category.visibility == "private"
        by_way = self.direct_messages if is_direct and self.direct_messages is not None else self.usual
        return max(self.of_kind.get(category.kind, by_way), self.reopen)

    def promise_over_before(self, now: datetime) -> datetime:
        """Return the instant before which the dates of a promise must lie: an answer in time could open again."""
        return now - self.reopen
