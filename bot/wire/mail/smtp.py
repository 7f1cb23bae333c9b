"""Connections to the mail server that takes outgoing mail (RFC 5321), with its refusals as channel errors.

Addresses are removed from every text of a mail server before it is passed on.
"""

import asyncio
import os
import re
import socket
import ssl
from contextlib import suppress
from typing import Annotated

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
)
from pydantic import Field, SecretStr, ValidationInfo, field_validator

from bot.allowed import ONE_LINE, Form
from bot.channel import ChannelError, ChannelSettings, Misconfigured, Temporary
from bot.wire.mail.oauth import OAuth, only_one
from bot.wire.mail.refusals import refusal
from bot.wire.mail.service_account import ServiceAccount, token_source
from bot.wire.mail.smtp_bearer import sign_in
from bot.wire.mail.smtp_connection import Connection
from bot.wire.privacy import Tls

CONNECT_SECONDS = 15.0
OWN_NAME_SECONDS = 5.0
PORTS = {"implicit": 465, "starttls": 587, "none": 25}

_HOST_NAME = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")

OneWord = Annotated[str, Form(r"[^\s\x00-\x1f\x7f]+", "a name without spaces, not empty")]
OneLine = Annotated[str, ONE_LINE]


class ServerSettings(ChannelSettings):
    """Which mail server to use, and how to reach it. `ca_file`: the issuer of the server's certificate (PEM)."""

    host: OneWord
    tls: Tls = "starttls"
    port: int = Field(default_factory=lambda before: PORTS.get(before.get("tls", ""), 587), ge=1, le=65535)
    ca_file: OneLine | None = None
    username: OneLine | None = None
    oauth: OAuth | None = None
    service_account: ServiceAccount | None = None
    password: Annotated[SecretStr, Field(min_length=1)] | None = Field(default=None, validate_default=True)

    @field_validator("password")
    @classmethod
    def _both_or_neither(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        tables = {name: info.data[name] for name in ("oauth", "service_account") if name in info.data}
        only_one(password=value, **tables)
        has_no_secret = not any((value, *tables.values()))
        if len(tables) == 2 and "username" in info.data and (info.data["username"] is None) != has_no_secret:
            raise ValueError(
                "username and password (or a table oauth, or service_account) are given together or not at all"
            )
        return value


class Server:
    """Opens connections to one mail server on behalf of the channel `name`."""

    def __init__(self, name: str, settings: ServerSettings) -> None:
        self.settings = settings
        self._name = name
        self._tls_context: ssl.SSLContext | None = None
        self._tokens = token_source(name, settings)
        self._own_name = ""

    async def connect(self) -> Connection:
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
        return Connection(client, self.connection_error)

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
                async with asyncio.timeout(OWN_NAME_SECONDS):
                    name = await asyncio.to_thread(socket.getfqdn)
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


def _system_text(error: OSError) -> str:
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or str(error) or type(error).__name__
