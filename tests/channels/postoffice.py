"""What the tests of outgoing mail build on: a real SMTP server in the same event loop that is as difficult as asked."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from bot.core.messages import Outbound
from channels import email_smtp
from channels.email_smtp import Settings, Smtp
from tests.components.certificates import make_certificate
from tests.components.ports import PATIENCE_SECONDS
from tests.components.tokens import TokenServer

SENDER = "Exampleshire Council <contact@example.gov.uk>"
EXTENSIONS = ("DSN", "ENHANCEDSTATUSCODES", "PIPELINING")


@dataclass(frozen=True)
class Taken:
    """A mail as it was handed over: the whole MAIL and RCPT commands, and the bytes."""

    mail: str
    rcpt: str
    content: bytes


@dataclass
class Office:
    """The server. `answers` gives, by command, what to say instead of yes; `drop` names a command met with silence and
    a cut line, or "." for a cut after the whole message; `stuck` one that is not answered. After `mails_each` mails
    a connection gets 421.
    """

    answers: dict[str, str] = field(default_factory=dict)
    drop: str = ""
    stuck: str = ""
    mails_each: int = 1000
    pause_seconds: float = 0.0
    extensions: Sequence[str] = EXTENSIONS
    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    lines: list["_Clerk"] = field(default_factory=list)

    @property
    def recipients(self) -> list[str]:
        """Who has mail, in the order in which it came."""
        return [mail.rcpt.partition("<")[2].partition(">")[0] for mail in self.taken]

    @property
    def standing(self) -> int:
        """How many connections stand."""
        return sum(line.transport is not None for line in self.lines)

    def cut(self) -> None:
        """Drop every connection, as a restart does."""
        for line in self.lines:
            if line.transport is not None:
                line.transport.close()

    async def handle_EHLO(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, answers: list[str]
    ) -> list[str]:
        """The library's list, and ours."""
        session.host_name = hostname
        return [*answers[:-1], *(f"250-{name}" for name in self.extensions), answers[-1]]

    async def handle_DATA(self, server: "_Clerk", session: Session, envelope: Envelope) -> str:  # noqa: N802 - the library's name
        """Keep the mail."""
        if self.drop == ".":
            server.hang_up()
        if "." in self.answers:
            return self.answers["."]
        assert isinstance(envelope.content, bytes)
        server.carried += 1
        self.taken.append(Taken(server.mail, server.rcpt, envelope.content))
        return f"250 2.0.0 Ok: queued as 4XyZ{len(self.taken)}"


class TokenOffice(Office):
    """An office that lets in by OAUTHBEARER and XOAUTH2 who shows a good token of `tokens` for its mailbox."""

    tokens: TokenServer

    async def auth_OAUTHBEARER(self, server: SMTP, arguments: list[str]) -> AuthResult:  # noqa: N802 - the library's name
        """RFC 7628."""
        form = rb"n,a=(?P<user>[^,]+),\x01auth=Bearer (?P<token>[^\x01]+)\x01\x01"
        return await self._judged(server, form, '{"status":"invalid_token"}', acknowledged=b"\x01")

    async def auth_XOAUTH2(self, server: SMTP, arguments: list[str]) -> AuthResult:  # noqa: N802 - the library's name
        """As Google and Microsoft describe it."""
        form = rb"user=(?P<user>[^\x01]+)\x01auth=Bearer (?P<token>[^\x01]+)\x01\x01"
        return await self._judged(server, form, '{"status":"401","schemes":"bearer"}', acknowledged=b"")

    async def _judged(self, server: SMTP, form: bytes, refusal: str, *, acknowledged: bytes) -> AuthResult:
        given = await server.challenge_auth("")
        shown = re.fullmatch(form, given) if isinstance(given, bytes) else None
        good = shown and shown["token"].decode() in self.tokens.good and shown["user"].decode() == self.tokens.mailbox
        if good:
            return AuthResult(success=True)
        if await server.challenge_auth(refusal) != acknowledged:
            return AuthResult(success=False, handled=False, message="501 5.5.4 That is no acknowledgement")
        return AuthResult(success=False, handled=False)


class _Clerk(SMTP):
    """One connection to the office."""

    # As long as a line of a sign-in may be (RFC 4954 section 4); a command stays at 512.
    line_length_limit = 12_288

    def __init__(self, office: Office, **others: Any) -> None:
        super().__init__(office, hostname="post.test", loop=asyncio.get_running_loop(), **others)
        self.office, self.carried, self.mail, self.rcpt = office, 0, "", ""
        office.lines.append(self)
        for verb, method in list(self._smtp_methods.items()):
            self._smtp_methods[verb] = self._guarded(verb, method)

    def hang_up(self) -> None:
        """Cut the line without a word."""
        assert isinstance(self.transport, asyncio.Transport)
        self.transport.abort()

    def _guarded(self, verb: str, method: Any) -> Any:
        async def answer(arg: str | None) -> None:
            self.office.commands.append(f"{verb} {arg or ''}".strip())
            await asyncio.sleep(self.office.pause_seconds if self.office.stuck != verb else PATIENCE_SECONDS)
            if self.office.drop == verb:
                self.hang_up()
            elif verb in self.office.answers:
                await self.push(self.office.answers[verb])
            elif verb == "MAIL" and self.carried >= self.office.mails_each:
                await self.push("421 4.7.0 post.test has had enough")
                self.hang_up()
            else:
                await method(self._noted(verb, arg))

        return answer

    def _noted(self, verb: str, arg: str | None) -> str | None:
        """The library knows nothing of DSN (RFC 3461): it is shown the command without."""
        if verb == "MAIL":
            self.mail = arg or ""
            return self.mail.replace(" RET=HDRS", "")
        if verb == "RCPT":
            self.rcpt = arg or ""
            return self.rcpt.replace(" NOTIFY=FAILURE", "")
        return arg


@asynccontextmanager
async def opened(office: Office, *, implicit: ssl.SSLContext | None = None, **others: Any) -> AsyncIterator[Office]:
    """The office with its door open on a free port; `others` are the SMTP server's own options."""
    server = await asyncio.get_running_loop().create_server(
        lambda: _Clerk(office, **others), "127.0.0.1", 0, ssl=implicit
    )
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
        office.cut()
        await asyncio.sleep(0.01)


@asynccontextmanager
async def outlet(port: int, **others: Any) -> AsyncIterator[Smtp]:
    """The outlet under test, closed in the end."""
    chosen = email_smtp.build("post", settings(port, **others))
    try:
        yield chosen
    finally:
        await chosen.close()
        await asyncio.sleep(0.01)


def settings(port: int, **others: Any) -> Settings:
    """Plain to this port of this machine, unless said otherwise."""
    table = {"name": "post", "kind": "email_smtp", "host": "127.0.0.1", "port": port, "tls": "none", "sender": SENDER}
    return Settings(**{**table, **others})


def letter(
    number: int = 1, *, to: str = "", sender: str = "contact+b1@example.gov.uk", body: str = "Hello"
) -> Outbound:
    """A mail to one resident."""
    to = to or f"resident{number}@residents.example"
    text = f"From: {SENDER}\r\nTo: {to}\r\nSubject: {number}\r\n\r\n{body}\r\n"
    return Outbound(to, text.encode(), sender, f"<{number}@example.gov.uk>")


def only_with(login: str, password: str) -> Any:
    """An authenticator that knows one account."""

    def judge(
        _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: LoginPassword
    ) -> AuthResult:
        good = given == LoginPassword(login.encode(), password.encode())
        return AuthResult(success=good, handled=False)

    return judge


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate that 127.0.0.1 has signed for itself, and what a server needs of it."""
    key, signed = folder / "key.pem", folder / "certificate.pem"
    make_certificate(signed, key=key, name="localhost", alternatives=["IP:127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed, key)
    return signed, context
