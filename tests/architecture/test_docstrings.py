"""Everything public says what it is, and every test says which truth it holds."""

import ast

from tests.architecture.house import sources


def test_every_file_says_its_idea() -> None:
    """Every module of the service has a docstring."""
    assert not [source.name for source in sources("bot", "channels") if not ast.get_docstring(source.tree)]


def test_everything_public_says_what_it_is() -> None:
    """Every public function and class of the service has a docstring."""
    silent = [
        f"{source.name}:{node.name}"
        for source in sources("bot", "channels")
        for node in source.public()
        if not ast.get_docstring(node)
    ]
    assert not silent


def test_every_test_states_a_truth() -> None:
    """Every test function has a docstring."""
    silent = [
        f"{source.name}:{function.name}"
        for source in sources("tests")
        for function in source.functions()
        if function.name.startswith("test_") and not ast.get_docstring(function)
    ]
    assert not silent
