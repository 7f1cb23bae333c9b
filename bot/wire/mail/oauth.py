"""Signing in with access tokens in place of a password: asked of a token server (RFC 6749), kept, and shown.

Both grants that need no person beside the machine: client credentials (Microsoft 365) and refresh token (Google).
Neither a token nor a secret is ever part of an error, and nothing here writes a log.
"""

import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPException
from typing import Annotated, Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPErrorProcessor, ProxyHandler, Request, build_opener

from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from bot.channel import ChannelError, Misconfigured, Temporary
from bot.wire.privacy import LOOPBACK

ANSWER_SECONDS = 15.0
# A token is not shown in its last minute: the mail server's clock may be ahead of ours.
SPARE_SECONDS = 60.0
# RFC 6749 section 5.1 only recommends that the server says for how long a token is good.
UNKNOWN_LIFETIME_SECONDS = 600.0
A_DAY = 86_400.0
# Those who waited for the same token do not all ask a server that has just failed.
REST_SECONDS = 5.0
_MOST_BYTES = 65_536
_NO_MORE_THAN_ONE = "password and oauth exclude one another: give only one of them"
NOT_OFFERED = "the mail server lets nobody sign in by oauth: it offers neither OAUTHBEARER nor XOAUTH2"

_HOW_TO_MEND = {
    "invalid_client": "client_secret has run out or is wrong, or client_id is: renew the secret in the registration",
    "unauthorized_client": "client_id is unknown there or may not sign in this way: check the registration",
    "invalid_grant": "refresh_token has run out or was withdrawn: give consent again and enter the new one",
    "invalid_scope": "scope is not what the server expects",
}
_OTHERWISE = "check token_url, client_id and scope"
# Not in RFC 6749 section 5.2, but given by Microsoft and others at this place, too.
_PASSING = frozenset({"temporarily_unavailable", "server_error", "slow_down"})


def _private_unless_at_home(value: str) -> str:
    # RFC 6749 section 3.2: TLS is required, a fragment is not allowed. Errors may show the URL: no password in it.
    url = urlsplit(value)
    if not url.hostname or url.fragment or url.username is not None or (url.port or 443) < 1:
        raise ValueError("is not a URL such as https://login.example/token")
    url.hostname.encode("idna")
    if url.scheme != "https" and url.hostname not in LOOPBACK:
        raise ValueError(f"must start with https://; http:// only to this machine ({', '.join(sorted(LOOPBACK))})")
    return value


class OAuth(BaseModel):
    """The table `oauth` of a channel: who we are to which token server.

    With `refresh_token` the grant is refresh_token, without it client_credentials.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    token_url: Annotated[str, Field(pattern=r"^https?://[\x21-\x7e]+$"), AfterValidator(_private_unless_at_home)]
    # The characters of RFC 6749 appendix A.
    client_id: str = Field(pattern=r"^[\x20-\x7e]+$")
    client_secret: SecretStr = Field(min_length=1)
    scope: str = Field(default="", pattern=r"^[\x20-\x7e]*$")
    refresh_token: Annotated[SecretStr, Field(min_length=1)] | None = None


def only_one(password: SecretStr | None, oauth: OAuth | None) -> None:
    """Raise ValueError where both are given."""
    if password is not None and oauth is not None:
        raise ValueError(_NO_MORE_THAN_ONE)


class TokenSource:
    """The access token of the channel `name`: fetched when one is needed, kept until shortly before it runs out.

    It may be used from many threads, and it blocks: never from the event loop. `clock` counts seconds.
    """

    def __init__(self, name: str, settings: OAuth, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._settings = settings
        self._host = urlsplit(settings.token_url).hostname
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: SecretStr | None = None
        self._good_until = 0.0
        self._refresh_token = settings.refresh_token
        self._trouble: ChannelError | None = None
        self._rest_until = 0.0

    def to_try(self) -> Iterator[SecretStr]:
        """A token to show; whoever asks for the next one was refused with it, and gets a new one, but only once.

        A token that was new already is not followed by another: the server that gave it would give its like.
        Raises Temporary or Misconfigured where there is no token to be had.
        """
        token, was_kept = self._token()
        yield token
        self._drop(token)
        if was_kept:
            token, _ = self._token()
            yield token
            self._drop(token)

    def _token(self) -> tuple[SecretStr, bool]:
        """A token, and whether it may have been used before."""
        with self._lock:
            if self._kept is not None and self._clock() < self._good_until:
                return self._kept, True
            if self._trouble is not None and self._clock() < self._rest_until:
                raise type(self._trouble)(*self._trouble.args)
            try:
                self._kept = self._fetched()
            except ChannelError as error:
                self._trouble, self._rest_until = error, self._clock() + REST_SECONDS
                raise
            return self._kept, False

    def _drop(self, token: SecretStr) -> None:
        with self._lock:
            # Another connection may have replaced it meanwhile.
            if self._kept is token:
                self._kept = None

    def _fetched(self) -> SecretStr:
        asked_at = self._clock()
        status, text = self._posted(self._request_body())
        answer = self._understood(status, text)
        lifetime = min(answer.get("expires_in", UNKNOWN_LIFETIME_SECONDS), A_DAY)
        self._good_until = asked_at + lifetime - min(SPARE_SECONDS, lifetime / 10)
        if answer.get("refresh_token"):
            # RFC 6749 section 6: the old one must be discarded.
            self._refresh_token = SecretStr(str(answer["refresh_token"]))
        return SecretStr(answer["access_token"])

    def _request_body(self) -> str:
        client = BackendApplicationClient(self._settings.client_id)
        # In the body, as Microsoft and Google document it, not by HTTP Basic (RFC 6749 section 2.3.1).
        secret = self._settings.client_secret.get_secret_value()
        scope = self._settings.scope or None
        if self._refresh_token is None:
            body = client.prepare_request_body(scope=scope, include_client_id=True, client_secret=secret)
        else:
            refresh = self._refresh_token.get_secret_value()
            us = {"client_id": self._settings.client_id, "client_secret": secret}
            body = client.prepare_refresh_body(refresh_token=refresh, scope=scope, include_client_id=True, **us)
        return body

    def _posted(self, body: str) -> tuple[int, str]:
        """What the token server answers: the HTTP status and the text."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        request = Request(self._settings.token_url, body.encode(), headers)  # noqa: S310 - the settings allow no other
        # A proxy of the environment is for the world outside.
        at_home = [ProxyHandler({})] if self._host in LOOPBACK else []
        try:
            with build_opener(_AsItIs, *at_home).open(request, timeout=ANSWER_SECONDS) as response:
                return response.status, response.read(_MOST_BYTES).decode(errors="replace")
        except (OSError, HTTPException) as error:
            raise self._unreachable(error) from None

    def _understood(self, status: int, text: str) -> Mapping[str, Any]:
        """The parameters of RFC 6749 section 5.1, checked; or else why there are none (section 5.2)."""
        if status >= 500 or status in (408, 429):
            raise Temporary(self._told(f"cannot give an access token now ({status})"))
        try:
            answer = BackendApplicationClient(self._settings.client_id).parse_request_body_response(text)
        except OAuth2Error as error:
            raise self._refusal(status, error) from None
        except (ValueError, TypeError, AttributeError, ArithmeticError):
            raise self._no_token(status) from None
        # RFC 6749 section 7.1: no token of a kind that we do not know. Appendix A.12: these characters only.
        kind, token = str(answer.get("token_type")).lower(), answer["access_token"]
        usable = isinstance(token, str) and re.fullmatch(r"[\x20-\x7e]+", token)
        if status != 200 or kind != "bearer" or not usable:
            raise self._no_token(status)
        return answer

    def _refusal(self, status: int, error: OAuth2Error) -> ChannelError:
        code = str(error.error)
        if code == "missing_token" or not re.fullmatch(r"[a-z_]{1,40}", code):
            return self._no_token(status)
        # Microsoft's own number says more than the code; the rest of its words may name people.
        number = re.search(r"AADSTS\d{4,9}", str(error.description))
        words = f"({code}, {number[0]})" if number else f"({code})"
        if code in _PASSING:
            return Temporary(self._told(f"cannot give an access token now {words}"))
        return Misconfigured(self._told(f"refused us {words}: {_HOW_TO_MEND.get(code, _OTHERWISE)}"))

    def _no_token(self, status: int) -> Misconfigured:
        return Misconfigured(self._told(f"answered {status} without an access token that can be used: {_OTHERWISE}"))

    def _unreachable(self, error: Exception) -> ChannelError:
        cause = error.reason if isinstance(error, URLError) else error
        match cause:
            case ssl.SSLCertVerificationError():
                return Misconfigured(self._told(f"has a certificate that cannot be trusted: {cause.verify_message}"))
            case TimeoutError():
                words = "did not answer in time"
            case ssl.SSLError():
                words = f"could not agree on TLS ({cause.reason})"
            case OSError():
                words = f"cannot be reached ({cause.strerror or type(cause).__name__})"
            case _:
                words = f"gave an answer that cannot be used ({type(cause).__name__})"
        return Temporary(self._told(words))

    def _told(self, words: str) -> str:
        return f"channel {self._name}: the token server {self._host} {words}"


class _AsItIs(HTTPErrorProcessor):
    """Takes every status for an answer. Above all it follows no redirect: our secret is for one address only."""

    def http_response(self, request: Any, response: Any) -> Any:
        return response

    https_response = http_response


def mechanism(is_offered: Callable[[str], bool]) -> str:
    """How to show a token to this server: by the standard (RFC 7628), else as it was done before, else ""."""
    return next(filter(is_offered, ("OAUTHBEARER", "XOAUTH2")), "")


class Bearer:
    """One sign-in with a token: what to say to each challenge of the server, whatever the protocol around it."""

    def __init__(self, mechanism: str, username: str, token: SecretStr) -> None:
        self.mechanism = mechanism
        # What the server found wrong with the token (RFC 7628 section 3.2.2), or "".
        self.status = ""
        self._shown = False
        self._username = username
        self._token = token

    def answer(self, challenge: bytes) -> bytes:
        """To the first challenge the token; any other tells that it was refused and only wants to be acknowledged."""
        if not self._shown:
            self._shown = True
            return self._first()
        if found := re.search(rb'"status"\s*:\s*"(\w{1,40})"', challenge):
            self.status = found[1].decode()
        # RFC 7628 section 3.2.3; XOAUTH2 takes nothing.
        return b"\x01" if self.mechanism == "OAUTHBEARER" else b""

    def refused(self, who: str, code: str) -> str:
        """In words for staff, that even a new token does not open the mailbox."""
        said = ", ".join(filter(None, (code, self.status)))
        what = f"the mail server refused a new access token for {who}{f' ({said})' if said else ''}"
        return f"{what}: check that the application may use this mailbox, and scope"

    def _first(self) -> bytes:
        start = f"user={self._username}"
        if self.mechanism == "OAUTHBEARER":
            # RFC 5801 section 4.
            start = f"n,a={self._username.replace('=', '=3D').replace(',', '=2C')},"
        return f"{start}\x01auth=Bearer {self._token.get_secret_value()}\x01\x01".encode()
