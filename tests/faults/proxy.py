"""A wire to a server that we can harm while it carries: slow, lossy, stalled, cut, or refused.

with Proxy(server.port) as wire:
    ...                     # clients talk to wire.port
    wire.cut()              # every line is reset
    with wire.stalled():    # lines stay open and carry nothing
        ...
"""

import random
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER with no time: closing sends RST, as a firewall that was restarted does
# What TCP waits before it sends a lost packet again (RFC 6298 section 2.4 asks for a second, Linux takes 0.2 s).
RETRANSMIT_SECONDS = 0.2


class Proxy:
    """Carries connections to a port of 127.0.0.1. Delays are those of each packet, each way."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port: int = self._listener.getsockname()[1]
        self.delay_seconds = 0.0
        self.loss = 0.0
        self._flows, self._open = threading.Event(), threading.Event()
        self._flows.set()
        self._open.set()
        self._lines: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._chance = random.Random(self.port)

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name=f"proxy {self.port}", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._open.clear()
        self._flows.set()
        self.cut()
        for thread in self._threads:
            thread.join(5)

    def cut(self) -> None:
        """Reset every line; new ones are carried."""
        for line in list(self._lines):
            with suppress(OSError):
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                line.shutdown(socket.SHUT_RD)  # wakes who reads from it; once both have left it is closed
        self._lines.clear()

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Lines stay open, new ones are taken, and nothing is carried; what was said meanwhile is carried after."""
        self._flows.clear()
        try:
            yield
        finally:
            self._flows.set()

    @contextmanager
    def refused(self) -> Iterator[None]:
        """Every line is reset, and every new one as soon as it is made."""
        self._open.clear()
        self.cut()
        try:
            yield
        finally:
            self._open.set()

    @contextmanager
    def slow(self, seconds: float, *, loss: float = 0.0) -> Iterator[None]:
        """Each packet comes so much later; this share of them is lost at first, and sent again."""
        self.delay_seconds, self.loss = seconds, loss
        try:
            yield
        finally:
            self.delay_seconds, self.loss = 0.0, 0.0

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                if not self._open.is_set():
                    raise ConnectionRefusedError
                server = socket.create_connection(("127.0.0.1", self._to), timeout=5)
                server.settimeout(None)
            except OSError:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                client.close()
                continue
            self._lines |= {client, server}
            for line in (client, server):
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._threads.append(threading.Thread(target=self._carry_both, args=(client, server), daemon=True))
            self._threads[-1].start()

    def _carry_both(self, client: socket.socket, server: socket.socket) -> None:
        back = threading.Thread(target=self._carry, args=(server, client), daemon=True)
        back.start()
        self._carry(client, server)
        back.join()
        for line in (client, server):
            self._lines.discard(line)
            line.close()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while octets := source.recv(65536):
                if self.delay_seconds or self.loss:
                    lost = self._chance.random() < self.loss
                    time.sleep(self.delay_seconds + (RETRANSMIT_SECONDS if lost else 0.0))
                self._flows.wait()
                sink.sendall(octets)
        if sink in self._lines:
            with suppress(OSError):
                sink.shutdown(socket.SHUT_WR)  # the other way may still have something to say
