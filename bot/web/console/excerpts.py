"""Long values cut short, and long lists ended in time, so that a page stays under 100 KB."""

from html import escape
from typing import Any

from bot.core.events import StoredEvent

_LONGEST = 300
# Of the markup around one row, and of all rows together.
_MARKUP_BYTES = 450
_MOST_BYTES = 85_000


def cut(value: Any) -> str:
    """The value, or its beginning."""
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def excerpts_of(events: list[StoredEvent]) -> list[tuple[StoredEvent, dict[str, str]]]:
    """As many of the events as one page holds, at least one, each with its details cut short."""
    excerpts: list[tuple[StoredEvent, dict[str, str]]] = []
    size = 0
    for event in events:
        details = {name: cut(value) for name, value in event.details.items() if value not in ("", None, [])}
        size += _MARKUP_BYTES + sum(len(escape(f"{name}: {value}").encode()) for name, value in details.items())
        if excerpts and size > _MOST_BYTES:
            break
        excerpts.append((event, details))
    return excerpts
