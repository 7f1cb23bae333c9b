"""A service of GOV.UK Notify with a number for text messages, and the calls that it makes to us.

Rules beside those of `tests.peers.notify`: a call bears the token that it was given, one text message in each
("Received text messages"), and one for each delivery ("Delivery receipts").
"""

import json
import random
from typing import Any

from aiohttp import web

from tests.peers.notify import API_KEY, SMS, NotifyService
from tests.peers.peer import Handler, Peer, posted

TOKEN, RECEIPT_TOKEN = "8d2f-token-for-received-texts", "51b0-token-for-delivery-receipts"


class NotifyTextsPeer(Peer):
    """People have a number each; staff have no program of their own there."""

    kind = "notify_texts"
    pushes = True
    has_public = False
    staff_program = False

    def __init__(self) -> None:
        super().__init__()
        self.service = NotifyService()
        self._people: dict[str, str] = {}
        self._calls: list[dict[str, Any]] = []
        self._waiting: list[dict[str, Any]] = []

    @property
    def name(self) -> str:
        """The name of the channel."""
        return "texts"

    def table(self) -> str:
        """The number, and the outlet that answers."""
        return f"""
[[channel]]
name = "texts"
kind = "notify_texts"
url = "{self.base}"
api_key = "{API_KEY}"
callback_token = "{TOKEN}"
texts_by = "notify"
poll_seconds = 0.5

[[channel]]
name = "notify"
kind = "notify"
url = "{self.base}"
sender = "Exampleshire Council <exampleshire@notifications.service.gov.uk>"
api_key = "{API_KEY}"
sms_template = "{SMS}"
callback_token = "{RECEIPT_TOKEN}"
"""

    def routes(self) -> list[web.RouteDef]:
        """What it serves."""
        return [*self.service.routes()]

    def write(self, person: str, words: str, *, public: bool = False) -> str:
        """A text message; where nobody takes the call, it is made again later."""
        call = self.service.receive(self.number_of(person), words)
        self._calls.append(call)
        if self.trouble.down or not self._call(call):
            self._waiting.append(call)
        return str(call["id"])

    def number_of(self, person: str) -> str:
        """The number of a person, as Notify gives it."""
        return self._people.setdefault(person, f"4477009{len(self._people):05d}")

    def staff_answer(self, person: str, words: str) -> None:
        """Nobody can."""
        raise NotImplementedError

    def answers_to(self, person: str) -> list[str]:
        """What was handed over for this person."""
        return [texts["body"] for texts in self.service.sent if texts["to"] == f"+{self.number_of(person)}"]

    def shake(self, chance: random.Random) -> None:
        """Each call three times over, in any order."""
        calls = self._calls * 3
        chance.shuffle(calls)
        for call in calls:
            self._call(call)

    def back(self) -> None:
        """Make the calls that nobody took."""
        self._waiting = [call for call in self._waiting if not self._call(call)]

    def deliver(self, status: str = "delivered") -> list[int]:
        """Say of everything that was handed over what became of it; returns how each call was answered."""
        head = {"Authorization": f"Bearer {RECEIPT_TOKEN}", "Content-Type": "application/json"}
        names = ("id", "reference", "to")
        receipts = [{name: text[name] for name in names} | {"status": status} for text in self.service.sent]
        address = self.hook.replace("/texts", "/notify")
        return [posted(address, json.dumps(receipt).encode(), head) for receipt in receipts]

    def _call(self, call: dict[str, Any]) -> bool:
        head = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        return posted(self.hook, json.dumps(call).encode(), head) == 200

    @web.middleware
    async def _troubled(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.trouble.down:
            return self.service.refused(503, "HTTP503Error", "")
        if self.trouble.refused:
            return self.service.refused(403, "AuthError", "Invalid token: API key not found")
        if self.trouble.limited > 0 and request.method == "POST":
            self.trouble.limited -= 1
            return self.service.refused(429, "RateLimitError", "Exceeded rate limit for key type LIVE")
        return await self.service.checked(request, handler)
