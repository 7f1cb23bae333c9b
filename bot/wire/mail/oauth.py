"""Signs in with access tokens instead of a password: fetched from a token server (RFC 6749) and cached.

Supports the grants that need no person present: client credentials (Microsoft 365) and refresh token (Google); for a
service account see `service_account`. No error contains a token or a secret, and nothing here writes a log.
"""

import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import TYPE_CHECKING, Annotated, Any, Protocol
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPErrorProcessor, ProxyHandler, Request, build_opener

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from bot.allowed import Form
from bot.channel import ChannelError, Misconfigured, Temporary
from bot.wire.privacy import LOOPBACK

if TYPE_CHECKING:
    from oauthlib.oauth2 import OAuth2Error

ANSWER_SECONDS = 15.0
# A token is not used in its last minute: the mail server's clock may be ahead of the local one.
SPARE_SECONDS = 60.0
# RFC 6749 section 5.1 only recommends that the server states the lifetime of a token.
UNKNOWN_LIFETIME_SECONDS = 600.0
A_DAY = 86_400.0
_OF_TOKENS = "an address that begins with https://, without spaces"
# Threads that waited for the same token do not all ask a server that has just failed.
REST_SECONDS = 5.0
_MOST_BYTES = 65_536
NOT_OFFERED = "the mail server lets nobody sign in by oauth: it offers neither OAUTHBEARER nor XOAUTH2"

_REMEDIES = {
    "invalid_client": "client_secret has run out or is wrong, or client_id is: renew the secret in the registration",
    "unauthorized_client": "client_id is unknown there or may not sign in this way: check the registration",
    "invalid_grant": "refresh_token has run out or was withdrawn: give consent again and enter the new one",
    "invalid_scope": "scope is not what the server expects",
}
_OTHER_REMEDY = "check token_url, client_id and scope"
# Not in RFC 6749 section 5.2, but Microsoft and others return these codes here, too.
_TRANSIENT = frozenset({"temporarily_unavailable", "server_error", "slow_down"})


def https_unless_local(value: str) -> str:
    """Return the address of a token server; raises ValueError where it is none, or without TLS."""
    # RFC 6749 section 3.2: TLS is required, a fragment is not allowed. Errors may show the URL: no password in it.
    url = urlsplit(value)
    if not url.hostname or url.fragment or url.username is not None or (url.port or 443) < 1:
        raise ValueError("is not a URL such as https://login.example/token")
    url.hostname.encode("idna")
    if url.scheme != "https" and url.hostname not in LOOPBACK:
        raise ValueError(f"must start with https://; http:// only to this machine ({', '.join(sorted(LOOPBACK))})")
    return value


class Grant(Protocol):
    """A way to ask the server at `token_url` for tokens; with `refresh_token`, the first one of several."""

    @property
    def token_url(self) -> str:
        """Where tokens are given."""
        ...

    @property
    def refresh_token(self) -> SecretStr | None:
        """What the first request shows, where the grant is refresh_token."""
        ...

    def request_body(self, refresh_token: SecretStr | None, server_time: Callable[[], float]) -> str:
        """Return the form to post. `server_time` asks the server for its own time, in seconds since 1970."""
        ...

    def remedy(self, code: str) -> str:
        """Return what staff do about an error code (RFC 6749 section 5.2); "" is any other trouble."""
        ...


class OAuth(BaseModel):
    """The table `oauth` of a channel: the client's registration at a token server.

    With `refresh_token` the grant is refresh_token, without it client_credentials.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    token_url: Annotated[str, Form(r"https?://[\x21-\x7e]+", _OF_TOKENS), AfterValidator(https_unless_local)]
    # The characters of RFC 6749 appendix A.
    client_id: Annotated[str, Form(r"[\x20-\x7e]+", "letters, digits and signs of ASCII, not empty")]
    client_secret: SecretStr = Field(min_length=1)
    scope: Annotated[str, Form(r"[\x20-\x7e]*", "letters, digits and signs of ASCII")] = ""
    refresh_token: Annotated[SecretStr, Field(min_length=1)] | None = None

    def request_body(self, refresh_token: SecretStr | None, server_time: Callable[[], float]) -> str:
        """Return the form to post."""
        from oauthlib.oauth2 import BackendApplicationClient  # noqa: PLC0415 - no need of it with a password

        client = BackendApplicationClient(self.client_id)
        # In the body, as Microsoft and Google document it, not by HTTP Basic (RFC 6749 section 2.3.1).
        secret = self.client_secret.get_secret_value()
        scope = self.scope or None
        if refresh_token is None:
            body = client.prepare_request_body(scope=scope, include_client_id=True, client_secret=secret)
        else:
            refresh = refresh_token.get_secret_value()
            credentials = {"client_id": self.client_id, "client_secret": secret}
            body = client.prepare_refresh_body(
                refresh_token=refresh, scope=scope, include_client_id=True, **credentials
            )
        return body

    def remedy(self, code: str) -> str:
        """Return what staff do about an error code."""
        return _REMEDIES.get(code, _OTHER_REMEDY)


def only_one(**ways: object) -> None:
    """Raise ValueError where more than one way to sign in is given."""
    if len(names := [name for name, way in ways.items() if way is not None]) > 1:
        raise ValueError(f"{' and '.join(names)} exclude one another: give only one of them")


class TokenSource:
    """The access token of the channel `name`, fetched when needed and cached until shortly before it expires.

    It may be used from many threads, but not from the event loop, because it blocks. `clock` counts seconds.
    """

    def __init__(self, name: str, grant: Grant, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._grant = grant
        self._host = urlsplit(grant.token_url).hostname
        self._clock = clock
        self._lock = threading.Lock()
        self._cached: SecretStr | None = None
        self._good_until = 0.0
        self._refresh_token = grant.refresh_token
        self._trouble: ChannelError | None = None
        self._rest_until = 0.0

    def candidates(self) -> Iterator[SecretStr]:
        """Yield tokens to sign in with. Asking for the next one means that the server refused the last.

        A cached token that is refused is replaced once; a token that was new already is not. Raises Temporary or
        Misconfigured where the token server gives none.
        """
        token, was_cached = self._token()
        yield token
        self._discard(token)
        if was_cached:
            token, _ = self._token()
            yield token
            self._discard(token)

    def _token(self) -> tuple[SecretStr, bool]:
        """Return a token, and whether it may have been used before."""
        with self._lock:
            if self._cached is not None and self._clock() < self._good_until:
                return self._cached, True
            if self._trouble is not None and self._clock() < self._rest_until:
                raise type(self._trouble)(*self._trouble.args)
            try:
                self._cached = self._fetch()
            except ChannelError as error:
                self._trouble, self._rest_until = error, self._clock() + REST_SECONDS
                raise
            return self._cached, False

    def _discard(self, token: SecretStr) -> None:
        with self._lock:
            # Another connection may have replaced it in the meantime.
            if self._cached is token:
                self._cached = None

    def _fetch(self) -> SecretStr:
        asked_at = self._clock()
        status, text = self._post(self._grant.request_body(self._refresh_token, self._server_time))
        answer = self._parsed_answer(status, text)
        lifetime = min(answer.get("expires_in", UNKNOWN_LIFETIME_SECONDS), A_DAY)
        self._good_until = asked_at + lifetime - min(SPARE_SECONDS, lifetime / 10)
        if answer.get("refresh_token"):
            # RFC 6749 section 6: the old one must be discarded.
            self._refresh_token = SecretStr(str(answer["refresh_token"]))
        return SecretStr(answer["access_token"])

    def _post(self, body: str) -> tuple[int, str]:
        """Return the answer of the token server: the HTTP status and the text."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        status, text, _ = self._ask(Request(self._grant.token_url, body.encode(), headers))  # noqa: S310 - the settings allow only HTTP(S)
        return status, text

    def _server_time(self) -> float:
        # Its own time stands in any answer (RFC 9110 section 6.6.1), so that a wrong clock of ours spoils no request.
        _, _, date = self._ask(Request(self._grant.token_url))  # noqa: S310 - the settings allow only HTTP(S)
        try:
            return parsedate_to_datetime(date).timestamp()
        except ValueError:
            raise Temporary(self._message("does not say what time it is")) from None

    def _ask(self, request: Request) -> tuple[int, str, str]:
        """Return the HTTP status, the text and the date of an answer."""
        # A proxy of the environment is not for local addresses.
        local = [ProxyHandler({})] if self._host in LOOPBACK else []
        try:
            with build_opener(_NoRedirects, *local).open(request, timeout=ANSWER_SECONDS) as response:
                text = response.read(_MOST_BYTES).decode(errors="replace")
                return response.status, text, response.headers.get("Date", "")
        except (OSError, HTTPException) as error:
            raise self._unreachable(error) from None

    def _parsed_answer(self, status: int, text: str) -> Mapping[str, Any]:
        """Return the parameters of RFC 6749 section 5.1, checked; raise the error of section 5.2 otherwise."""
        if status >= 500 or status in (408, 429):
            raise Temporary(self._message(f"cannot give an access token now ({status})"))
        from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error  # noqa: PLC0415 - as above

        try:
            answer = BackendApplicationClient("").parse_request_body_response(text)
        except OAuth2Error as error:
            raise self._refusal(status, error) from None
        except (ValueError, TypeError, AttributeError, ArithmeticError):
            raise self._no_token(status) from None
        # RFC 6749 section 7.1: a token of an unknown type must not be used. Appendix A.12: these characters only.
        kind, token = str(answer.get("token_type")).lower(), answer["access_token"]
        usable = isinstance(token, str) and re.fullmatch(r"[\x20-\x7e]+", token)
        if status != 200 or kind != "bearer" or not usable:
            raise self._no_token(status)
        return answer

    def _refusal(self, status: int, error: "OAuth2Error") -> ChannelError:
        code = str(error.error)
        if code == "missing_token" or not re.fullmatch(r"[a-z_]{1,40}", code):
            return self._no_token(status)
        # Microsoft's own error number is more precise than the code; the rest of its text may name people.
        number = re.search(r"AADSTS\d{4,9}", str(error.description))
        words = f"({code}, {number[0]})" if number else f"({code})"
        if code in _TRANSIENT:
            return Temporary(self._message(f"cannot give an access token now {words}"))
        return Misconfigured(self._message(f"refused us {words}: {self._grant.remedy(code)}"))

    def _no_token(self, status: int) -> Misconfigured:
        return Misconfigured(
            self._message(f"answered {status} without an access token that can be used: {self._grant.remedy('')}")
        )

    def _unreachable(self, error: Exception) -> ChannelError:
        cause = error.reason if isinstance(error, URLError) else error
        match cause:
            case ssl.SSLCertVerificationError():
                return Misconfigured(self._message(f"has a certificate that cannot be trusted: {cause.verify_message}"))
            case TimeoutError():
                words = "did not answer in time"
            case ssl.SSLError():
                words = f"could not agree on TLS ({cause.reason})"
            case OSError():
                words = f"cannot be reached ({cause.strerror or type(cause).__name__})"
            case _:
                words = f"gave an answer that cannot be used ({type(cause).__name__})"
        return Temporary(self._message(words))

    def _message(self, words: str) -> str:
        return f"channel {self._name}: the token server {self._host} {words}"


class _NoRedirects(HTTPErrorProcessor):
    """Accepts every status and follows no redirect, so that the secret is sent to one address only."""

    def http_response(self, request: Any, response: Any) -> Any:
        return response

    https_response = http_response


def mechanism(is_offered: Callable[[str], bool]) -> str:
    """Return the mechanism by which to sign in: RFC 7628 if offered, else its predecessor, else ""."""
    return next(filter(is_offered, ("OAUTHBEARER", "XOAUTH2")), "")


class Bearer:
    """One sign-in with a token: the answer to each challenge of the server, whatever the protocol around it."""

    def __init__(self, mechanism: str, username: str, token: SecretStr) -> None:
        self.mechanism = mechanism
        # The server's reason for refusing the token (RFC 7628 section 3.2.2), or "".
        self.status = ""
        self._has_sent_token = False
        self._username = username
        self._token = token

    def answer(self, challenge: bytes) -> bytes:
        """Return the token for the first challenge; any later one reports a refusal and expects an acknowledgement."""
        if not self._has_sent_token:
            self._has_sent_token = True
            return self._first()
        if match := re.search(rb'"status"\s*:\s*"(\w{1,40})"', challenge):
            self.status = match[1].decode()
        # RFC 7628 section 3.2.3; XOAUTH2 expects an empty line.
        return b"\x01" if self.mechanism == "OAUTHBEARER" else b""

    def refusal_text(self, account: str, code: str) -> str:
        """Return a message for staff: the mail server refuses even a new token."""
        reasons = ", ".join(filter(None, (code, self.status)))
        problem = f"the mail server refused a new access token for {account}{f' ({reasons})' if reasons else ''}"
        return f"{problem}: check that the application may use this mailbox, and scope"

    def _first(self) -> bytes:
        start = f"user={self._username}"
        if self.mechanism == "OAUTHBEARER":
            # RFC 5801 section 4.
            start = f"n,a={self._username.replace('=', '=3D').replace(',', '=2C')},"
        return f"{start}\x01auth=Bearer {self._token.get_secret_value()}\x01\x01".encode()
