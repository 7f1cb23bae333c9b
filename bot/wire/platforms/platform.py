"""HTTP to a platform's API: one kept session that honours rate limits and turns answers into channel errors."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from json import JSONDecodeError, loads
from typing import Annotated, Any
from urllib.parse import urlsplit

import aiohttp
from pydantic import AfterValidator

from bot.channel import Misconfigured, Permanent, Temporary
from bot.wire.privacy import LOOPBACK

TIMEOUT_SECONDS = 30.0
LONGEST_ANSWER_BYTES = 8 * 1024 * 1024
_LONGEST_WAIT_SECONDS, _USUAL_WAIT_SECONDS = 900.0, 60.0
_NOT_ALLOWED, _TOO_MANY, _FIRST_ERROR = (401, 403), 429, 400
_SERVER_FAULT = 500
# Redirects are not followed, as the token must not be sent to another address.
_REDIRECTS = range(300, 400)
_REMAINING = ("x-ratelimit-remaining", "x-rate-limit-remaining", "ratelimit-remaining")
_RESET = ("x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset")
# A number above this is an instant (seconds since 1970), below it a number of seconds.
_SURELY_AN_INSTANT = 1_000_000_000
_SHOWN = 200
_NEVER = datetime.fromtimestamp(0, UTC)
_OK = 200
# Servers send a heartbeat every 15 to 30 seconds.
_SILENT_SECONDS = 90.0


def _https_unless_local(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme == "https" and parts.hostname:
        return value.rstrip("/")
    if parts.scheme == "http" and parts.hostname in LOOPBACK:
        return value.rstrip("/")
    raise ValueError("must begin with https:// (http:// only where it is this machine)")


# A token must not travel in plain text.
PlatformUrl = Annotated[str, AfterValidator(_https_unless_local)]


@dataclass(frozen=True, slots=True)
class Answer:
    """A platform's answer: the status, the headers with names in lower case, and the JSON content."""

    status: int
    headers: Mapping[str, str]
    content: Any

    @property
    def at(self) -> datetime | None:
        """The time on the platform's own clock (RFC 9110 section 6.6.1)."""
        seconds = _read_date(self.headers.get("date", ""))
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


@dataclass(slots=True)
class Api:
    """One account's connection to `base`. `headers` go with every call; `name` is the channel, for messages to staff.

    After an answer that leaves no calls, or 429, the next call waits until the time stated there. `at` is the time
    on the platform's own clock at the last answer.
    """

    name: str
    base: str
    headers: Mapping[str, str] = field(default_factory=dict)
    at: datetime = _NEVER
    _session: aiohttp.ClientSession | None = None
    _not_before: float = 0.0

    async def get(self, path: str, query: Mapping[str, Any] | None = None) -> Answer:
        """GET with a query. Raises Temporary, Permanent or Misconfigured."""
        return await self.call("GET", path, params=query)

    async def post(self, path: str, content: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """POST JSON. Raises Temporary, Permanent or Misconfigured."""
        return await self.call("POST", path, json=content, headers=headers)

    async def call(self, method: str, path: str, **options: Any) -> Answer:
        """Make one call; `path` may be a complete address. Raises Temporary, Permanent or Misconfigured."""
        answer = await self.ask(method, path, **options)
        if answer.status >= _FIRST_ERROR:
            raise self.error(answer)
        return answer

    async def ask(self, method: str, path: str, **options: Any) -> Answer:
        """Make one call whose refusal the caller examines. Raises Temporary where there is no answer."""
        await self._wait()
        address = path if path.startswith(("http://", "https://")) else f"{self.base}{path}"
        options["headers"] = {**self.headers, **(options.get("headers") or {})}
        try:
            async with self._open_session().request(method, address, allow_redirects=False, **options) as response:
                body = await response.content.read(LONGEST_ANSWER_BYTES + 1)
                while len(body) <= LONGEST_ANSWER_BYTES and (piece := await response.content.read(65_536)):
                    body += piece
                names = {key.lower(): value for key, value in response.headers.items()}
                answer = Answer(response.status, names, self._content(response.status, body))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Temporary(f"channel {self.name}: {self.base} cannot be reached ({type(error).__name__})") from None
        self._note_limits(answer)
        if answer.status in _REDIRECTS:
            raise Misconfigured(f"channel {self.name}: {self.base} sends us elsewhere ({answer.status}): is it right?")
        return answer

    def error(self, answer: Answer) -> Temporary | Permanent | Misconfigured:
        """Return what a refusal means."""
        problem = f"channel {self.name}: {self.base} said {answer.status} {_words(answer.content)}".rstrip()
        if answer.status in _NOT_ALLOWED:
            return Misconfigured(
                f"{problem}. Is the token right, and does it have every permission of docs/channels.md?"
            )
        if answer.status == _TOO_MANY or answer.status >= _SERVER_FAULT:
            return Temporary(problem)
        return Permanent(problem)

    async def events(self, path: str) -> AsyncGenerator[tuple[str, str]]:
        """Yield server-sent events as (event, data), until the connection ends. Raises Temporary."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=TIMEOUT_SECONDS, sock_read=_SILENT_SECONDS)
        headers = {**self.headers, "Accept": "text/event-stream"}
        try:
            async with self._open_session().get(f"{self.base}{path}", headers=headers, timeout=timeout) as response:
                if response.status != _OK or response.content_type != "text/event-stream":
                    return
                event = ""
                async for line in response.content:
                    name, _, value = line.decode("utf-8", "replace").strip().partition(":")
                    if name == "event":
                        event = value.strip()
                    elif name == "data" and event:
                        yield event, value.strip()
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise Temporary(f"channel {self.name}: the stream broke ({type(error).__name__})") from None

    def rest(self, seconds: float) -> None:
        """Delay the next call by so many seconds."""
        self._not_before = asyncio.get_running_loop().time() + seconds

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS))
        return self._session

    async def _wait(self) -> None:
        seconds = self._not_before - asyncio.get_running_loop().time()
        if seconds > 0:
            await asyncio.sleep(min(seconds, _LONGEST_WAIT_SECONDS))

    def _content(self, status: int, body: bytes) -> Any:
        if len(body) > LONGEST_ANSWER_BYTES:
            raise Temporary(f"channel {self.name}: {self.base} sent more than {LONGEST_ANSWER_BYTES} bytes")
        try:
            return loads(body) if body else None
        except (JSONDecodeError, UnicodeDecodeError, RecursionError):
            if status >= _FIRST_ERROR:
                return None
            raise Temporary(f"channel {self.name}: {self.base} sent something that is no JSON") from None

    def _note_limits(self, answer: Answer) -> None:
        self.at = answer.at or self.at
        is_limited = answer.status == _TOO_MANY
        if is_limited or _first(answer.headers, _REMAINING) == "0":
            wait_until = (answer.headers.get("retry-after", "") if is_limited else "") or _first(answer.headers, _RESET)
            self.rest(_seconds_until(wait_until, self.at))


def _first(headers: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((headers[name].strip() for name in names if name in headers), "")


def _seconds_until(value: str, at: datetime) -> float:
    """Parse a number of seconds, or an instant as a number, an HTTP date or ISO 8601; the default is a minute."""
    try:
        number = float(value)
    except ValueError:
        date_seconds = _read_date(value)
        return _USUAL_WAIT_SECONDS if date_seconds is None else max(date_seconds - at.timestamp(), 0.0)
    return max(number - at.timestamp() if number > _SURELY_AN_INSTANT else number, 0.0)


def _read_date(value: str) -> float | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            date = read(value)
        except (ValueError, TypeError):
            continue
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    return None


def _words(content: Any) -> str:
    """Return a platform's own error text, never what was sent to it."""
    if not isinstance(content, dict):
        return ""
    error = content.get("error", content.get("message", content.get("detail", "")))
    if isinstance(error, dict):
        parts = [str(error[key]) for key in ("message", "code", "error_subcode") if key in error]
        return " ".join(parts)[:_SHOWN]
    return str(error)[:_SHOWN]
