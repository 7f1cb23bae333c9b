"""Calls as one account, on a line of its own for each address whose calls the platform counts by itself."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from bot.channel import ChannelError
from bot.wire.platforms.platform import Answer, Api
from bot.wire.platforms.user_tokens import Method, UserToken

_UNKNOWN, _OUR_FAULT = 401, 400
_NUMBER = re.compile(r"[0-9]{5,}")


class Lines:
    """The lines of the channel `name` to `base`: one that has to wait does not keep another."""

    def __init__(self, name: str, base: str) -> None:
        self._name, self._base = name, base
        self._lines: dict[str, Api] = {}

    def line(self, name: str) -> Api:
        """The line of this name."""
        return self._lines.setdefault(name, Api(self._name, self._base))

    async def get(self, token: UserToken, line: str, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """What is there; empty values of `query` are left out. Raises Temporary, Permanent or Misconfigured."""
        kept = {key: value for key, value in (query or {}).items() if value}
        answer = await self.ask(token, line, "GET", f"{path}{'?' if kept else ''}{urlencode(kept)}")
        if answer.status >= _OUR_FAULT:
            raise self.error(answer)
        return answer.content if isinstance(answer.content, dict) else {}

    async def ask(self, token: UserToken, line: str, method: Method, path: str, **more: Any) -> Answer:
        """One call whose refusal the caller looks at; a token that has run out meanwhile is renewed once."""
        address = f"{self._base}{path}"
        shown = await token.headers(method, address)
        answer = await self.line(line).ask(method, address, headers=shown, **more)
        if answer.status == _UNKNOWN and token.refused(shown):
            shown = await token.headers(method, address)
            answer = await self.line(line).ask(method, address, headers=shown, **more)
        return answer

    def error(self, answer: Answer) -> ChannelError:
        """What a refusal means, without the numbers of people that it may name."""
        error = self.line("").error(answer)
        return type(error)(_NUMBER.sub("…", str(error)))

    async def close(self) -> None:
        """Let go of every connection."""
        for line in self._lines.values():
            await line.close()
