"""Every page of docs/reference/ that is written by a program."""

from functools import cache

from tests.architecture.house import ROOT
from tests.reference import api, commands, configuration, measures

FOLDER = ROOT / "docs/reference"


@cache
def pages() -> dict[str, str]:
    """Return the pages by their names."""
    return {
        **configuration.pages(),
        "api-calls.md": api.page(),
        "commands.md": commands.page(),
        "metrics-and-alerts.md": measures.page(),
    }
