"""The mails with which Python tests its own library: of this Python, or of another on the machine.

Debian leaves them out of its package. Nothing of them is copied here.
"""

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path


def folders_of(package: str) -> list[Path]:
    """Where a package is installed; none where it is not."""
    spec = importlib.util.find_spec(package)
    return [Path(folder) for folder in (spec.submodule_search_locations or [])] if spec else []


def _libraries() -> Iterator[Path]:
    yield from folders_of("test")
    managed = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for root in (Path(sys.base_prefix).parent, managed, Path("/usr/local"), Path("/usr")):
        yield from sorted([*root.glob("*/lib/python3*/test"), *root.glob("lib/python3*/test")])


def _mails() -> list[Path]:
    data = (folder / "test_email" / "data" for folder in _libraries())
    return next((files for folder in data if (files := sorted(folder.glob("msg_*.txt")))), [])


MAILS = _mails()
