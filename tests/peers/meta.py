"""What Meta's peers share: signed calls that are tried again, the token's own page, and Graph's way to refuse.

Rules: a call is signed over its raw bytes with the app's secret, repeated until it gets 200, batched and unordered
("Webhooks from Meta"); refusals are {"error": {"message", "type", "code", "error_subcode"}} ("Handle errors").
"""

import hashlib
import hmac
import json
import random
import time
from typing import Any

from aiohttp import web

from tests.components.ports import PATIENCE_SECONDS
from tests.peers.peer import Peer, now, posted

TOKEN, APP_SECRET, VERIFY = "EAAtoken", "app-secret", "our-own-word"
Values = dict[str, Any]


class MetaPeer(Peer):
    """Calls the service, and keeps what it could not bring for the next time that it calls."""

    pushes = True
    polls = False
    best_coverage = "amber"

    def __init__(self) -> None:
        super().__init__()
        self.scopes: list[str] = []
        self.expires_at = 0
        self.limit_code = 0
        self.calls: list[Values] = []
        self._undelivered: list[Values] = []

    def table(self) -> str:
        """The settings that every kind of Meta's has."""
        return f"""
[[channel]]
name = "{self.kind}"
kind = "{self.kind}"
url = "{self.base}"
token = "{TOKEN}"
app_secret = "{APP_SECRET}"
verify_token = "{VERIFY}"
acknowledge = "both"
"""

    def push(self, call: Values) -> None:
        """Call with this, and with what waits; it waits longer where nobody answers."""
        self.calls.append(call)
        self._undelivered.append(call)
        self.flush()

    @property
    def waiting(self) -> bool:
        """Whether something could not be brought yet."""
        return bool(self._undelivered)

    def flush(self) -> None:
        """Try again to bring what could not be brought."""
        if not self.trouble.down:
            self._undelivered = [call for call in self._undelivered if self.post(call) != 200]

    def shake(self, chance: random.Random) -> None:
        """Everything three times over, in any order."""
        for call in chance.sample(self.calls * 3, len(self.calls) * 3):
            assert self.post(call) == 200
        self._undelivered = []

    def post(self, call: Values, *, secret: str = APP_SECRET, body: bytes | None = None) -> int:
        """One call; the status, or 0 where nobody answers."""
        # ensure_ascii as Meta does: a signature over re-serialised JSON would not be the same.
        body = json.dumps(call).encode() if body is None else body
        return posted(self.hook, body, signed(body, secret) | {"Content-Type": "application/json"})

    def back(self) -> None:
        """Call again and again until everything is brought."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._undelivered and time.monotonic() < deadline:
            self.flush()

    def in_days(self, days: float) -> int:
        """An instant, as the platform writes it."""
        return seconds() + int(days * 86_400)

    async def debug_token(self, request: web.Request) -> web.Response:
        """What a token says of itself."""
        if refusal := self.refused(request):
            return refusal
        data = {"is_valid": True, "scopes": self.scopes, "expires_at": self.expires_at, "data_access_expires_at": 0}
        return web.json_response({"data": data})

    def refused(self, request: web.Request) -> web.Response | None:
        """A token that is not known, or too many calls."""
        if self.limit_code:
            return refusal(400, self.limit_code, "(#131056) Rate limit hit")
        if request.headers.get("Authorization") == f"Bearer {TOKEN}":
            return None
        return refusal(401, 190, "Invalid OAuth access token.")


def signed(body: bytes, secret: str = APP_SECRET) -> dict[str, str]:
    """The header that proves who calls."""
    return {"x-hub-signature-256": f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"}


def refusal(status: int, code: int, message: str, subcode: int | None = None) -> web.Response:
    """An error as Graph says it."""
    error: Values = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1"}
    return web.json_response({"error": error | ({"error_subcode": subcode} if subcode else {})}, status=status)


def seconds() -> int:
    """Since 1970."""
    return int(now().timestamp())
