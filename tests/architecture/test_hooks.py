"""The hooks before a commit are what `make check` asks, by the tools of this environment."""

import re

import yaml

from tests.architecture.house import ROOT


def test_the_hooks_are_our_own_tools() -> None:
    """Each hook runs a program that the Makefile runs, too, so that nothing is downloaded and nothing differs."""
    table = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [hook for repository in table["repos"] for hook in repository["hooks"]]
    programs = re.findall(r"\$\(BIN\)/([\w-]+)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert {repository["repo"] for repository in table["repos"]} == {"local"}
    assert {hook["language"] for hook in hooks} == {"system"}
    assert {hook["entry"].split()[0] for hook in hooks} <= {f".venv/bin/{program}" for program in programs}
