"""Mutated mail, read and judged for as long as it takes: none may fail.

    python -m bench.fuzz [COUNT [FIRST_SEED]]

A seed that fails is printed; tests/wire/mutations.py makes its mail again.
"""

import sys
from time import perf_counter, process_time

from bench import rig
from tests.wire.mutations import corpus, mutated
from tests.wire.verdicts import faults_of

_MOST_SHOWN = 20


def over(count: int, first: int = 0) -> None:
    """The mails of so many seeds; `ratio` is what one takes of what a mail of the corpus takes as it is."""
    began, spent, slowest, failures = perf_counter(), 0.0, 0.0, 0
    for seed in range(first, first + count):
        raw = mutated(seed)
        start = process_time()
        wrong = _wrong(raw)
        took = process_time() - start
        spent, slowest = spent + took, max(slowest, took)
        failures += bool(wrong)
        if wrong and failures <= _MOST_SHOWN:
            rig.show(benchmark="fuzz", seed=seed, wrong=wrong)
    each = 1e6 * spent / count
    rig.show(
        benchmark="fuzz",
        mails=count,
        failures=failures,
        microseconds_each=each,
        slowest_milliseconds=1000 * slowest,
        wall_seconds=perf_counter() - began,
        ratio=each / _whole(),
    )


def _wrong(raw: bytes) -> str:
    try:
        return faults_of(raw)
    except Exception as error:  # noqa: BLE001 - it is counted and shown, and the run goes on
        return repr(error)


def _whole() -> float:
    """Microseconds that a mail of the corpus takes."""
    start = process_time()
    for _ in range(20):
        for raw in corpus():
            faults_of(raw)
    return 1e6 * (process_time() - start) / (20 * len(corpus()))


if __name__ == "__main__":
    over(*map(int, sys.argv[1:3] or ["20000"]))
