"""Reads what a platform sends, one piece at a time: a piece that cannot be read affects no other, and is kept.

Nothing that came is dropped: a reader returns no message only for what stands in a table of its channel, of kinds that
are rightly ignored, each with its reason. For all else that it does not know it raises, `NotUnderstood` best of all.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from bot.core.messages import Inbound

FAULT = "The platform described this message in a way that could not be read."


class NotUnderstood(ValueError):
    """A piece of a kind, or without a part, that we know nothing of: it is kept for staff and never dropped.

    Its text says which, for staff: "a message of the type x", "a comment without an id"; nothing that a person wrote.
    """


def read_each(channel: str, pieces: Iterable[Any], read: Callable[[Any], Iterable[Inbound]]) -> Iterator[Inbound]:
    """Yield what `read` makes of each piece; of one that it cannot read, the piece itself, which is then shunted.

    A piece is the smallest part with all that `read` needs to read it again: it is what `Rereader.reread` is given.
    """
    for piece in pieces:
        try:
            messages = list(read(piece))
        except Exception as error:  # noqa: BLE001 - `read` is pure: whatever a piece breaks, its neighbours are read
            messages = [not_understood(channel, piece, error)]
        yield from messages


def not_understood(channel: str, piece: Any, error: Exception) -> Inbound:
    """Return a piece that raised `error` as what it is: a message that is kept raw for a person."""
    return raw_message(channel, _as_bytes(piece), error)


def with_raw(messages: Iterable[Inbound], piece: Any) -> Iterator[Inbound]:
    """Yield messages with the piece that they stood in, from which they can be read again."""
    raw = _as_bytes(piece)
    for message in messages:
        yield replace(message, raw=raw)


def _as_bytes(piece: Any) -> bytes:
    return json.dumps(piece, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")


def raw_message(channel: str, raw: bytes, error: Exception) -> Inbound:
    """Return what came over the wire as a message that is kept for a person; the same bytes are the same message."""
    digest = hashlib.sha256(raw).hexdigest()
    fault = f"We do not know what this is: {error}." if isinstance(error, NotUnderstood) else FAULT
    return Inbound(channel, f"sha256:{digest}", digest, None, fault=fault, is_understood=False, raw=raw)
