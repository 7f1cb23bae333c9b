"""Changes a payload in every single place, as a platform does over the years, or by a fault."""

import copy
from collections.abc import Iterator
from typing import Any

NEW = "something_new"
# What is of another sort than it should be.
_OTHERS: tuple[Any, ...] = (None, 7, NEW, [], {}, ["x"], {"x": 1}, True)


def mutations(payload: Any) -> Iterator[tuple[str, Any]]:
    """Yield each change by its name, such as `entry.0.id removed`, with the payload so changed."""
    for place in _places(payload, ()):
        name, parent = ".".join(map(str, place)), place[:-1]
        value = _at(payload, place)
        key = place[-1]
        if isinstance(key, str):
            items = _at(payload, parent).items()
            yield f"{name} removed", _with(payload, parent, {k: v for k, v in items if k != key})
            yield f"{name} renamed", _with(payload, parent, {f"{NEW}_{k}" if k == key else k: v for k, v in items})
        for other in _OTHERS:
            if other != value:
                yield f"{name} becomes {other}", _with(payload, place, other)
        if isinstance(value, dict):
            yield f"{name} with more", _with(payload, place, {**value, NEW: {"x": [1]}})


def _places(value: Any, before: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*before, key)
        yield from _places(inner, (*before, key))


def _at(payload: Any, place: tuple[str | int, ...]) -> Any:
    for key in place:
        payload = payload[key]
    return payload


def _with(payload: Any, place: tuple[str | int, ...], value: Any) -> Any:
    if not place:
        return value
    whole = copy.deepcopy(payload)
    _at(whole, place[:-1])[place[-1]] = value
    return whole
