"""Reads and judges mutated mails: none may fail.

    python -m bench.fuzz [COUNT [FIRST_SEED]]

For a failing seed that is printed, tests/wire/mutations.py makes the mail again.
"""

import sys
from time import perf_counter, process_time

from bench import rig
from tests.wire.mutations import corpus, mutated
from tests.wire.verdicts import faults_of

_MOST_SHOWN = 20


def over(count: int, first: int = 0) -> None:
    """Read the mails of so many seeds; `ratio` compares the time with that of an unchanged mail of the corpus."""
    start_of_run, total_seconds, slowest, failures = perf_counter(), 0.0, 0.0, 0
    for seed in range(first, first + count):
        raw = mutated(seed)
        start = process_time()
        wrong = _wrong(raw)
        seconds = process_time() - start
        total_seconds, slowest = total_seconds + seconds, max(slowest, seconds)
        failures += bool(wrong)
        if wrong and failures <= _MOST_SHOWN:
            rig.show(benchmark="fuzz", seed=seed, wrong=wrong)
    microseconds = 1e6 * total_seconds / count
    rig.show(
        benchmark="fuzz",
        mails=count,
        failures=failures,
        microseconds_each=microseconds,
        slowest_milliseconds=1000 * slowest,
        wall_seconds=perf_counter() - start_of_run,
        ratio=microseconds / _unmutated(),
    )


def _wrong(raw: bytes) -> str:
    try:
        return faults_of(raw)
    except Exception as error:  # noqa: BLE001 - it is counted and shown, and the run goes on
        return repr(error)


def _unmutated() -> float:
    """Return the microseconds for an unchanged mail of the corpus."""
    start = process_time()
    for _ in range(20):
        for raw in corpus():
            faults_of(raw)
    return 1e6 * (process_time() - start) / (20 * len(corpus()))


if __name__ == "__main__":
    over(*map(int, sys.argv[1:3] or ["20000"]))
