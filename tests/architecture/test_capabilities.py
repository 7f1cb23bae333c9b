"""What a channel or its settings can do is asked by the protocols of bot/channel.py."""

import ast
from collections.abc import Iterator

from tests.architecture.house import sources

# Of the objects of libraries, which have no type of ours.
_ELSEWHERE = {"ackbot_ring", "orig", "sqlstate"}


def test_no_capability_is_asked_for_by_the_name_of_an_attribute() -> None:
    """`hasattr` and `getattr` are for the names of columns and fields in a variable, not for what a channel can do."""
    attributes = {(source.name, name) for source in sources("bot", "channels") for name in _attributes(source.tree)}
    assert [(file, name) for file, name in sorted(attributes) if name not in _ELSEWHERE] == []


def _attributes(tree: ast.Module) -> Iterator[str]:
    """The attributes that are asked for by a name written in the code."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Name("hasattr" | "getattr"), [_, ast.Constant(str(name)), *_]):
                yield name
