"""Whether a channel is unusually silent: how many messages came today, against how many are usual by this time."""

from collections.abc import Sequence
from statistics import median

# So many must be usual by now before that none came says something; and before that few did.
NONE_IS_STRANGE_FROM, FEW_ARE_STRANGE_FROM = 5, 10
FEW = 5


def usual(counts: Sequence[int]) -> float:
    """Return what is usual: the median of what came by this time on the same weekday of earlier weeks."""
    return median(counts)


def is_unusual(today: int, usual_count: float) -> bool:
    """Tell whether so few are a sign of trouble: none where five are usual, or less than a fifth of ten or more."""
    if today == 0:
        return usual_count >= NONE_IS_STRANGE_FROM
    return usual_count >= FEW_ARE_STRANGE_FROM and today * FEW < usual_count
