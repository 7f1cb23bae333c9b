"""A plugin of `make test`: how far it is, in plain lines; what failed, at once; at the end what was not run, and what
took longest.
"""

import sys
import time
from collections import Counter, defaultdict
from collections.abc import Generator

import pytest

# A line for each so many per cent, where nobody watches.
STEP = 5
FILES_TOLD = 10


class Progress:
    """What is known of the run so far. A test counts once its last phase is over."""

    def __init__(self, reporter: pytest.TerminalReporter) -> None:
        self._reporter = reporter
        self._session: pytest.Session | None = None
        self._began = time.monotonic()
        self._is_over = False
        self._ended = self._failures = self._step = 0
        self._seconds_of: dict[str, float] = defaultdict(float)
        self._reasons: Counter[str] = Counter()

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """It knows how many tests there are, once they are collected."""
        self._session = session

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_report_teststatus(self) -> Generator[None, tuple[str, str, object], tuple[str, str, object]]:
        """No dot for each test; in the summary its word."""
        category, letter, word = yield
        return (category, letter, word) if self._is_over else (category, "", "")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """What is told from now on is the summary."""
        self._is_over = True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count, and tell of a failure at once."""
        self._seconds_of[report.nodeid.partition("::")[0]] += report.duration
        if report.failed:
            self._failures += 1
            self._write(f"FAILED {report.nodeid} ({report.when})\n")
        if report.skipped and isinstance(report.longrepr, tuple) and not hasattr(report, "wasxfail"):
            self._reasons[report.longrepr[2].removeprefix("Skipped: ")] += 1
        if report.when == "teardown":
            self._ended += 1
            self._tell()

    def _tell(self) -> None:
        total = max(self._session.testscollected if self._session else 0, self._ended)
        percent = self._ended * 100 // total
        seconds = time.monotonic() - self._began
        line = f"tests: {percent:3} %, {self._ended:,} of {total:,}, {seconds:.0f} s, {self._failures} failed"
        if sys.stdout.isatty():
            self._write(f"\r{line}")
        elif percent // STEP > self._step or self._ended == total:
            self._step = percent // STEP
            self._write(f"{line}\n")

    def _write(self, words: str) -> None:
        self._reporter.write(words, flush=True)

    def pytest_terminal_summary(self) -> None:
        """Tell what was not run, with the reasons, and the files that took longest."""
        self._write("\n")
        not_run = sum(self._reasons.values())
        self._reporter.write_line(f"tests: not run: {not_run or 'none'}")
        for reason, number in self._reasons.most_common():
            self._reporter.write_line(f"  {number} because {reason}")
        self._reporter.write_line("tests: the files that took longest, in seconds of their worker:")
        for file, seconds in sorted(self._seconds_of.items(), key=lambda pair: -pair[1])[:FILES_TOLD]:
            self._reporter.write_line(f"  {seconds:5.0f} {file}")


@pytest.hookimpl(trylast=True)  # when there is a reporter
def pytest_configure(config: pytest.Config) -> None:
    """Only in the process that reports: those of xdist report to it."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Progress(reporter), "progress")
