"""GOV.UK Notify, as docs.notifications.service.gov.uk/rest-api.html describes it.

Rules: a token of the service's key, at most 30 seconds from Notify's own time ("Authorization header"); known fields
only, every placeholder filled, a reference is no key: a repeat is another message ("Send a message"); errors with a
type ("Error codes"); messages can be asked for by reference, the newest first ("Get the status of multiple messages").
"""

import hashlib
import hmac
import json
import re
import uuid
from base64 import urlsafe_b64decode
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.peers.peer import Handler, now

SERVICE, SECRET = "26785a09-ab16-4eb0-8407-a37497a57506", "3d844edf-8d35-48ac-975b-e847b4f122b0"
API_KEY = f"ackbot-{SERVICE}-{SECRET}"
EMAIL, SMS, OTHER, LETTER = (f"{n}1d844ed-8d35-48ac-975b-e847b4f122b0" for n in "abcd")
WRONG_SECONDS = 30
OUR_NUMBER = "07700987654"
PAGE = 250
Values = dict[str, Any]
_SENT = {"email": "email_address", "sms": "phone_number"}
_RIGHT = {
    "email": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "sms": r"\+?\d{10,15}",
    "letter": r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}",
}
_ADDRESS = [f"address_line_{number}" for number in range(1, 8)]
_FIELDS = {"template_id", "personalisation", "reference"}


class NotifyService:
    """One service with three templates. `ahead` is how far its clock is from ours."""

    def __init__(self) -> None:
        self.templates: dict[str, Values] = {
            EMAIL: {"type": "email", "subject": "((subject))", "body": "((body))"},
            SMS: {"type": "sms", "subject": None, "body": "((Body))"},
            LETTER: {"type": "letter", "subject": "((subject))", "body": "((body))"},
            OTHER: {"type": "email", "subject": "Hello ((name))", "body": "((body))"},
        }
        self.sent: list[Values] = []
        self.requests: list[str] = []
        self.ahead = timedelta(0)
        # Statuses and types of error to answer with, or "lost": it is taken, and nobody hears of that.
        self.troubles: list[tuple[int, str] | str] = []
        # What the words of a trouble quote.
        self.quoted = "ann@residents.example"
        # The newest last, as "Get received text messages" has them.
        self.received: list[Values] = []

    def routes(self) -> list[web.RouteDef]:
        """What it serves."""
        return [
            web.get("/_status", self._status),
            web.post("/v2/notifications/{kind:email|sms|letter}", self._take),
            web.get("/v2/notifications", self._list),
            web.get("/v2/received-text-messages", self._received_texts),
            web.get("/v2/template/{id}", self._template),
        ]

    def receive(self, number: str, words: str, ago: timedelta = timedelta(0)) -> Values:
        """A text message comes in; returns what its call says ("Received text messages")."""
        name, at = str(uuid.uuid4()), f"{now() + self.ahead - ago:%Y-%m-%dT%H:%M:%S.%fZ}"
        entry = {"id": name, "user_number": number, "content": words, "created_at": at, "notify_number": OUR_NUMBER}
        self.received.append({**entry, "service_id": SERVICE})
        call = {"id": name, "source_number": number, "destination_number": OUR_NUMBER, "message": words}
        return {**call, "date_received": at}

    @web.middleware
    async def checked(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path}")
        response = await self._answer(request, handler)
        response.headers["Date"] = format_datetime(now() + self.ahead, usegmt=True)
        return response

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path != "/_status" and (wrong := self._wrong(request.headers.get("Authorization", ""))):
            return _refused(403, "AuthError", wrong)
        if self.troubles and request.method == "POST":
            trouble = self.troubles.pop(0)
            if isinstance(trouble, tuple):
                return _refused(*trouble, f"for {self.quoted}")
            await handler(request)
            return web.Response(status=504, text="upstream timed out")
        return await handler(request)

    def _wrong(self, header: str) -> str:
        scheme, _, token = header.partition(" ")
        head, _, signature = token.rpartition(".")
        expected = hmac.new(SECRET.encode(), head.encode(), hashlib.sha256).digest()
        if scheme != "Bearer" or not hmac.compare_digest(_decoded(signature), expected):
            return "Invalid token: API key not found"
        claims = json.loads(_decoded(head.partition(".")[2]))
        if claims["iss"] != SERVICE:
            return "Invalid token: service not found"
        late = abs((now() + self.ahead).timestamp() - claims["iat"]) > WRONG_SECONDS
        return "Error: Your system clock must be accurate to within 30 seconds" if late else ""

    def refused(self, status: int, kind: str, words: str) -> web.Response:
        """Return a refusal, with the time on its clock."""
        response = _refused(status, kind, words)
        response.headers["Date"] = format_datetime(now() + self.ahead, usegmt=True)
        return response

    async def _status(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _take(self, request: web.Request) -> web.Response:
        kind, posted = request.match_info["kind"], await request.json()
        if wrong := _wrong_recipient(kind, posted):
            return _refused(400, "ValidationError", wrong)
        template = self.templates.get(posted["template_id"])
        if template is None or template["type"] != kind:
            return _refused(400, "BadRequestError", "Template not found")
        given = {key.lower(): str(value) for key, value in posted.get("personalisation", {}).items()}
        words = [template["subject"] or "", template["body"]]
        if missing := {name.lower() for text in words for name in re.findall(r"\(\((\w+)\)\)", text)} - set(given):
            return _refused(400, "BadRequestError", f"Missing personalisation: {', '.join(missing)}")
        subject, body = (re.sub(r"\(\((\w+)\)\)", lambda m: given[m[1].lower()], text) for text in words)
        answer = {
            "type": kind,
            "id": str(uuid.uuid4()),
            "reference": posted.get("reference"),
            "to": _recipient(kind, posted),
            "status": "created",
        }
        self.sent.append({**answer, "subject": subject, "body": body})
        return web.json_response({"id": answer["id"], "reference": answer["reference"], "content": {}}, status=201)

    async def _list(self, request: web.Request) -> web.Response:
        reference, kind = request.query.get("reference"), request.query.get("template_type")
        older_than = request.query.get("older_than")
        notifications = [
            entry
            for entry in reversed(self.sent)
            if reference in (None, entry["reference"]) and kind in (None, entry["type"])
        ]
        if older_than:
            names = [entry["id"] for entry in notifications]
            notifications = notifications[names.index(older_than) + 1 :]
        return web.json_response({"notifications": notifications[:PAGE], "links": {"current": str(request.url)}})

    async def _received_texts(self, request: web.Request) -> web.Response:
        older_than = request.query.get("older_than")
        names = [entry["id"] for entry in self.received]
        end = names.index(older_than) if older_than in names else len(names)
        page = self.received[max(end - PAGE, 0) : end][::-1]
        return web.json_response({"received_text_messages": page, "links": {"current": str(request.url)}})

    async def _template(self, request: web.Request) -> web.Response:
        template = self.templates.get(request.match_info["id"])
        return web.json_response(template) if template else _refused(404, "NoResultFound", "No result found")


class NotifyPeer(NotifyService):
    """The service on a server in the loop of the test."""

    def __init__(self) -> None:
        super().__init__()
        app = web.Application(middlewares=[self.checked])
        app.add_routes(self.routes())
        self.server = TestServer(app)

    @property
    def base(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server.port}"


def _recipient(kind: str, posted: Values) -> Any:
    values = posted.get("personalisation", {})
    return [values[name] for name in _ADDRESS if name in values] if kind == "letter" else posted.get(_SENT[kind], "")


def _wrong_recipient(kind: str, posted: Values) -> str:
    """Why it is not for anybody ("Send a letter", "Error codes"); "" where it is."""
    to = _recipient(kind, posted)
    if unknown := set(posted) - _FIELDS - {_SENT.get(kind)}:
        return f"Additional properties are not allowed {unknown}"
    if kind == "letter" and not 3 <= len(to) <= 7:
        return "Address must be at least 3 lines"
    return "" if re.fullmatch(_RIGHT[kind], to[-1] if kind == "letter" else to) else f"Not a valid address of {kind}"


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _refused(status: int, kind: str, words: str) -> web.Response:
    return web.json_response({"status_code": status, "errors": [{"error": kind, "message": words}]}, status=status)
