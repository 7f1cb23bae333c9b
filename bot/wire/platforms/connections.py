"""Calls as one account, with a connection of its own for each group of calls that the platform limits by itself."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from bot.channel import ChannelError
from bot.wire.platforms.platform import Answer, Api
from bot.wire.platforms.user_tokens import Method, UserToken

_UNAUTHORIZED, _FIRST_ERROR = 401, 400
_NUMBER = re.compile(r"[0-9]{5,}")


class Connections:
    """The connections of the channel `name` to `base`: one that has to wait does not delay another."""

    def __init__(self, name: str, base: str) -> None:
        self._name, self._base = name, base
        self._apis: dict[str, Api] = {}

    def connection(self, name: str) -> Api:
        """Return the connection of this name."""
        return self._apis.setdefault(name, Api(self._name, self._base))

    async def get(self, token: UserToken, connection: str, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """GET; leave out empty values of `query`. Raises Temporary, Permanent or Misconfigured."""
        parameters = {key: value for key, value in (query or {}).items() if value}
        answer = await self.ask(token, connection, "GET", f"{path}{'?' if parameters else ''}{urlencode(parameters)}")
        if answer.status >= _FIRST_ERROR:
            raise self.error(answer)
        return answer.content if isinstance(answer.content, dict) else {}

    async def ask(self, token: UserToken, connection: str, method: Method, path: str, **options: Any) -> Answer:
        """Make one call whose refusal the caller examines; a token that has expired in the meantime is renewed once."""
        address = f"{self._base}{path}"
        headers = await token.headers(method, address)
        answer = await self.connection(connection).ask(method, address, headers=headers, **options)
        if answer.status == _UNAUTHORIZED and token.note_refusal(headers):
            headers = await token.headers(method, address)
            answer = await self.connection(connection).ask(method, address, headers=headers, **options)
        return answer

    def error(self, answer: Answer) -> ChannelError:
        """Return what a refusal means, without the numbers of people that it may name."""
        error = self.connection("").error(answer)
        return type(error)(_NUMBER.sub("…", str(error)))

    async def close(self) -> None:
        """Close every connection."""
        for api in self._apis.values():
            await api.close()
