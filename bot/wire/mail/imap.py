"""A connection to one IMAP folder (RFC 3501, RFC 9051), with its errors as channel errors.

The mailbox is never changed: the folder is opened read-only.
"""

import logging
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Annotated, Any

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import (
    CapabilityError,
    IMAPClientAbortError,
    IMAPClientError,
    LoginError,
)
from pydantic import Field, SecretStr, ValidationInfo, field_validator

from bot.channel import ChannelError, MailWayIn, Misconfigured, Temporary
from bot.wire.mail.oauth import NOT_OFFERED, Bearer, OAuth, TokenSource, mechanism, only_one
from bot.wire.privacy import Tls
from bot.wire.threads import Halt

CONNECT_SECONDS, READ_SECONDS = 15, 60
# RFC 2177 allows 29 minutes, but Exchange and many firewalls drop a silent connection sooner.
IDLE_SECONDS_AT_MOST = 540
# RFC 5530: conditions that pass without anybody acting, unlike a wrong password.
_TRANSIENT = frozenset({"UNAVAILABLE", "INUSE", "SERVERBUG", "LIMIT"})

# At DEBUG the library logs whole sessions.
for _name in ("imapclient", "imapclient.imaplib"):
    logging.getLogger(_name).setLevel(logging.WARNING)

OneLine = Annotated[str, Field(min_length=1, pattern=r"^[^\x00-\x1f\x7f]+$")]


class MailboxSettings(MailWayIn):
    """Which folder of which mailbox to read, and how to reach it. `ca_file`: the issuer of the certificate (PEM)."""

    host: OneLine
    tls: Tls = "implicit"
    port: int = Field(default_factory=lambda before: 993 if before.get("tls") == "implicit" else 143, ge=1, le=65535)
    ca_file: OneLine | None = None
    username: OneLine
    oauth: OAuth | None = None
    password: Annotated[SecretStr, Field(min_length=1)] | None = Field(default=None, validate_default=True)
    folder: OneLine = "INBOX"

    @field_validator("password")
    @classmethod
    def _one_way_to_log_in(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        oauth = info.data.get("oauth")
        only_one(value, oauth)
        if value is None and oauth is None and "oauth" in info.data:
            raise ValueError("is missing; instead of it there may be a table oauth")
        return value


class NoFolder(Misconfigured):
    """The mailbox has no readable folder of that name."""


class Mailbox:
    """One connection, from login to logout, used by one thread; only `cut` may be called from another.

    While it is open, `client` is the library's client and `folder` the answer to EXAMINE. `halt` ends a wait.
    `tokens`, which the settings `oauth` need for the login, outlives the connection.
    """

    def __init__(self, name: str, settings: MailboxSettings, tokens: TokenSource | None, halt: Halt) -> None:
        self.client: Any = None
        self.folder: dict[bytes, Any] = {}
        self._count: bytes | None = None
        self._name = name
        self._settings = settings
        self._tokens = tokens
        self._halt = halt

    @contextmanager
    def open(self) -> Iterator[None]:
        """Connect, log in, open the folder; finally log out. Raises Temporary or Misconfigured, also from the body."""
        try:
            with self._connect() as self.client:
                self._log_in()
                self._examine()
                yield
        except (IMAPClientError, OSError, ValueError) as error:
            # Without its history, which may quote messages.
            raise self._error(error) from None

    def cut(self) -> None:
        """Shut the socket down, which wakes a thread that reads from a silent server."""
        if self.client is not None:
            with suppress(OSError):
                # Not SSLSocket's own shutdown, which would remove the TLS layer while the reader uses it.
                socket.socket.shutdown(self.client.socket(), socket.SHUT_RDWR)

    @property
    def announces(self) -> bool:
        """Tell whether the server announces news by itself (IDLE)."""
        return bool(self.client.has_capability("IDLE"))

    def has_grown(self) -> bool:
        """Tell whether the server has announced more messages since the last call than were known.

        It may do so after any command, even after the SEARCH that does not list them yet; IDLE then does not repeat it.
        """
        count, expunge = (self.client._imap.response(code)[1][-1] for code in ("EXISTS", "EXPUNGE"))
        before, self._count = self._count, count or self._count
        # Some servers repeat the same number every time: that is not news.
        return count is not None and (count != before or expunge is not None)

    def await_news(self, seconds: int) -> None:
        """Return when the server announces something, after `seconds`, or when a halt is requested."""
        if not self.announces:
            self._halt.wait(seconds)
            # Makes the server report new messages (RFC 3501 6.1.2).
            self.client.noop()
            return
        self.client.idle()
        if not self._has_buffered_data():
            self._halt.wait(min(seconds, IDLE_SECONDS_AT_MOST), self.client.socket())
        # A broken connection is readable, too: DONE meets its end, where idle_check() would take it for silence.
        self.client.idle_done()

    def _has_buffered_data(self) -> bool:
        """Tell whether the buffers of TLS or of the library hold server data, which poll() does not see.

        They do when the server sends news in one packet with its answer to IDLE. A search follows in any case.
        """
        line = self.client.socket()
        line.settimeout(0)
        try:
            return bool(self.client._imap.readline())
        except OSError:  # no data, or a broken connection, which poll() will report
            return False
        finally:
            line.settimeout(READ_SECONDS)

    def _connect(self) -> Any:
        settings, implicit = self._settings, self._settings.tls == "implicit"
        timeout = SocketTimeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        trust = self._trust() if implicit else None
        client = IMAPClient(settings.host, settings.port, ssl=implicit, ssl_context=trust, timeout=timeout)
        client.normalise_times = False
        # IMAPClient sets 5, with which imaplib formats every body for a log line that nobody reads.
        client._imap.debug = 0
        return client

    def _trust(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._settings.ca_file)
        except OSError as error:
            why = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
            raise self._misconfigured(f"ca_file = {self._settings.ca_file!r} cannot be used: {why}") from None

    def _log_in(self) -> None:
        try:
            if self._settings.tls == "starttls":
                self.client.starttls(self._trust())
            if self._tokens is not None:
                self._log_in_by_token(self._tokens)
            elif self._settings.password is not None:
                self._authenticate(self._settings.username, self._settings.password.get_secret_value())
        except CapabilityError:
            raise self._misconfigured("the mail server offers no STARTTLS; without TLS nobody logs in") from None
        except LoginError as error:
            if isinstance(error.__context__, IMAPClientAbortError):
                raise error.__context__ from None
            raise self._refusal(error, f"the mail server refused the user name or password for {self._login}") from None

    def _log_in_by_token(self, tokens: TokenSource) -> None:
        """Log in by oauth; a token that is refused permanently is replaced once before an error is raised."""
        mechanism_name = mechanism(lambda name: bool(self.client.has_capability(f"AUTH={name}")))
        if not mechanism_name:
            raise self._misconfigured(NOT_OFFERED)
        refusal: ChannelError | None = None
        for token in tokens.candidates():
            refusal = self._bearer_refusal(Bearer(mechanism_name, self._settings.username, token))
            if refusal is None or isinstance(refusal, Temporary):
                break
        if refusal is not None:
            raise refusal

    def _bearer_refusal(self, bearer: Bearer) -> ChannelError | None:
        try:
            self.client.sasl_login(bearer.mechanism, bearer.answer)
        except LoginError as error:
            if isinstance(error.__context__, IMAPClientAbortError):
                raise
            code = _code(error)
            if code in _TRANSIENT:
                return Temporary(self._message(f"the mail server cannot check access tokens now ({code})"))
            return self._misconfigured(bearer.refusal_text(self._login, code))
        return None

    def _authenticate(self, username: str, password: str) -> None:
        # AUTHENTICATE carries any character (RFC 4616); LOGIN, for old servers, only ASCII.
        if self.client.has_capability("AUTH=PLAIN"):
            self.client.plain_login(username, password)
        elif (username + password).isascii():
            self.client.login(username, password)
        else:
            raise self._misconfigured("the mail server takes only ASCII characters in user name and password")

    def _examine(self) -> None:
        name = self._settings.folder
        try:
            self.folder = self.client.select_folder(name, readonly=True)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            refusal = self._refusal(error, f"the mailbox has no folder {name!r} that may be read")
            raise NoFolder(*refusal.args) if isinstance(refusal, Misconfigured) else refusal from None
        if b"UIDVALIDITY" not in self.folder:
            raise self._misconfigured(f"the mail server does not number the messages of {name!r} (no UIDVALIDITY)")

    def _refusal(self, error: Exception, words: str) -> ChannelError:
        code = _code(error)
        words = self._message(f"{words} ({code})" if code else words)
        return Temporary(words) if code in _TRANSIENT else Misconfigured(words)

    def _error(self, error: Exception) -> ChannelError:
        if isinstance(error, ssl.SSLCertVerificationError):
            why = f"the certificate of {self._settings.host} cannot be trusted: {error.verify_message}"
            return self._misconfigured(f"{why}; ca_file may name the file of the authority that issued it")
        where = f"{self._settings.host} port {self._settings.port}"
        return Temporary(self._message(f"the mail server {where} {_what_went_wrong(error)}"))

    @property
    def _login(self) -> str:
        return f"{self._settings.username} at {self._settings.host}"

    def _misconfigured(self, words: str) -> Misconfigured:
        return Misconfigured(self._message(words))

    def _message(self, words: str) -> str:
        return f"channel {self._name}: {words}"


def _code(error: Exception) -> str:
    """The response code (RFC 5530) that the server gave, or ""."""
    match = re.search(r"\[([A-Z][A-Z-]+)[] ]", str(error))
    return match[1] if match else ""


def _what_went_wrong(error: Exception) -> str:
    """Describe the error without quoting the server, whose text may contain mail."""
    match error:
        case TimeoutError():
            return "did not answer in time"
        case ssl.SSLError():
            return f"could not agree on TLS ({error.reason})"
        case IMAPClientAbortError():
            return "ended the connection"
        case OSError():
            return f"cannot be reached ({error.strerror or type(error).__name__})"
        case _:
            return f"gave an answer that cannot be used ({_code(error) or type(error).__name__})"
