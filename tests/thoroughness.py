"""How many cases a test invents, or goes through: few in the usual run, all of them in the nightly form.

The nightly form is `.ci/run --long`, and any run with HYPOTHESIS_PROFILE=nightly.
"""

import os
from collections.abc import Iterable
from itertools import islice
from typing import TypeVar

Row = TypeVar("Row")
NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"


def cases(usual: int, nightly: int) -> int:
    """The number of this run."""
    return nightly if NIGHTLY else usual


def rows(table: Iterable[Row], *, each: int) -> list[Row]:
    """Of a table that is gone through, all in the nightly form, else each so manieth, from the first on.

    Where the number has no divisor in common with the number of columns, every row and column is still met.
    """
    return list(islice(table, 0, None, cases(each, 1)))
