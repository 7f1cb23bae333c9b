"""Connections that are opened and then say nothing keep nobody out: mail, form and health are served beside them."""

import resource
import smtplib
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.components.form import send_form
from tests.components.ports import PATIENCE_SECONDS, free_port, wait_until
from tests.components.service import FORM, LMTP, LOOPBACK, Service

HALF_A_REQUEST = b"POST / HTTP/1.1\r\nHost: contact.example.gov.uk\r\n"
MAIL = (
    b"From: Pat <pat@residents.example>\r\nSubject: Bin\r\nMessage-ID: <1@residents.example>\r\n\r\nMissed again.\r\n"
)
UNIT = Path(__file__).parents[2] / "docs" / "systemd" / "ackbot.service"


def _limit_of_the_unit() -> int:
    (line,) = [line for line in UNIT.read_text(encoding="utf-8").splitlines() if line.startswith("LimitNOFILE=")]
    return int(line.partition("=")[2])


@contextmanager
def _descriptors(limit: int) -> Iterator[None]:
    """This process, and what it starts meanwhile, may have so many descriptors, as far as the machine allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _half_open(port: int, words: bytes, count: int, lines: ExitStack) -> None:
    for _ in range(count):
        line = lines.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS))
        line.sendall(words)


def _bring(port: int) -> None:
    with smtplib.LMTP("127.0.0.1", port, timeout=PATIENCE_SECONDS) as client:
        assert client.sendmail("pat@residents.example", ["customer.services@example.gov.uk"], MAIL) == {}


@pytest.mark.parametrize(("limit", "count"), [(_limit_of_the_unit(), 2_000), (256, 600)], ids=["unit", "low"])
def test_half_open_connections_keep_nobody_out(limit: int, count: int, tmp_path: Path) -> None:
    """So many at the pages, and a fifth as many at LMTP; with the limit of the unit, and with a low one."""
    port = free_port()
    service = Service(tmp_path, [FORM, LMTP.format(port=port), LOOPBACK])
    service.is_forked = False  # type: ignore[misc]  # the limit is that of whoever starts it
    with _descriptors(limit):
        service.start()
    with ExitStack() as lines:
        lines.callback(service.kill)
        lines.enter_context(_descriptors(20_000))
        _half_open(service.web_port, HALF_A_REQUEST, count, lines)
        _half_open(port, b"LHLO nobody\r\n", count // 5, lines)
        assert service.get("/healthz")[0] == 200
        _bring(port)
        assert send_form(service, "The light is out.")[0] == 200
        assert len(service.contacts()) == 2
        assert "not_accepted" not in service.words()


def test_connections_that_cannot_be_accepted_are_told_once(tmp_path: Path) -> None:
    """asyncio would tell of each of them, many a second; afterwards everybody is served as before."""
    with Service(tmp_path, [FORM, LOOPBACK]) as service, ExitStack() as lines:
        before = resource.prlimit(service.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(service.pid, resource.RLIMIT_NOFILE, (8, before[1]))
        _half_open(service.web_port, HALF_A_REQUEST, 20, lines)
        wait_until(lambda: "connections.not_accepted" in service.words(), what="a line in the log")
        resource.prlimit(service.pid, resource.RLIMIT_NOFILE, before)
        assert service.get("/healthz")[0] == 200
        assert service.words().count("not_accepted") == 1
