"""A token server of our own (RFC 6749 and, for mail servers, RFC 7662): it refuses what a real one would refuse.

    with TokenServer() as tokens, Dovecot(introspection=tokens.introspection_url) as server:
            inbox = email_imap.build("enquiries", Settings(oauth=tokens.table, ...))

Its errors follow section 5.2 and what Microsoft and Google add to them.
"""

import json
import secrets
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, parse_qsl

from tests.components.dovecot import CONTACT

# With every character that the form encoding must carry.
CLIENT_ID, SECRET = "ackbot 1", "s3cret~+&=%/ é"
SCOPE = "https://mail.example/.default"
REFRESH = "1//refresh-me"

Answer = tuple[int, dict[str, Any] | str]


@dataclass
class TokenServer:
    """Gives tokens for one mailbox. `extra` goes into every good answer, `instead` in place of any.

    `grants` holds the kind of every request, `issued` every token; what is not in `good` any more opens nothing.
    `good_to_ask`: whether mail servers are answered. `gate`: closed, it keeps everybody else waiting.
    `rotates`: a refresh token is good once, and comes with the next one (RFC 6749 section 6).
    """

    mailbox: str = CONTACT
    secret: str = SECRET
    refresh_tokens: set[str] = field(default_factory=lambda: {REFRESH})
    rotates: bool = False
    # As long as Microsoft's.
    token_bytes: int = 1500
    extra: dict[str, Any] = field(default_factory=lambda: {"expires_in": 3599})
    instead: Answer | None = None
    grants: list[str] = field(default_factory=list)
    issued: list[str] = field(default_factory=list)
    good: set[str] = field(default_factory=set)
    gate: threading.Event = field(default_factory=threading.Event)
    good_to_ask: bool = True
    certificate: ssl.SSLContext | None = None

    def __enter__(self) -> Self:
        """Listen on a free port."""
        self.gate.set()
        self._http = _Http(("127.0.0.1", 0), _handler(self._answer, self.date))
        if self.certificate is not None:
            self._http.socket = self.certificate.wrap_socket(self._http.socket, server_side=True)
        self.port = self._http.server_port
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the port."""
        self.gate.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Where tokens are given."""
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}/token"

    @property
    def table(self) -> dict[str, str]:
        """The table `oauth` of a channel that is known here, for the grant client_credentials."""
        return {"token_url": self.url, "client_id": CLIENT_ID, "client_secret": SECRET, "scope": SCOPE}

    @property
    def introspection_url(self) -> str:
        """Where a mail server asks whether a token is good."""
        return f"http://127.0.0.1:{self.port}/introspect"

    def date(self) -> str:
        """The time there, as it stands in each answer (RFC 9110 section 6.6.1)."""
        return formatdate(usegmt=True)

    def revoke(self) -> None:
        """No token that was given opens anything any more."""
        self.good.clear()

    def _answer(self, path: str, kind: str, body: str) -> Answer:
        if path == "/introspect":
            if not self.good_to_ask:
                return 503, ""
            good = parse_qs(body).get("token", [""])[0] in self.good
            return 200, {"active": "true", "username": self.mailbox} if good else {"active": "false"}
        if path != "/token":
            return 404, "<html>Not found</html>"
        self.grants.append(parse_qs(body).get("grant_type", [""])[0])
        self.gate.wait(5)
        if self.instead is not None:
            return self.instead
        pairs = parse_qsl(body, keep_blank_values=True, strict_parsing=True)
        # RFC 6749 section 3.2: each parameter once.
        if kind != "application/x-www-form-urlencoded" or len(pairs) != len(dict(pairs)):
            return 400, {"error": "invalid_request"}
        return self._judged(dict(pairs))

    def _judged(self, form: dict[str, str]) -> Answer:
        if form.get("client_id") != CLIENT_ID:
            return 400, {"error": "unauthorized_client", "error_description": "AADSTS700016: Application not found"}
        if form.get("client_secret") != self.secret:
            return 401, {"error": "invalid_client", "error_description": f"AADSTS7000215: Invalid. {SECRET}"}
        grants = {"client_credentials": self._to_client, "refresh_token": self._to_holder}
        grant = grants.get(form.get("grant_type", ""))
        return grant(form) if grant else (400, {"error": "unsupported_grant_type"})

    def _to_client(self, form: dict[str, str]) -> Answer:
        if form.get("scope") != SCOPE:
            return 400, {"error": "invalid_scope", "error_description": "AADSTS70011: The scope is not valid"}
        return self._given({})

    def _to_holder(self, form: dict[str, str]) -> Answer:
        if form.get("refresh_token") not in self.refresh_tokens:
            return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        return self._given(self._rotated())

    def _rotated(self) -> dict[str, str]:
        if not self.rotates:
            return {}
        self.refresh_tokens = {secrets.token_urlsafe()}
        return {"refresh_token": next(iter(self.refresh_tokens))}

    def _given(self, others: dict[str, str]) -> Answer:
        token = secrets.token_urlsafe(self.token_bytes)
        self.issued.append(token)
        self.good.add(token)
        return 200, {"access_token": token, "token_type": "Bearer", **self.extra, **others}


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, or does not trust us, is nothing to print."""


def _handler(answer: Callable[[str, str, str], Answer], date: Callable[[], str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def date_time_string(self, timestamp: float | None = None) -> str:
            return date()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, content = answer(self.path, self.headers["Content-Type"], body)
            octets = (content if isinstance(content, str) else json.dumps(content)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if isinstance(content, str) else "application/json")
            self.send_header("Content-Length", str(len(octets)))
            self.send_header("Cache-Control", "no-store")
            if 300 <= status < 400:
                self.send_header("Location", "/token")
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's name
            pass

    return Handler
