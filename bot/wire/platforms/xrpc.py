"""XRPC to the server of one Bluesky account: a session that is kept and renewed, and its refusals.

A session begins with createSession, which is limited to 30 in 5 minutes and 300 a day (docs.bsky.app, "Rate limits"),
and is renewed by its refresh token. A token that is no good is refused with 400 and a name, not with 401
(atproto.com/specs/xrpc).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from bot.channel import Misconfigured, Permanent, Temporary
from bot.wire.platforms.platform import Answer, Api

_UNAUTHORISED, _OUR_FAULT, _TOO_MANY, _SERVER_FAULT = 401, 400, 429, 500
_USELESS = frozenset({"ExpiredToken", "InvalidToken"})
# The token is good, and not for this: "Bad token scope", "Bad token method".
_NOT_FOR_THIS = "Bad token"
# A password that is refused is not tried again so soon: the attempts of a day are few.
_REFUSED_SECONDS = 600.0


class NoAccess(Misconfigured):
    """The app password does not allow this."""


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, and with what."""

    did: str
    access: str
    refresh: str


class Xrpc:
    """One account's line to its server at `service`. `proxy` names another service that the server is to ask."""

    def __init__(self, name: str, service: str, handle: str, password: SecretStr) -> None:
        self._name, self._service, self._handle, self._password = name, service, handle, password
        # Each with limits of its own: what is left of one must not hold up the others.
        self._door = Api(name, service)
        self._lines: dict[str, Api] = {"": Api(name, service)}
        self._session: Session | None = None
        self._signing_in = asyncio.Lock()
        self._refusal: tuple[float, Misconfigured] | None = None

    @property
    def clock(self) -> Api:
        """The line whose `at` is the server's own clock."""
        return self._lines[""]

    async def did(self) -> str:
        """Sign in, unless that is done; whose account it is. Raises Temporary or Misconfigured."""
        return (await self._signed_in()).did

    async def get(self, nsid: str, query: Mapping[str, Any] | None = None, *, proxy: str = "") -> Any:
        """The answer to a query. Raises Temporary, Permanent or Misconfigured."""
        given = {key: value for key, value in (query or {}).items() if value}
        return self.content(await self.ask("GET", nsid, proxy=proxy, params=given))

    async def post(self, nsid: str, content: Any, *, proxy: str = "") -> Any:
        """The answer to a procedure. Raises Temporary, Permanent or Misconfigured."""
        return self.content(await self.ask("POST", nsid, proxy=proxy, json=content))

    async def ask(self, method: str, nsid: str, *, proxy: str = "", **more: Any) -> Answer:
        """One call whose refusal the caller looks at itself; where the session has run out it is renewed."""
        session = await self._signed_in()
        answer = await self._once(session, method, nsid, proxy, more)
        if _is_useless(answer):
            session = await self._renewed(session)
            answer = await self._once(session, method, nsid, proxy, more)
        return answer

    def content(self, answer: Answer) -> Any:
        """What came, unless it is a refusal. Raises Temporary, Permanent or Misconfigured."""
        if answer.status >= _OUR_FAULT or not isinstance(answer.content, dict):
            raise self.error(answer)
        return answer.content

    def error(self, answer: Answer) -> Temporary | Permanent | Misconfigured:
        """What a refusal means."""
        usual = self._door.error(answer)
        if _is_not_for_this(answer):
            return NoAccess(f"{usual}: the app password does not allow this")
        return Misconfigured(str(usual)) if named(answer) in _USELESS else usual

    async def close(self) -> None:
        """Let go of the connections."""
        for line in (self._door, *self._lines.values()):
            await line.close()

    async def _once(self, session: Session, method: str, nsid: str, proxy: str, more: Mapping[str, Any]) -> Answer:
        headers = {"Authorization": f"Bearer {session.access}"} | ({"atproto-proxy": proxy} if proxy else {})
        line = self._lines.setdefault(proxy, Api(self._name, self._service))
        return await line.ask(method, f"/xrpc/{nsid}", headers=headers, **more)

    async def _signed_in(self) -> Session:
        async with self._signing_in:
            self._session = self._session or await self._sign_in()
            return self._session

    async def _renewed(self, useless: Session) -> Session:
        async with self._signing_in:
            if self._session is None or self._session is useless:
                self._session = await self._refresh(useless) or await self._sign_in()
            return self._session

    async def _refresh(self, session: Session) -> Session | None:
        headers = {"Authorization": f"Bearer {session.refresh}"}
        answer = await self._door.ask("POST", "/xrpc/com.atproto.server.refreshSession", headers=headers)
        if answer.status == _TOO_MANY or answer.status >= _SERVER_FAULT:
            raise self._door.error(answer)
        return _session(answer) if answer.status < _OUR_FAULT else None

    async def _sign_in(self) -> Session:
        loop_time = asyncio.get_running_loop().time()
        if self._refusal and loop_time - self._refusal[0] < _REFUSED_SECONDS:
            raise Misconfigured(str(self._refusal[1]))
        content = {"identifier": self._handle, "password": self._password.get_secret_value()}
        answer = await self._door.ask("POST", "/xrpc/com.atproto.server.createSession", json=content)
        if answer.status == _TOO_MANY or answer.status >= _SERVER_FAULT:
            raise self._door.error(answer)
        if answer.status >= _OUR_FAULT:
            said = f"channel {self._name}: {self._service} refuses the app password of {self._handle}"
            self._refusal = (loop_time, Misconfigured(f"{said} ({answer.status} {named(answer)})"))
            raise self._refusal[1]
        self._refusal = None
        return _session(answer)


def named(answer: Answer) -> str:
    """The name of a refusal."""
    return str(answer.content.get("error", "")) if isinstance(answer.content, dict) else ""


def _session(answer: Answer) -> Session:
    content = answer.content
    return Session(content["did"], content["accessJwt"], content["refreshJwt"])


def _is_useless(answer: Answer) -> bool:
    refused = answer.status == _OUR_FAULT and named(answer) in _USELESS and not _is_not_for_this(answer)
    return refused or answer.status == _UNAUTHORISED


def _is_not_for_this(answer: Answer) -> bool:
    said = answer.content.get("message") if isinstance(answer.content, dict) else ""
    return named(answer) in _USELESS and str(said).startswith(_NOT_FOR_THIS)
