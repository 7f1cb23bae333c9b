"""Reads what a platform sends, one piece at a time: a piece that cannot be read affects no other."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from bot.core.messages import Inbound

_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError)


class NotUnderstood(ValueError):
    """A piece of a kind, or without a part, that we know nothing of: it is kept for staff and never dropped."""


FAULT = "The platform described this message in a way that could not be read."


def read_each(channel: str, pieces: Iterable[Any], read: Callable[[Any], Iterable[Inbound]]) -> Iterator[Inbound]:
    """Yield what `read` makes of each piece; for one that it cannot read, a message with its fault and raw content."""
    for piece in pieces:
        try:
            messages = list(read(piece))
        except _UNREADABLE:
            raw = json.dumps(piece, ensure_ascii=False, sort_keys=True).encode()
            digest = hashlib.sha256(raw).hexdigest()
            messages = [Inbound(channel, f"sha256:{digest}", digest, None, fault=FAULT, raw=raw)]
        yield from messages
