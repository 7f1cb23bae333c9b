"""Compares a limit with the most that came within its span of time, so that it stops a flood and never people."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

# People come four times as many in a storm; a flood is ten times as many as ever.
_ROOM, _FLOOD = 4, 10
_ROUND = 10


def most_within(instants: Iterable[datetime], span: timedelta) -> int:
    """Return the highest number of these instants, given in order, within any span as long as this."""
    window, most = deque[datetime](), 0
    for at in instants:
        window.append(at)
        while at - window[0] >= span:
            window.popleft()
        most = max(most, len(window))
    return most


def judge(limit: int, most: int, least: int) -> Literal["off", "too low", "too high", "good"]:
    """Return how a limit compares with the most that came; up to four times the `least` one is never too high."""
    if not limit:
        return "off"
    if limit < _ROOM // 2 * most:
        return "too low"
    return "too high" if limit > max(_FLOOD * most, _ROOM * least) else "good"


def suggest(most: int, least: int) -> int:
    """Return a limit that has room for people, rounded up."""
    return max(-(-_ROOM * most // _ROUND) * _ROUND, least)
