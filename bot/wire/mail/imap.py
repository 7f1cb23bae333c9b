"""A connection to one IMAP folder (RFC 3501, RFC 9051), with its errors as channel errors.

The mailbox is never changed: the folder is opened read-only.
"""

import logging
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import (
    CapabilityError,
    IMAPClientAbortError,
    IMAPClientError,
    LoginError,
)

from bot.channel import ChannelError, Misconfigured, Temporary
from bot.wire.mail import imap_refusals
from bot.wire.mail.imap_settings import MailboxSettings
from bot.wire.mail.oauth import NOT_OFFERED, Bearer, TokenSource, mechanism
from bot.wire.threads import Halt

CONNECT_SECONDS, READ_SECONDS = 15, 60
# RFC 2177 allows 29 minutes, but Exchange and many firewalls drop a silent connection sooner.
IDLE_SECONDS_AT_MOST = 540

# At DEBUG the library logs whole sessions.
for _name in ("imapclient", "imapclient.imaplib"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class NoFolder(Misconfigured):
    """The mailbox has no readable folder of that name."""


class Mailbox:
    """One connection, from login to logout, used by one thread; only `cut` may be called from another.

    While it is open, `client` is the library's client, `folder_name` the folder and `folder` the answer to EXAMINE.
    `halt` ends a wait. `tokens`, which the settings `oauth` need for the login, outlives the connection.
    """

    def __init__(self, name: str, settings: MailboxSettings, tokens: TokenSource | None, halt: Halt) -> None:
        self.client: Any = None
        self.folder: dict[bytes, Any] = {}
        self.folder_name = settings.folder
        self._refuses_idle = False
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
        return bool(self.client.has_capability("IDLE")) and not self._refuses_idle

    def has_grown(self) -> bool:
        """Tell whether the server has announced more messages since the last call than were known.

        It may do so after any command, even after the SEARCH that does not list them yet; IDLE then does not repeat it.
        """
        count, expunge = (self.client._imap.response(code)[1][-1] for code in ("EXISTS", "EXPUNGE"))
        before, self._count = self._count, count or self._count
        # Some servers repeat the same number every time: that is not news.
        return count is not None and (count != before or expunge is not None)

    def next_uid(self) -> int:
        """Return the number that the next message will have, as the server says now; 0 where it does not say."""
        try:
            return int(self.client.folder_status(self.folder_name, ["UIDNEXT"]).get(b"UIDNEXT", 0))
        except IMAPClientAbortError:
            raise
        except IMAPClientError:  # of the folder that is open, a server may refuse it (RFC 3501 section 6.3.10)
            return 0

    def await_news(self, seconds: int) -> None:
        """Return when the server announces something, after `seconds`, or when a halt is requested."""
        if not self.announces:
            self._halt.wait(seconds)
            # Makes the server report new messages (RFC 3501 6.1.2).
            self.client.noop()
            return
        if not self._enter_idle():
            return
        if not self._has_buffered_data():
            self._halt.wait(min(seconds, IDLE_SECONDS_AT_MOST), self.client.socket())
        # A broken connection is readable, too: DONE meets its end, where idle_check() would take it for silence.
        self.client.idle_done()

    def _enter_idle(self) -> bool:
        """Tell whether the server consents to IDLE; where it refuses what it offers, news is looked for as without it.

        What it announces before it consents is no refusal.
        """
        imap = self.client._imap
        tag = self.client._idle_tag = imap._command("IDLE")
        has_news = False
        while imap._get_response() is not None:
            if imap.tagged_commands[tag] is not None:
                del imap.tagged_commands[tag]
                self._refuses_idle = True
                return False
            has_news = True
        if has_news:
            self.client.idle_done()
        return not has_news

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
        # The library writes a SEARCH in two pieces: the second would wait for the first to be acknowledged (40 ms).
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
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
            code = imap_refusals.code(error)
            if imap_refusals.passes(error):
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

    def special(self, use: str) -> str:
        """Return the name of the folder that the server marks with this attribute (RFC 6154). Raises NoFolder."""
        for flags, _, name in self.client.list_folders():
            if any(flag.decode("ascii", "replace").lower() == use.lower() for flag in flags):
                return str(name)
        raise NoFolder(self._message(f"the mail server marks no folder as {use}; name it in the settings"))

    def _examine(self) -> None:
        if self._settings.folder.startswith("\\"):
            self.folder_name = self.special(self._settings.folder)
        name = self.folder_name
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
        code = imap_refusals.code(error)
        if imap_refusals.passes(error):
            return Temporary(self._message(f"the mail server refuses for now ({code or 'it is busy'})"))
        return Misconfigured(self._message(f"{words} ({code})" if code else words))

    def _error(self, error: Exception) -> ChannelError:
        if isinstance(error, ssl.SSLCertVerificationError):
            why = f"the certificate of {self._settings.host} cannot be trusted: {error.verify_message}"
            return self._misconfigured(f"{why}; ca_file may name the file of the authority that issued it")
        where = f"{self._settings.host} port {self._settings.port}"
        return Temporary(self._message(f"the mail server {where} {imap_refusals.describe(error)}"))

    @property
    def _login(self) -> str:
        return f"{self._settings.username} at {self._settings.host}"

    def _misconfigured(self, words: str) -> Misconfigured:
        return Misconfigured(self._message(words))

    def _message(self, words: str) -> str:
        return f"channel {self._name}: {words}"
