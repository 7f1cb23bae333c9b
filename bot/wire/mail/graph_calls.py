"""Calls to Microsoft Graph as one application, with its refusals as channel errors.

Sources: learn.microsoft.com/en-us/graph/throttling (429 and 503 with Retry-After), .../graph/errors (the form of an
error), .../graph/outlook-immutable-id, .../graph/json-batching, and .../graph/throttling-limits: four calls to one
mailbox at a time.
"""

import asyncio
import json
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import localtime, parsedate_to_datetime
from typing import Any

import aiohttp
from pydantic import SecretStr
from yarl import URL

from bot.channel import ChannelError, Misconfigured, Permanent, Temporary
from bot.wire.mail.graph_settings import GraphSettings
from bot.wire.mail.graph_sign_in import roles_in, tokens_of
from bot.wire.refusals import Uncertain

IMMUTABLE = 'IdType="ImmutableId"'
AT_ONCE = 4
TIMEOUT_SECONDS = 60.0
MOST_JSON_BYTES = 32 * 2**20
_TRIES, _LONGEST_WAIT_SECONDS, _USUAL_WAIT_SECONDS = 4, 300.0, 1.0
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _GONE, _TOO_MANY = 401, 403, 404, 410, 429
_PASSING = frozenset({429, 500, 502, 503, 504, 509})
_BUSY = frozenset({429, 503, 509})
_AGAIN = _BUSY | {502, 504}
_CODE = re.compile(r"[A-Za-z][\w.-]{0,79}")
# The mailbox, not the message: learn.microsoft.com/en-us/graph/resolve-auth-errors and the codes of Exchange.
_NO_MAILBOX = frozenset(
    {"ErrorInvalidUser", "MailboxNotEnabledForRESTAPI", "Request_ResourceNotFound", "ResourceNotFound"}
)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of Graph: the status, the headers with names in lower case, and the body, or its beginning."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool = False

    @property
    def content(self) -> dict[str, Any]:
        """The JSON object in it; empty where there is none."""
        try:
            content = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return content if isinstance(content, dict) else {}

    @property
    def code(self) -> str:
        """The code of an error, which alone is fit for staff to read: the words may quote a person's."""
        error = self.content.get("error")
        code = str(error.get("code", "")) if isinstance(error, dict) else ""
        return code if _CODE.fullmatch(code) else ""

    def may_pass(self, method: str) -> bool:
        """Tell whether the same call is worth another try, and nothing may have been done by the last one."""
        is_undone = self.status == _TOO_MANY or (self.status in _BUSY and "retry-after" in self.headers)
        return is_undone or (method == "GET" and self.status in _AGAIN)

    @property
    def is_lost(self) -> bool:
        """Tell whether a machine before Graph answers in its place, and nobody knows what Graph has done."""
        return self.status in _AGAIN - _BUSY

    @property
    def at(self) -> datetime:
        """The time on Graph's own clock; ours where it does not say."""
        try:
            return parsedate_to_datetime(self.headers.get("date", "")).astimezone(UTC)
        except (ValueError, TypeError):
            return localtime().astimezone(UTC)

    @property
    def wait_seconds(self) -> float:
        """For how long nobody should call again (RFC 9110 section 10.2.3)."""
        value = self.headers.get("retry-after", "")
        with suppress(ValueError):
            if math.isfinite(seconds := float(value)):
                return max(seconds, 0.0)
        try:
            return max((parsedate_to_datetime(value) - self.at).total_seconds(), 0.0)
        except (ValueError, TypeError):
            return _USUAL_WAIT_SECONDS


class Calls:
    """The connection of the channel `name`. After 429 or 503 no call is made before the time that Graph names."""

    def __init__(self, name: str, settings: GraphSettings) -> None:
        self.name, self.base = name, settings.url
        self._mailbox = settings.mailbox
        self._tokens = tokens_of(name, settings)
        self._session: aiohttp.ClientSession | None = None
        self._room = asyncio.Semaphore(AT_ONCE)
        self._not_before = 0.0

    @property
    def user(self) -> str:
        """The path of the mailbox."""
        return f"/users/{self._mailbox}"

    async def get(self, path: str, *prefer: str) -> Answer:
        """GET what must be there. Raises Temporary or Misconfigured, and Permanent for what is none of them."""
        answer = await self.ask("GET", path, headers={"Prefer": ", ".join((IMMUTABLE, *prefer))})
        if answer.status >= 400:
            raise self.refusal(answer)
        return answer

    async def ask(self, method: str, path: str, *, most_bytes: int = MOST_JSON_BYTES, **options: Any) -> Answer:
        """Make one call whose refusal the caller examines. Raises Temporary or Misconfigured where there is no answer.

        Temporary is Uncertain where Graph may have done it all the same. What is busy is asked again when it says; what
        reads, also after a fault that may pass. A body that is longer than `most_bytes` is cut.
        """
        address = self._address(path)
        tries_left = _TRIES
        while True:
            tries_left -= 1
            await self._wait()
            async with self._room:
                answer = await self._signed_in(method, address, most_bytes, options)
            if answer.status in _BUSY:
                self._not_before = asyncio.get_running_loop().time() + answer.wait_seconds
            if not tries_left or not answer.may_pass(method) or answer.wait_seconds > _LONGEST_WAIT_SECONDS:
                return answer
            if answer.status not in _BUSY:
                await asyncio.sleep(0.2 * (_TRIES - tries_left))

    def refusal(self, answer: Answer) -> ChannelError:
        """Return what a refusal means that is about the application, the mailbox or the service."""
        words = f"channel {self.name}: {self.base} said {answer.status} {answer.code}".rstrip()
        if answer.status in _PASSING or answer.status < 400:
            return Temporary(words)
        if answer.status == _UNAUTHORIZED:
            return Misconfigured(f"{words}: it does not accept our token. Do url and login_url belong together?")
        if answer.status == _FORBIDDEN:
            return Misconfigured(
                f"{words}: the application may not do this in {self._mailbox}. Look at its permissions, at the consent "
                "of the administrator and at the application access policy (docs/channels.md)"
            )
        if answer.code in _NO_MAILBOX:
            return Misconfigured(f"{words}: there is no mailbox {self._mailbox} in this tenant")
        return Permanent(words)

    async def roles(self) -> frozenset[str] | None:
        """Return the permissions that our token names; None where it does not show them."""
        return roles_in(await asyncio.to_thread(next, self._tokens.candidates()))

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _address(self, path: str) -> str:
        """Return the whole address. A link of Graph's own must lead to it: our token goes nowhere else."""
        if path.startswith("/"):
            return f"{self.base}{path}"
        if not path.startswith(f"{self.base}/"):
            raise Misconfigured(f"channel {self.name}: {self.base} sends us to another address: is url right?")
        return path

    async def _signed_in(self, method: str, address: str, most_bytes: int, options: Mapping[str, Any]) -> Answer:
        """Call with a token; one that is refused although it was cached is replaced once."""
        tokens = self._tokens.candidates()
        token = await self._next(tokens)
        while True:
            assert token is not None  # noqa: S101 - the first is there or an error was raised
            answer = await self._call(method, address, token, most_bytes, options)
            if answer.status != _UNAUTHORIZED or (token := await self._next(tokens)) is None:
                return answer

    async def _next(self, tokens: Iterator[SecretStr]) -> SecretStr | None:
        return await asyncio.to_thread(next, tokens, None)

    async def _call(
        self, method: str, address: str, token: SecretStr, most_bytes: int, options: Mapping[str, Any]
    ) -> Answer:
        headers = {"Authorization": f"Bearer {token.get_secret_value()}", **options.get("headers", {})}
        options = {**options, "headers": headers, "allow_redirects": False}
        try:
            async with self._open_session().request(method, URL(address, encoded=True), **options) as response:
                body, is_cut = await _read(response.content, most_bytes)
                names = {name.lower(): value for name, value in response.headers.items()}
                answer = Answer(response.status, names, body, is_cut)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            is_outside = isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
            kind = Temporary if is_outside else Uncertain
            raise kind(f"channel {self.name}: {self.base} cannot be reached ({type(error).__name__})") from None
        if 300 <= answer.status < 400:
            raise Misconfigured(f"channel {self.name}: {self.base} sends us elsewhere ({answer.status}): is url right?")
        return answer

    async def _wait(self) -> None:
        seconds = self._not_before - asyncio.get_running_loop().time()
        if seconds > _LONGEST_WAIT_SECONDS:
            raise Temporary(f"channel {self.name}: {self.base} asks us to wait for {seconds:.0f} s")
        await asyncio.sleep(max(seconds, 0.0))

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS))
        return self._session


async def _read(content: aiohttp.StreamReader, most_bytes: int) -> tuple[bytes, bool]:
    """Return the body, and whether it was longer."""
    body = bytearray()
    async for piece in content.iter_chunked(65_536):
        body += piece
        if len(body) > most_bytes:
            return bytes(body[:most_bytes]), True
    return bytes(body), False
