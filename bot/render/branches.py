"""Where the placeholders of a template stand: under which conditions.

Two templates with the same branches say the same values to the same people, whatever their words.
"""

from collections.abc import Iterator

from jinja2 import nodes

# The conditions above a placeholder, the outermost first, and its name; "" for a condition without a placeholder.
Branch = tuple[tuple[str, ...], str]


def of(tree: nodes.Node) -> frozenset[Branch]:
    """Return every placeholder with the conditions that must hold for it to be shown."""
    return frozenset(_below(tree, ()))


def in_words(branch: Branch) -> str:
    """Return a branch as its writer knows it: "{{ phone }} where phone"."""
    conditions, name = branch
    where = f" where {' and '.join(conditions)}" if conditions else ""
    return f"{{{{ {name} }}}}{where}"


def _below(node: nodes.Node, conditions: tuple[str, ...]) -> Iterator[Branch]:
    if isinstance(node, nodes.If):
        yield from _of_condition(node, conditions)
    elif isinstance(node, nodes.Output):
        for name in node.find_all(nodes.Name):
            yield conditions, name.name
    else:
        for child in node.iter_child_nodes():
            yield from _below(child, conditions)


def _of_condition(node: nodes.If, conditions: tuple[str, ...]) -> Iterator[Branch]:
    test = _as_written(node.test)
    for child in node.body:
        yield from _below(child, (*conditions, test))
    for child in (*node.elif_, *node.else_):
        yield from _below(child, (*conditions, f"not ({test})"))


def _as_written(test: nodes.Node) -> str:
    """Return a test of names with `and`, `or` and `not`, as templates have them; anything else as Jinja reads it."""
    match test:
        case nodes.Name():
            return test.name
        case nodes.Not():
            return f"not {_as_written(test.node)}"
        case nodes.And():
            return f"{_as_written(test.left)} and {_as_written(test.right)}"
        case nodes.Or():
            return f"{_as_written(test.left)} or {_as_written(test.right)}"
    return repr(test)
