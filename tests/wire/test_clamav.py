"""ClamAV's daemon, the real one, asked about files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.wire.clamav import NotScanned, Scanner
from tests.components.clamd import DANGER, FINDING, Clamd
from tests.components.ports import free_port
from tests.conftest import Needs


@pytest.fixture(scope="module")
def clamd(needs: Needs) -> Iterator[Clamd]:
    """A daemon that looks into files of up to a megabyte."""
    needs("clamd")
    with Clamd(megabytes=1) as server:
        yield server


async def test_a_danger_is_named_and_what_is_harmless_passes(clamd: Clamd) -> None:
    """On the socket and on the port, also in a file of several pieces."""
    for address in (clamd.address, f"tcp:127.0.0.1:{clamd.port}"):
        assert await Scanner(address).scan(b"words of a person") == ""
        assert await Scanner(address).scan(DANGER) == FINDING
        assert await Scanner(address).scan(bytes(300_000) + DANGER) == FINDING
    assert (await Scanner(clamd.address).version()).startswith("ClamAV")


async def test_what_the_daemon_does_not_look_into_is_not_safe(clamd: Clamd) -> None:
    """It says so of a file above its own limit."""
    with pytest.raises(NotScanned):
        await Scanner(clamd.address).scan(bytes(3_000_000))


@pytest.mark.parametrize(
    "address", ["unix:{path}/none.ctl", "tcp:127.0.0.1:{port}", "tcp:127.0.0.1:99999", "elsewhere"]
)
async def test_a_daemon_that_is_not_there_says_nothing(address: str, tmp_path: Path) -> None:
    """Neither safe nor dangerous, and the error names no file."""
    with pytest.raises(NotScanned):
        await Scanner(address.format(path=tmp_path, port=free_port())).scan(b"words")
