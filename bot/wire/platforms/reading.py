"""Reads what a platform brings, one piece at a time: a piece that cannot be read loses neither itself nor its like."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from bot.core.messages import Inbound

_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError)
FAULT = "The platform described this message in a way that could not be read."


def each(channel: str, pieces: Iterable[Any], read: Callable[[Any], Iterable[Inbound]]) -> Iterator[Inbound]:
    """Everything that `read` makes of each piece; of one that it cannot read a message that says so, with what came."""
    for piece in pieces:
        try:
            found = list(read(piece))
        except _UNREADABLE:
            raw = json.dumps(piece, ensure_ascii=False, sort_keys=True).encode()
            digest = hashlib.sha256(raw).hexdigest()
            found = [Inbound(channel, f"sha256:{digest}", digest, None, fault=FAULT, raw=raw)]
        yield from found
