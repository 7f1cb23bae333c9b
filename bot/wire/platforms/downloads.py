"""Fetches the files that a platform keeps: from its own hosts, no more than is wanted, following no redirect.

The address comes from what the platform said of a message, so that nobody else can choose where we connect to; it must
be https on one of the platform's hosts all the same.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from bot.channel import Misconfigured, Permanent, Temporary
from bot.wire.platforms.platform import Api

_SILENT_SECONDS, _LONGEST_SECONDS = 30.0, 300.0
_OK, _TOO_MANY, _SERVER_FAULT = 200, 429, 500
_NOT_ALLOWED = (401, 403)
_PIECE_BYTES, _HTTPS = 65_536, 443


@dataclass(frozen=True, slots=True)
class Downloads:
    """The files of one account; `hosts` are those of the platform, a host of the connection's own base beside them.

    A host that begins with a point stands for every host below it.
    """

    api: Api
    hosts: Collection[str]

    async def fetch(self, address: str, most_bytes: int, headers: Mapping[str, str] | None = None) -> bytes:
        """Return the content at `address`; with `headers` the platform is asked as the account, else as anybody.

        Raises Temporary, Misconfigured, or Permanent where it is gone, larger than `most_bytes`, or elsewhere.
        """
        if not self._is_own(address):
            raise Permanent(f"channel {self.api.name}: the file lies on a host that is not the platform's")
        timeout = aiohttp.ClientTimeout(total=_LONGEST_SECONDS, sock_read=_SILENT_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(address, allow_redirects=False, headers=headers) as response,
            ):
                if response.status != _OK:
                    raise self._refusal(response.status, as_account=headers is not None)
                return await self._content(response, most_bytes)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise Temporary(f"channel {self.api.name}: a file could not be fetched ({type(error).__name__})") from None

    def _is_own(self, address: str) -> bool:
        try:
            parts, base = urlsplit(address), urlsplit(self.api.base)
            place = (parts.scheme, parts.hostname or "", parts.port)
            if place == (base.scheme, base.hostname, base.port):
                return True
        except ValueError:
            return False
        scheme, host, port = place
        is_platforms = any(host.endswith(own) if own.startswith(".") else host == own for own in self.hosts)
        return scheme == "https" and port in (None, _HTTPS) and is_platforms

    async def _content(self, response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
        content = bytearray()
        is_larger = (response.content_length or 0) > most_bytes
        while not is_larger and (piece := await response.content.read(_PIECE_BYTES)):
            content += piece
            is_larger = len(content) > most_bytes
        if is_larger:
            raise Permanent(f"channel {self.api.name}: the file has more than {most_bytes} bytes")
        return bytes(content)

    def _refusal(self, status: int, *, as_account: bool) -> Temporary | Permanent | Misconfigured:
        """Return what a status means; without a token 401 and 403 say that the link has run out."""
        problem = f"channel {self.api.name}: the platform said {status} to a request for a file"
        if status == _TOO_MANY or status >= _SERVER_FAULT:
            return Temporary(problem)
        if as_account and status in _NOT_ALLOWED:
            return Misconfigured(problem)
        return Permanent(problem)
