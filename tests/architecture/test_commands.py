"""Staff of a team work in the console: nothing that they are sent tells them to type a command."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.house import ROOT

_COMMAND = re.compile(r"\backbot [a-z-]+")
# Where words go to operators, who run the machine, or to programs and people at a terminal.
_TO_OPERATORS = {
    "bot/flows/outgoing/access.py": "notices of tokens that end",
    "bot/flows/outgoing/after_restore.py": "a copy of the store was put back",
    "bot/flows/outgoing/costs.py": "an outlet that costs money",
    "bot/flows/people/erase.py": "what `ackbot person erase` answers",
    "bot/flows/staffing.py": "the answer to a program whose token has expired",
    "bot/loops/tending.py": "alarms about the machine and what runs on it",
}


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _commands(node: ast.AST) -> set[str]:
    """The commands that strings of this part name; docstrings are read by nobody who is sent a mail."""
    docstrings = {id(part.value) for part in ast.walk(node) if isinstance(part, ast.Expr)}
    strings = (part for part in ast.walk(node) if isinstance(part, ast.Constant) and id(part) not in docstrings)
    return {command for part in strings for command in _COMMAND.findall(str(part.value))}


def _tells_operators_alone(function: ast.AST) -> bool:
    """Whether each notice of this function is to no team, and there is one."""
    calls = [part for part in ast.walk(function) if isinstance(part, ast.Call)]
    notices = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr.startswith("notices")]
    teams = [call.args[0] for call in notices]
    return bool(teams) and all(isinstance(team, ast.Constant) and team.value is None for team in teams)


@pytest.mark.parametrize("room", ["bot/flows", "bot/loops", "channels"])
def test_only_operators_are_told_of_commands(room: str) -> None:
    """A string that names one stands in a function whose notices go to the operators, or in a file that is listed."""
    for path in sorted((ROOT / room).rglob("*.py")):
        tree, name = ast.parse(path.read_text()), path.relative_to(ROOT).as_posix()
        allowed = {command for f in _functions(tree) if _tells_operators_alone(f) for command in _commands(f)}
        assert name in _TO_OPERATORS or _commands(tree) <= allowed, f"{name}: {sorted(_commands(tree) - allowed)}"


def test_no_template_names_a_command() -> None:
    """Not even a mail to staff; what an organisation writes itself is looked at by rule L19."""
    for path in (ROOT / "templates/messages").rglob("*.md"):
        assert not _COMMAND.search(path.read_text()), path
