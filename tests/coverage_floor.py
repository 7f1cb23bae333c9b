"""A plugin of `make coverage`: how much of the core and the flows is run by tests that start no service, with a floor.

Python's tracing makes what it watches nearly twice as slow. So it is no part of `make test`, and watches the tests of
these two rooms on one database, and none that counts through thousands of cases. What runs as modules are imported is
watched in the first process.
"""

import os
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest
from coverage import Coverage

ROOT = Path(__file__).parents[1]
DATA = ROOT / ".cache" / "coverage"
FLOORS = {"core": 98.0, "flows": 92.0}
OF_THOUSANDS_OF_CASES = ("test_deadline_oracle.py", "test_deadline_properties.py")


class Watch:
    """The coverage of one process."""

    def __init__(self, process: str) -> None:
        self.shares: dict[str, float] = {}
        self.process = process
        self.coverage = _coverage(process)
        self.coverage.start()

    def pytest_collection_finish(self) -> None:
        """Watch no longer what is imported."""
        self.coverage.stop()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Watch a test of these rooms."""
        if not _is_watched(item):
            return (yield)
        self.coverage.start()
        try:
            return (yield)
        finally:
            self.coverage.stop()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Save what this process has seen; the last process holds the shares of a whole run against the floors."""
        self.coverage.stop()
        self.coverage.save()
        if self.process.startswith("gw") or session.exitstatus or not _is_whole(session.config):
            return
        total = _coverage(self.process)
        total.combine([str(DATA)])
        for room in FLOORS:
            with (DATA / f"{room}.txt").open("w", encoding="utf-8") as report:
                self.shares[room] = total.report(include=[f"{ROOT}/bot/{room}/*"], file=report, show_missing=True)
        if any(self.shares[room] < floor for room, floor in FLOORS.items()):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell the shares."""
        for room, share in self.shares.items():
            terminalreporter.write_line(
                f"bot/{room}: tests that start no service run {share:.1f} %, the floor is {FLOORS[room]:.0f} %;"
                f" what they leave out: {(DATA / room).relative_to(ROOT)}.txt"
            )


def _coverage(process: str) -> Coverage:
    rooms = [str(ROOT / "bot" / room) for room in FLOORS]
    coverage = Coverage(data_file=DATA / "data", data_suffix=process, config_file=False, source=rooms, messages=False)
    coverage.set_option("run:disable_warnings", ["no-data-collected"])
    return coverage


def _is_watched(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    on_sqlite = callspec is None or callspec.params.get("store_url") != "postgresql"
    return item.path.parent.name in FLOORS and item.path.name not in OF_THOUSANDS_OF_CASES and on_sqlite


def _is_whole(config: pytest.Config) -> bool:
    """Whether nothing was chosen from these rooms."""
    chosen = [config.getoption(name, None) for name in ("keyword", "markexpr", "deselect", "lf")]
    return sorted(config.args) == [f"tests/{room}" for room in sorted(FLOORS)] and not any(chosen)


def pytest_configure(config: pytest.Config) -> None:
    """Forget what an earlier run has measured, and join the run. The first process has begun already."""
    if not watch.process.startswith("gw"):
        shutil.rmtree(DATA, ignore_errors=True)
        DATA.mkdir(parents=True)
    if watch.process not in ("alone", "gw0") or config.getoption("numprocesses", None):
        watch.coverage.stop()
    config.pluginmanager.register(watch, "coverage-floor")


watch = Watch(os.environ.get("PYTEST_XDIST_WORKER", "alone"))
