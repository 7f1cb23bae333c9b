"""A real Matrix server of our own: Synapse, in an environment of its own, on a free port of the loopback.

with Synapse() as server:
    room = server.room("alerts")             # made by `bot`, with `staff` in it
    Apprise(f"matrix://bot:pw@127.0.0.1:{server.port}/%23alerts?e2ee=no")
    server.said_in(room)
"""

import http.client
import json
import subprocess
from pathlib import Path
from typing import Any

from tests.components.daemons import Daemon, Server
from tests.components.ports import PATIENCE_SECONDS, free_port, wait_until

PROGRAMS = Path(__file__).parents[2] / ".cache" / "synapse" / "bin"
NAME, PASSWORD = "matrix.council.test", "pw"
_SHARED = "shared-by-the-tests"
_LOCAL = """
listeners:
  - port: {port}
    tls: false
    type: http
    bind_addresses: ['127.0.0.1']
    resources: [{{names: [client], compress: false}}]
pid_file: {directory}/synapse.pid
trusted_key_servers: []
federation_domain_whitelist: []
registration_shared_secret: {shared}
enable_registration: false
rc_message: {{per_second: 1000, burst_count: 1000}}
rc_login:
  address: {{per_second: 100, burst_count: 100}}
  account: {{per_second: 100, burst_count: 100}}
"""


class Synapse(Server):
    """With the accounts `bot` and `staff`."""

    def __init__(self) -> None:
        """Make its configuration; nothing runs yet."""
        super().__init__("synapse")
        self.port = free_port()
        self._tokens: dict[str, str] = {}
        home = ["--server-name", NAME, "--config-path", str(self.directory / "homeserver.yaml")]
        more = ["--generate-config", "--report-stats=no", "--data-directory", str(self.directory)]
        self._python("-m", "synapse.app.homeserver", *home, *more)
        local = _LOCAL.format(port=self.port, directory=self.directory, shared=_SHARED)
        (self.directory / "local.yaml").write_text(local, encoding="utf-8")

    def start(self) -> None:
        """Start, and make the accounts at the first start."""
        files = [self.directory / "homeserver.yaml", self.directory / "local.yaml"]
        command: list[str | Path] = [
            PROGRAMS / "python",
            "-m",
            "synapse.app.homeserver",
            "-c",
            files[0],
            "-c",
            files[1],
        ]
        self._daemon = Daemon(command, output=self.directory / "synapse.log", ports=())
        wait_until(self._answers, what="Synapse")
        for user in () if self._tokens else ("bot", "staff"):
            register = str(PROGRAMS / "register_new_matrix_user")
            address = f"http://127.0.0.1:{self.port}"
            subprocess.run(
                [register, "-u", user, "-p", PASSWORD, "--no-admin", "-k", _SHARED, address],
                check=True,
                capture_output=True,
                timeout=PATIENCE_SECONDS,
            )
            login = {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": user}}
            self._tokens[user] = self._call("POST", "login", "", login | {"password": PASSWORD})["access_token"]

    def room(self, alias: str) -> str:
        """A private room of `bot`'s with `staff` in it; its id."""
        request = {"preset": "private_chat", "invite": [f"@staff:{NAME}"], "room_alias_name": alias}
        made: str = self._call("POST", "createRoom", "bot", request)["room_id"]
        self._call("POST", f"join/{made}", "staff", {})
        return made

    def said_in(self, room: str) -> list[str]:
        """What `staff` read there, the newest first."""
        history = self._call("GET", f"rooms/{room}/messages?dir=b&limit=50", "staff")
        return [event["content"]["body"] for event in history["chunk"] if event["type"] == "m.room.message"]

    def _answers(self) -> bool:
        try:
            return "versions" in self._call("GET", "../versions", "")
        except (OSError, http.client.HTTPException):
            return False

    def _call(self, method: str, path: str, user: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        headers = {"Authorization": f"Bearer {self._tokens[user]}"} if user else {}
        path = "/_matrix/client/versions" if path == "../versions" else f"/_matrix/client/v3/{path}"
        try:
            line.request(method, path, None if content is None else json.dumps(content), headers)
            answer: dict[str, Any] = json.loads(line.getresponse().read())
        finally:
            line.close()
        return answer

    def _python(self, *arguments: str) -> None:
        program = str(PROGRAMS / "python")
        # It names its log after the directory that it is run in.
        subprocess.run(
            [program, *arguments], check=True, capture_output=True, timeout=PATIENCE_SECONDS, cwd=self.directory
        )
