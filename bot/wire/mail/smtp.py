"""Connections to the mail server that takes outgoing mail (RFC 5321), with its refusals as channel errors.

Addresses are removed from every text of a mail server before it is passed on.
"""

import asyncio
import os
import re
import socket
import ssl
from contextlib import suppress
from typing import Annotated, Literal

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
)
from pydantic import Field, SecretStr, ValidationInfo, field_validator

from bot.channel import ChannelError, ChannelSettings, Misconfigured, Permanent, Temporary
from bot.core.messages import Outbound
from bot.wire.mail.addresses import on_envelope
from bot.wire.mail.oauth import OAuth, TokenSource, only_one
from bot.wire.mail.smtp_bearer import sign_in
from bot.wire.privacy import Tls

CONNECT_SECONDS, COMMAND_SECONDS = 15.0, 60.0
# A server may take long to answer the last line of a mail, and a client that hangs up too soon sends it twice
# (RFC 5321 section 4.5.3.2.6).
CONTENT_SECONDS = 600.0
OWN_NAME_SECONDS = 5.0
PORTS = {"implicit": 465, "starttls": 587, "none": 25}

# The subject of the command that the server answered.
About = Literal["connection", "sender", "recipient", "content"]

_HOST_NAME = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_LIKE_AN_ADDRESS = re.compile(r'[<("\']*(?:"[^"]*"|[^\s<>"]*)(?:@|%40)[^\s<>]*[>)"\']*')
_READ_LENGTH, _SHOWN_LENGTH = 1_000, 200
# Refusals that do not concern the recipient: this server does not let us send, or not from this address. A status
# of 5.1 repeats the answer of the recipient's own server.
_NOT_ALLOWED = re.compile(r"(?!5\.1\.).*(\brelay|\bsend ?as)", re.IGNORECASE | re.DOTALL)
_QUEUED_AS = re.compile(r"(?:queued as |\bid=)([\w.-]{4,80})", re.IGNORECASE)

OneWord = Annotated[str, Field(pattern=r"^[^\s\x00-\x1f\x7f]+$")]
OneLine = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]+$")]


class ServerSettings(ChannelSettings):
    """Which mail server to use, and how to reach it. `ca_file`: the issuer of the server's certificate (PEM)."""

    host: OneWord
    tls: Tls = "starttls"
    port: int = Field(default_factory=lambda before: PORTS.get(before.get("tls", ""), 587), ge=1, le=65535)
    ca_file: OneLine | None = None
    username: OneLine | None = None
    oauth: OAuth | None = None
    password: Annotated[SecretStr, Field(min_length=1)] | None = Field(default=None, validate_default=True)

    @field_validator("password")
    @classmethod
    def _both_or_neither(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        oauth = info.data.get("oauth")
        only_one(value, oauth)
        has_no_secret = value is None and oauth is None
        if {"username", "oauth"} <= info.data.keys() and (info.data["username"] is None) != has_no_secret:
            raise ValueError("username and password (or a table oauth) are given together or not at all")
        return value


class Stale(Temporary):
    """A used connection broke before anything was handed over: a new one may be tried at once."""


class Server:
    """Opens connections to one mail server on behalf of the channel `name`."""

    def __init__(self, name: str, settings: ServerSettings) -> None:
        self.settings = settings
        self._name = name
        self._tls_context: ssl.SSLContext | None = None
        self._tokens = TokenSource(name, settings.oauth) if settings.oauth else None
        self._own_name = ""

    async def connect(self) -> "Connection":
        """Return a connection that is ready for mail: greeted, encrypted and signed in as configured.

        Raises Temporary or Misconfigured. Where TLS is configured, nothing is sent without it.
        """
        settings = self.settings
        client = SMTP(
            hostname=settings.host,
            port=settings.port,
            local_hostname=await self._local_name(),
            timeout=CONNECT_SECONDS,
            use_tls=settings.tls == "implicit",
            start_tls=False,
            tls_context=await self._load_tls_context() if settings.tls != "none" else None,
        )
        try:
            await self._prepare(client)
        except BaseException as error:
            client.close()
            if isinstance(error, SMTPException | OSError | UnicodeError):
                raise self._error(error) from None
            raise
        return Connection(self, client)

    async def _prepare(self, client: SMTP) -> None:
        settings = self.settings
        await client.connect()
        await client.ehlo()
        if settings.tls == "starttls":
            if not client.supports_extension("starttls"):
                raise self.misconfigured("the mail server offers no STARTTLS; without TLS nothing is sent")
            await client.starttls()
            await client.ehlo()
        if settings.username is not None:
            await self._sign_in(client, settings.username)
        if not client.is_connected:
            raise SMTPServerDisconnected("")

    async def _sign_in(self, client: SMTP, username: str) -> None:
        if not client.server_auth_methods:
            raise self.misconfigured("the mail server offers no way to sign in (AUTH)")
        if self._tokens is not None:
            if words := await sign_in(client, username, self._tokens):
                raise self.misconfigured(words)
        elif self.settings.password is not None:
            await client.login(username, self.settings.password.get_secret_value())

    async def _load_tls_context(self) -> ssl.SSLContext:
        if self._tls_context is None:
            try:
                self._tls_context = await asyncio.to_thread(ssl.create_default_context, cafile=self.settings.ca_file)
            except OSError as error:
                why = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
                raise self.misconfigured(f"ca_file = {self.settings.ca_file!r} cannot be used: {why}") from None
        return self._tls_context

    async def _local_name(self) -> str:
        """Return the name for EHLO; an address literal where there is no full name (RFC 5321 section 4.1.3)."""
        if not self._own_name:
            name = ""
            with suppress(TimeoutError):  # a name server that does not answer must not hold up the mail
                name = await asyncio.wait_for(asyncio.to_thread(socket.getfqdn), OWN_NAME_SECONDS)
            self._own_name = name if _HOST_NAME.fullmatch(name) else "[127.0.0.1]"
        return self._own_name

    def _error(self, error: Exception) -> ChannelError:
        """Return why there is no connection."""
        cause = error.__cause__ or error
        match error:
            case _ if isinstance(cause, ssl.SSLCertVerificationError):
                # The file is read again next time, because whoever renews their own certificate also renews the file.
                self._tls_context = None
                why = f"the certificate of {self.settings.host} cannot be trusted: {cause.verify_message}"
                return self.misconfigured(f"{why}; ca_file may name the file of the authority that issued it")
            case SMTPAuthenticationError() if error.code >= 500:
                why = f"the mail server refused the user name or password for {self._login} ({error.code})"
                return self.misconfigured(why)
            case SMTPResponseException():
                answer = refusal("connection", error.code, error.message, "")
                return type(answer)(self._message(f"{self._where} said: {answer}"))
            case OSError() | UnicodeError():
                return self.connection_error(error)
            case _:
                return self.misconfigured(f"{self._where} cannot be used as configured: {error}")

    def connection_error(self, error: Exception) -> ChannelError:
        """Return what it means that a connection cannot be opened, or has ended."""
        cause = error.__cause__ or error
        match cause:
            case TimeoutError():
                words = "did not answer in time"
            case ssl.SSLEOFError() | SMTPServerDisconnected():
                words = "ended the connection"
            case ssl.SSLError():
                return self.misconfigured(f"{self._where} could not agree on TLS ({cause.reason})")
            case OSError():
                words = f"cannot be reached ({_system_text(cause)})"
            case UnicodeError():
                return self.misconfigured(f"host = {self.settings.host!r} is not a name that can be looked up")
            case _:
                words = "gave an answer that cannot be used"
        return Temporary(self._message(f"{self._where} {words}"))

    def misconfigured(self, words: str) -> Misconfigured:
        """Return an error that only staff can resolve."""
        return Misconfigured(self._message(words))

    @property
    def _login(self) -> str:
        return f"{self.settings.username} at {self.settings.host}"

    @property
    def _where(self) -> str:
        return f"the mail server {self.settings.host} port {self.settings.port}"

    def _message(self, words: str) -> str:
        return f"channel {self._name}: {words}"


class Connection:
    """One open connection, used by one mail at a time. `mail_count` is the number of mails that it took over.

    After any error it must not be used again. The owner sets `idle_since` (the event loop's time in seconds).
    """

    def __init__(self, server: Server, client: SMTP) -> None:
        self.mail_count = 0
        self.idle_since = 0.0
        self.offers = {name.upper(): value for name, value in client.esmtp_extensions.items()}
        self._server = server
        self._client = client

    @property
    def alive(self) -> bool:
        """Whether the connection is open, as far as can be known without a command."""
        return self._client.is_connected

    async def hand_over(self, message: Outbound) -> str:
        """Hand one mail over; return the server's own name for it, or "".

        Raises Stale, Temporary, Permanent or Misconfigured.
        """
        sender, recipient = self._envelope(message)
        await self._ask("sender", sender, message)
        await self._ask("recipient", recipient, message)
        try:
            answer = await self._client.data(message.content, timeout=CONTENT_SECONDS)
        except SMTPDataError as error:
            raise refusal("content", error.code, error.message, message.recipient) from None
        except (SMTPException, OSError) as error:
            raise self._server.connection_error(error) from None
        self.mail_count += 1
        match = _QUEUED_AS.search(answer.message)
        return match[1] if match else ""

    async def ping(self) -> None:
        """Check that the server answers (NOOP); raises Temporary or Misconfigured."""
        await self._ask("connection", b"NOOP", None)

    def retire(self) -> None:
        """Send QUIT without waiting for the answer, and close."""
        if self._client.protocol is not None and self._client.is_connected:
            self._client.protocol.write(b"QUIT\r\n")
        self.close()

    def close(self) -> None:
        """Close at once."""
        self._client.close()

    def _envelope(self, message: Outbound) -> tuple[bytes, bytes]:
        """Return the MAIL and the RCPT command, with the extensions that this server offers."""
        try:
            sender = on_envelope(message.envelope_sender) if message.envelope_sender else ""
            recipient = on_envelope(message.recipient)
        except ValueError as error:
            raise Permanent(f"the address cannot be written to: {error}") from None
        size, limit = len(message.content), self.offers.get("SIZE", "")
        if limit.isdecimal() and 0 < int(limit) < size:
            raise Permanent(f"the message has {size} bytes, and the mail server takes {limit} at most")
        mail, rcpt = [f"MAIL FROM:<{sender}>"], [f"RCPT TO:<{recipient}>"]
        if "SIZE" in self.offers:
            mail.append(f"SIZE={size}")
        if "8BITMIME" in self.offers and not message.content.isascii():
            mail.append("BODY=8BITMIME")
        if not (sender + recipient).isascii():
            if "SMTPUTF8" not in self.offers:
                raise Permanent("the address has letters that the mail server cannot carry (it offers no SMTPUTF8)")
            mail.append("SMTPUTF8")
        if "DSN" in self.offers:
            # Contrary to RFC 3834 section 3.3: a service that promises a receipt must know when it did not arrive.
            mail.append("RET=HDRS")
            rcpt.append("NOTIFY=FAILURE")
        return " ".join(mail).encode(), " ".join(rcpt).encode()

    async def _ask(self, about: About, command: bytes, message: Outbound | None) -> None:
        try:
            answer = await self._client.execute_command(command, timeout=COMMAND_SECONDS)
        except (SMTPException, OSError) as error:
            raise self._perhaps_stale(self._server.connection_error(error)) from None
        if answer.code // 100 != 2:
            failure = refusal(about, answer.code, answer.message, message.recipient if message else "")
            raise self._perhaps_stale(failure) if answer.code == 421 else failure

    def _perhaps_stale(self, error: ChannelError) -> ChannelError:
        return Stale(*error.args) if self.mail_count and isinstance(error, Temporary) else error


def refusal(about: About, code: int, text: str, recipient: str) -> ChannelError:
    """Classify an answer other than success; quote it without any address."""
    kind: type[ChannelError] = Misconfigured
    if not 500 <= code <= 599:
        kind = Temporary
    elif about in ("recipient", "content"):
        kind = Misconfigured if code == 530 or _NOT_ALLOWED.match(text) else Permanent
    elif about == "sender" and code == 552:
        # The message is too long for this server (RFC 1870 section 6.1).
        kind = Permanent
    return kind(f"{code} {_anonymous(text, recipient)} (about the {about})")


def _system_text(error: OSError) -> str:
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or str(error) or type(error).__name__


def _anonymous(text: str, recipient: str) -> str:
    """Return a server's text on one line, without anything that may identify the recipient."""
    if len(text) > _READ_LENGTH:
        text = text[:_READ_LENGTH].rpartition(" ")[0]
    text = _LIKE_AN_ADDRESS.sub("...", " ".join(text.split()))
    local, _, domain = recipient.rpartition("@")
    for part in (local, domain):
        if part:
            text = re.sub(rf"(?<![\w.-]){re.escape(part)}(?![\w-])", "...", text, flags=re.IGNORECASE)
    return "".join(c for c in text if c.isprintable())[:_SHOWN_LENGTH]
