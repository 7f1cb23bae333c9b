"""What every test may use: `needs`, for the real servers that a machine may lack.

A test or a fixture says what it needs, by mark or by call:

    @pytest.mark.needs("dovecot", "postfix")
    async def test_...

    @pytest.fixture(scope="module")
    def dovecot(needs: Needs) -> Iterator[Dovecot]:
        needs("dovecot")
        with Dovecot() as server:
            yield server

Where it is missing the test is reported as not run, with the reason; under CI=true it fails.
"""

import gc
import os
import shutil
import signal
import subprocess
import zlib
from collections import defaultdict
from collections.abc import Iterator
from ctypes.util import find_library
from pathlib import Path
from typing import Protocol

import pytest
import structlog
from hypothesis import settings

from bot.store import schema
from tests.components import o365, synapse
from tests.components.compiled import compile_once
from tests.components.daemons import program
from tests.components.passwords import hash_quickly
from tests.components.ports import PATIENCE_SECONDS
from tests.components.postgres import Postgres
from tests.components.service import Service
from tests.components.stores import make_store
from tests.thoroughness import NIGHTLY

# How long an example takes says more of the machine than of the code.
settings.register_profile("usual", deadline=None, max_examples=25)
settings.register_profile("nightly", deadline=None, max_examples=1_000)
settings.load_profile("nightly" if NIGHTLY else "usual")

# These drop to users of their own, and read mail as them.
_ROOT_ONLY = frozenset({"dovecot", "postfix"})
# Programs that have an environment of their own.
_OF_ITS_OWN = {"synapse": synapse.PROGRAMS / "python", "o365": o365.PYTHON}
_INSTALL = "tests/components/install.sh installs it"
# What the store does is tried on each database. These use it: in the usual run each of their tests has one of them.
_IN_TURNS = ("tests/flows", "tests/loops")
# A test on PostgreSQL takes twice as long.
_TURNS = ("sqlite", "sqlite", "sqlite", "postgresql")
# Rooms whose tests wait for servers most of the time, and rooms that keep a core busy for long.
_WAITING = ("tests/channels/test_accounts.py", "tests/journeys", "tests/nights", "tests/channels", "tests/loops")
_BUSY = ("tests/console", "tests/web", "tests/store", "")


class Needs(Protocol):
    """The type of the `needs` fixture."""

    def __call__(self, *programs: str) -> None:
        """Return where all of these programs can be used; else end the test as not run, or failed under CI=true."""


@pytest.fixture(autouse=True)
def _plain_log() -> None:
    """The log as the service writes it: the library's own way to print a traceback takes seconds.

    Whatever a command has set within the test process, such as an output that is closed since.
    """
    structlog.reset_defaults()
    structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()])


@pytest.fixture(autouse=True)
def _usual_umask() -> Iterator[None]:
    """A command run within the test process makes its files for their owner alone; the servers' are read by others."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(scope="session")
def needs() -> Needs:
    """Ask for real servers from a fixture of any scope: `needs("dovecot", "postfix")`."""
    return _need


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL for the whole run, with a database `fresh` that has every table."""
    with Postgres() as server:
        schema.upgrade(server.create("fresh"))
        yield server


@pytest.fixture(scope="session")
def fresh_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite store with every table, to be copied."""
    path = tmp_path_factory.mktemp("fresh") / "ackbot.db"
    make_store(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def place_of_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the SQLite stores of one process stand, one after another: its statements are compiled once for them."""
    return tmp_path_factory.mktemp("store") / "ackbot.db"


@pytest.fixture
def store_file(fresh_file: Path, place_of_file: Path) -> Iterator[Path]:
    """A new SQLite store."""
    shutil.copy(fresh_file, place_of_file)
    yield place_of_file
    for path in place_of_file.parent.iterdir():
        path.unlink() if path.is_file() else shutil.rmtree(path)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a new store, once on each database."""
    if request.param == "sqlite":
        yield f"sqlite:///{request.getfixturevalue('store_file')}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    yield server.url_of("fresh")
    server.empty("fresh")


def pytest_configure() -> None:
    """Spend the time on what is tested: not on imports over and over, nor on garbage that is gone when the run ends."""
    gc.set_threshold(100_000, 50, 100)
    # A shell that starts a run in the background lets it, and all that it starts, ignore Ctrl-C.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    Service.is_forked = True
    hash_quickly()
    compile_once()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--quick`: what can be asked while one writes; `--each-database`: nothing takes turns."""
    parser.addoption("--each-database", action="store_true", help="run tests of the flows and loops on each database")
    parser.addoption("--quick", action="store_true", help="leave out what needs a server or takes long")


@pytest.hookimpl(trylast=True)  # when hypothesis has marked its own
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What waits runs beside what computes from the first file to the last, and files that take long come early."""
    left_out = set() if NIGHTLY else {item for item in items if item.get_closest_marker("nightly")}
    if config.getoption("quick"):
        left_out |= {item for item in items if not _is_quick(item)}
    elif not (NIGHTLY or config.getoption("each_database")):
        left_out |= _of_another_turn(items)
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    places = _places({item.path: item.nodeid for item in items})
    items[:] = sorted((item for item in items if item not in left_out), key=lambda item: places[item.path])


def _places(files: dict[Path, str]) -> dict[Path, float]:
    """Where each file stands in the run, from 0 to 1: those that wait are spread among the others."""
    rooms = {path: next(room for room in (*_WAITING, *_BUSY) if name.startswith(room)) for path, name in files.items()}
    rows = [[path for room in row for path in files if rooms[path] == room] for row in (_WAITING, _BUSY)]
    return {path: number / len(row) for row in rows for number, path in enumerate(row)}


def _of_another_turn(items: list[pytest.Item]) -> set[pytest.Item]:
    """Of tests that are there for each database, those of the one whose turn it is not."""
    both: dict[str, dict[str, pytest.Item]] = defaultdict(dict)
    for item in items:
        database = getattr(getattr(item, "callspec", None), "params", {}).get("store_url")
        if database is not None and item.nodeid.startswith(_IN_TURNS):
            both[item.nodeid.replace(database, "", 1)][database] = item
    return {
        item
        for name, variants in both.items()
        for database, item in variants.items()
        if len(variants) > 1 and database != _TURNS[zlib.crc32(name.encode()) % len(_TURNS)]
    }


def _is_quick(item: pytest.Item) -> bool:
    needs_a_server = "postgresql" in item.name or "postgres" in getattr(item, "fixturenames", ())
    return not needs_a_server and not any(map(item.get_closest_marker, ("needs", "slow", "hypothesis")))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Honour `@pytest.mark.needs(...)` before any fixture starts."""
    for mark in item.iter_markers("needs"):
        _need(*mark.args)


def _need(*programs: str) -> None:
    for name in programs:
        reason = why_not(name)
        if reason is None:
            continue
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


def why_not(name: str) -> str | None:
    """Why this program cannot be used here, or None where it can."""
    if (python := _OF_ITS_OWN.get(name)) is not None:
        return None if python.exists() else f"{name} is not installed; {_INSTALL}"
    if name == "pango":
        return None if find_library("pango-1.0") else f"pango is not installed; {_INSTALL}"
    try:
        path = program(name)
    except RuntimeError as missing:
        return f"{missing}; {_INSTALL}"
    if name in _ROOT_ONLY and os.geteuid() != 0:
        return f"{name} is started by root only"
    if name == "dovecot" and not _version(path).startswith("2.3."):
        return f"Dovecot 2.3 is needed, this is {_version(path)}: later ones read another configuration language"
    return None


def _version(path: str) -> str:
    return subprocess.run(
        [path, "--version"], capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True
    ).stdout
