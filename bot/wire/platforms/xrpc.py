"""XRPC to the server of one Bluesky account: a session that is kept and renewed, and the meaning of refusals.

A session begins with createSession, which is limited to 30 in 5 minutes and 300 a day (docs.bsky.app, "Rate limits"),
and is renewed by its refresh token. An invalid token is refused with 400 and an error name, not with 401
(atproto.com/specs/xrpc).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import SecretStr

from bot.allowed import Form
from bot.channel import Misconfigured, Permanent, Temporary
from bot.wire.platforms.platform import Answer, Api

_UNAUTHORISED, _FIRST_ERROR, _TOO_MANY, _SERVER_FAULT = 401, 400, 429, 500
_EXPIRED = frozenset({"ExpiredToken", "InvalidToken"})
# The token is valid, but its scope does not include the method: "Bad token scope", "Bad token method".
_WRONG_SCOPE = "Bad token"
# How long a refused password is not tried again: the number of attempts a day is limited.
_REFUSED_SECONDS = 600.0

Handle = Annotated[str, Form(r"[A-Za-z0-9.-]{3,253}", "a handle without the @, such as example.bsky.social")]
Did = Annotated[str, Form(r"did:[a-z]+:[A-Za-z0-9._:%-]+", "a DID, such as did:web:api.bsky.chat")]


class NoAccess(Misconfigured):
    """The app password does not allow the method."""


@dataclass(frozen=True, slots=True)
class Session:
    """An account's id and its tokens."""

    did: str
    access: str
    refresh: str


class Xrpc:
    """One account's connection to its server at `service`. `proxy` names another service that the server is to ask."""

    def __init__(self, name: str, service: str, handle: str, password: SecretStr) -> None:
        self._name, self._service, self._handle, self._password = name, service, handle, password
        # Separate connections with limits of their own: one that has to wait must not delay the others.
        self._session_api = Api(name, service)
        self._apis: dict[str, Api] = {"": Api(name, service)}
        self._session: Session | None = None
        self._session_lock = asyncio.Lock()
        self._refusal: tuple[float, Misconfigured] | None = None

    @property
    def clock(self) -> Api:
        """The connection whose `at` is the time on the server's own clock."""
        return self._apis[""]

    async def did(self) -> str:
        """Sign in, unless that is done; return the account's DID. Raises Temporary or Misconfigured."""
        return (await self._current_session()).did

    async def get(self, nsid: str, query: Mapping[str, Any] | None = None, *, proxy: str = "") -> Any:
        """Return the answer to a query. Raises Temporary, Permanent or Misconfigured."""
        parameters = {key: value for key, value in (query or {}).items() if value}
        return self.content(await self.ask("GET", nsid, proxy=proxy, params=parameters))

    async def post(self, nsid: str, content: Any, *, proxy: str = "") -> Any:
        """Return the answer to a procedure. Raises Temporary, Permanent or Misconfigured."""
        return self.content(await self.ask("POST", nsid, proxy=proxy, json=content))

    async def ask(self, method: str, nsid: str, *, proxy: str = "", **options: Any) -> Answer:
        """Make one call whose refusal the caller examines; renew a session that has expired."""
        session = await self._current_session()
        answer = await self._ask_once(session, method, nsid, proxy, options)
        if _is_expired(answer):
            session = await self._renewed_session(session)
            answer = await self._ask_once(session, method, nsid, proxy, options)
        return answer

    def content(self, answer: Answer) -> Any:
        """Return the content of an answer, unless it is a refusal. Raises Temporary, Permanent or Misconfigured."""
        if answer.status >= _FIRST_ERROR or not isinstance(answer.content, dict):
            raise self.error(answer)
        return answer.content

    def error(self, answer: Answer) -> Temporary | Permanent | Misconfigured:
        """Return what a refusal means."""
        usual = self._session_api.error(answer)
        if _lacks_scope(answer):
            return NoAccess(f"{usual}: the app password does not allow this")
        return Misconfigured(str(usual)) if error_name(answer) in _EXPIRED else usual

    async def close(self) -> None:
        """Close the connections."""
        for api in (self._session_api, *self._apis.values()):
            await api.close()

    async def _ask_once(
        self, session: Session, method: str, nsid: str, proxy: str, options: Mapping[str, Any]
    ) -> Answer:
        headers = {"Authorization": f"Bearer {session.access}"} | ({"atproto-proxy": proxy} if proxy else {})
        api = self._apis.setdefault(proxy, Api(self._name, self._service))
        return await api.ask(method, f"/xrpc/{nsid}", headers=headers, **options)

    async def _current_session(self) -> Session:
        async with self._session_lock:
            self._session = self._session or await self._sign_in()
            return self._session

    async def _renewed_session(self, expired: Session) -> Session:
        async with self._session_lock:
            if self._session is None or self._session is expired:
                self._session = await self._refresh(expired) or await self._sign_in()
            return self._session

    async def _refresh(self, session: Session) -> Session | None:
        headers = {"Authorization": f"Bearer {session.refresh}"}
        answer = await self._session_api.ask("POST", "/xrpc/com.atproto.server.refreshSession", headers=headers)
        if answer.status == _TOO_MANY or answer.status >= _SERVER_FAULT:
            raise self._session_api.error(answer)
        return _session(answer) if answer.status < _FIRST_ERROR else None

    async def _sign_in(self) -> Session:
        loop_time = asyncio.get_running_loop().time()
        if self._refusal and loop_time - self._refusal[0] < _REFUSED_SECONDS:
            raise Misconfigured(str(self._refusal[1]))
        content = {"identifier": self._handle, "password": self._password.get_secret_value()}
        answer = await self._session_api.ask("POST", "/xrpc/com.atproto.server.createSession", json=content)
        if answer.status == _TOO_MANY or answer.status >= _SERVER_FAULT:
            raise self._session_api.error(answer)
        if answer.status >= _FIRST_ERROR:
            problem = f"channel {self._name}: {self._service} refuses the app password of {self._handle}"
            self._refusal = (loop_time, Misconfigured(f"{problem} ({answer.status} {error_name(answer)})"))
            raise self._refusal[1]
        self._refusal = None
        return _session(answer)


def error_name(answer: Answer) -> str:
    """Return the name of a refusal."""
    return str(answer.content.get("error", "")) if isinstance(answer.content, dict) else ""


def _session(answer: Answer) -> Session:
    content = answer.content
    return Session(content["did"], content["accessJwt"], content["refreshJwt"])


def _is_expired(answer: Answer) -> bool:
    has_expired = answer.status == _FIRST_ERROR and error_name(answer) in _EXPIRED and not _lacks_scope(answer)
    return has_expired or answer.status == _UNAUTHORISED


def _lacks_scope(answer: Answer) -> bool:
    message = answer.content.get("message") if isinstance(answer.content, dict) else ""
    return error_name(answer) in _EXPIRED and str(message).startswith(_WRONG_SCOPE)
