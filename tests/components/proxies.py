"""The reverse proxies of `deploy/proxies/`, as a council runs them: nginx and Caddy, on free ports of the loopback."""

import http.client
import socket
import ssl
from collections.abc import Mapping
from email.message import Message
from pathlib import Path

from tests.components.certificates import make_certificate
from tests.components.daemons import Daemon, Server
from tests.components.ports import PATIENCE_SECONDS, free_port, wait_until

EXAMPLES = Path(__file__).parents[2] / "deploy" / "proxies"
NAME = "contact.example.gov.uk"
_NGINX = """
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    include {directory}/ackbot.conf;
}}
"""
_CADDY = """{{
\tadmin off
\tstorage file_system {directory}/storage
\tdefault_bind 127.0.0.1
\thttp_port {plain}
\thttps_port {port}
"""


class Proxy(Server):
    """A proxy before the pages at `web_port`; networks of staff are those of this machine."""

    def __init__(self, name: str, web_port: int) -> None:
        super().__init__(name)
        self.name, self.web_port = name, web_port
        self.port, self.plain = free_port(), free_port()
        self._certificate, self._key = self.directory / "certificate.pem", self.directory / "key.pem"

    def start(self) -> None:
        """Start, and return when it can be connected to."""
        make_certificate(self._certificate, key=self._key, name=NAME, alternatives=[f"DNS:{NAME}"])
        command = self._set_up_nginx() if self.name == "nginx" else self._set_up_caddy()
        self._daemon = Daemon(command, output=self.directory / "output", ports=())
        wait_until(lambda: self._takes(self.port) and self._takes(self.plain), what=self.name)

    def ask(
        self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None, at: str = ""
    ) -> tuple[int, Message, str]:
        """Status, head and text of an answer, over TLS, from the address `at` of this machine."""
        context = ssl.create_default_context(cafile=str(self._certificate))
        with socket.create_connection(
            ("127.0.0.1", self.port), PATIENCE_SECONDS, source_address=(at or "127.0.0.1", 0)
        ) as line:
            connection = http.client.HTTPConnection(NAME)
            with context.wrap_socket(line, server_hostname=NAME) as connection.sock:
                connection.request(method, path, body or None, dict(headers or {}))
                with connection.getresponse() as answer:
                    return answer.status, answer.headers, answer.read().decode()

    def _set_up_nginx(self) -> list[str | Path]:
        example = (EXAMPLES / "nginx.conf").read_text(encoding="utf-8")
        lines = [line for line in example.splitlines() if "listen [::]" not in line]
        config = self._ours("\n".join(lines)).replace("10.0.0.0/8", "127.0.0.0/8")
        config = config.replace("listen 80;", f"listen 127.0.0.1:{self.plain};")
        config = config.replace("listen 443 ", f"listen 127.0.0.1:{self.port} ")
        config = config.replace("/etc/ssl/ackbot", str(self.directory))
        (self.directory / "ackbot.conf").write_text(config, encoding="utf-8")
        (self.directory / "nginx.conf").write_text(_NGINX.format(directory=self.directory), encoding="utf-8")
        return ["nginx", "-c", self.directory / "nginx.conf"]

    def _set_up_caddy(self) -> list[str | Path]:
        config = self._ours((EXAMPLES / "Caddyfile").read_text(encoding="utf-8")).replace("10.0.0.0/8", "127.0.0.0/8")
        head = _CADDY.format(directory=self.directory, plain=self.plain, port=self.port)
        config = config.replace("{\n", head, 1)
        config = config.replace(f"\n{NAME} {{\n", f"\n{NAME} {{\n\ttls {self._certificate} {self._key}\n", 1)
        (self.directory / "Caddyfile").write_text(config, encoding="utf-8")
        return ["caddy", "run", "--adapter", "caddyfile", "--config", self.directory / "Caddyfile"]

    def _ours(self, config: str) -> str:
        return config.replace("127.0.0.1:8080", f"127.0.0.1:{self.web_port}")

    @staticmethod
    def _takes(port: int) -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            return False
        return True
