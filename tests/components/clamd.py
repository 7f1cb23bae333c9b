"""ClamAV's daemon as Debian packages it, with one signature of our own: nothing is downloaded."""

import socket

from tests.components.daemons import Daemon, Server
from tests.components.ports import free_port, wait_until

# The test file of the European Institute for Computer Antivirus Research, put together only here: written out, this
# file itself would be taken for a danger.
DANGER = (r"X5O!P%@AP[4\PZX54(P^)7CC)7}" + "$EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!$H+H*").encode()
_NAME = "Test-File"
FINDING = f"{_NAME}.UNOFFICIAL"
_SETTINGS = """\
Foreground yes
LocalSocket {directory}/clamd.ctl
TCPSocket {port}
TCPAddr 127.0.0.1
DatabaseDirectory {directory}/signatures
TemporaryDirectory {directory}
StreamMaxLength {megabytes}M
MaxThreads 2
"""


class Clamd(Server):
    """A daemon on a socket and on a port; files of more than `megabytes` it does not look into."""

    def __init__(self, megabytes: int = 30) -> None:
        super().__init__("clamd")
        self.port = free_port()
        signatures = self.directory / "signatures"
        signatures.mkdir()
        (signatures / "own.ndb").write_text(f"{_NAME}:0:*:{DANGER.hex()}\n")
        words = _SETTINGS.format(directory=self.directory, port=self.port, megabytes=megabytes)
        (self.directory / "clamd.conf").write_text(words)

    @property
    def address(self) -> str:
        """Its socket, as the configuration names it."""
        return f"unix:{self.directory}/clamd.ctl"

    def start(self) -> None:
        """Start, and return when it can be connected to."""
        command = ("clamd", "--config-file", self.directory / "clamd.conf")
        self._daemon = Daemon(command, output=self.directory / "output", ports=())
        wait_until(self._answers, what="clamd")

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1.0) as connection:
                connection.sendall(b"zPING\0")
                return connection.recv(4) == b"PONG"
        except OSError:
            return False
