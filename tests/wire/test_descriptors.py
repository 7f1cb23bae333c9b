"""The descriptors are shared out, and what cannot be accepted is told seldom."""

import asyncio
import errno
import logging
import resource

import pytest

from bot.wire import descriptors
from bot.wire.descriptors import FailedAccepts, Shares


@pytest.mark.parametrize("limit", [128, 256, 1_024, 20_000, 65_536])
def test_all_listeners_together_leave_some_for_the_rest(limit: int) -> None:
    """The pages and two addresses for mail, full at the same moment."""
    shares = descriptors.shares(limit)
    assert shares.web + 2 * shares.mail <= limit - 96
    assert min(shares.web, shares.mail) >= 8


def test_where_there_is_no_limit_memory_sets_one() -> None:
    """A connection costs memory, too."""
    assert descriptors.shares(resource.RLIM_INFINITY) == descriptors.shares(65_536) == Shares(2_000, 200)


async def test_what_cannot_be_accepted_is_one_line_in_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """asyncio tells of each; any other error is told as ever."""
    loop, handler = asyncio.get_running_loop(), FailedAccepts()
    error = OSError(errno.EMFILE, "Too many open files")
    with caplog.at_level(logging.ERROR):
        for _ in range(50):
            handler(loop, {"message": "socket.accept() out of system resource", "exception": error})
        handler(loop, {"message": "something else"})
    assert [record.getMessage() for record in caplog.records] == [
        f"connections.not_accepted count=1 error={error}",
        "something else",
    ]
