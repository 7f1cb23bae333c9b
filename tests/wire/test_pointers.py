"""JSON Pointer, by the examples of RFC 6901."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from bot.wire.pointers import Pointer, value_at

# Section 5.
DOCUMENT: dict[str, Any] = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
    "nothing": None,
    "~1": "tilde one",
    "inner": [{"x": [1]}],
}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", DOCUMENT),
        *(("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/c%d", 2), ("/e^f", 3)),
        *(("/g|h", 4), ("/i\\j", 5), ('/k"l', 6), ("/ ", 7), ("/m~0n", 8), ("/~01", "tilde one"), ("/inner/0/x/0", 1)),
    ],
)
def test_each_value_has_its_pointer(pointer: str, value: Any) -> None:
    """By names and by numbers, with the two signs that are written otherwise."""
    assert TypeAdapter(Pointer).validate_python(pointer) == pointer
    assert value_at(DOCUMENT, pointer) == value


@pytest.mark.parametrize(
    "pointer",
    ["/none", "/foo/2", "/foo/-1", "/foo/-", "/foo/00", "/foo/٠", "/foo/x", "/a~1b/c", "/nothing", "/nothing/x"],
)
def test_what_is_not_there_is_none(pointer: str) -> None:
    """No name, no such number (ASCII digits alone), or something without parts."""
    assert value_at(DOCUMENT, pointer) is None


@pytest.mark.parametrize("pointer", ["foo", "#/foo", "$.foo", "/foo~", "/foo~2"])
def test_what_is_no_pointer_is_refused(pointer: str) -> None:
    """So that a mistake shows before the first call."""
    with pytest.raises(ValidationError, match="is not a JSON pointer"):
        TypeAdapter(Pointer).validate_python(pointer)
