"""Small files, small functions, few branches."""

import statistics

from radon.complexity import cc_visit_ast
from radon.visitors import Function as Measured

from tests.architecture.house import MIGRATIONS, Function, sources

MOST_LINES_OF_A_FILE = 350
MOST_LINES_OF_A_FUNCTION = 50
MEDIAN_LINES_OF_A_FUNCTION = 10
HIGHEST_COMPLEXITY = 15
HIGH_COMPLEXITY = 10
MOST_OF_HIGH_COMPLEXITY = 0.01


def test_no_file_is_longer_than_one_idea() -> None:
    """A file of the service has 350 lines at most."""
    long = {source.name: source.lines for source in sources("bot", "channels") if source.lines > MOST_LINES_OF_A_FILE}
    assert not long


def test_no_function_is_longer_than_a_page() -> None:
    """A function has 50 lines at most, from `def` to its end, docstring included."""
    long = {
        f"{source.name}:{function.name}": _lines(function)
        for source in sources("bot", "channels", "tests", "bench")
        for function in source.functions()
        if _lines(function) > MOST_LINES_OF_A_FUNCTION and MIGRATIONS not in source.path.parents
    }
    assert not long


def test_most_functions_do_one_thing() -> None:
    """The median function of the service has fewer than 10 lines."""
    lengths = [_lines(function) for source in sources("bot", "channels") for function in source.functions()]
    assert statistics.median(lengths) < MEDIAN_LINES_OF_A_FUNCTION


def test_no_function_takes_too_many_ways() -> None:
    """The cyclomatic complexity of every function of the service has a bound, and few functions come near it."""
    measured = {
        f"{source.name}:{function.fullname}": function.complexity
        for source in sources("bot", "channels")
        for function in cc_visit_ast(source.tree)
        if isinstance(function, Measured) and MIGRATIONS not in source.path.parents
    }
    high = {name: complexity for name, complexity in measured.items() if complexity > HIGH_COMPLEXITY}
    assert not {name: complexity for name, complexity in high.items() if complexity > HIGHEST_COMPLEXITY}
    assert len(high) <= MOST_OF_HIGH_COMPLEXITY * len(measured), high


def _lines(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1
