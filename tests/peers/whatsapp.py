"""The WhatsApp Cloud API, as developers.facebook.com/docs/whatsapp/cloud-api describes it.

Rules: `recipient_type` and `messaging_product` are asked for; a text has at most 4,096 characters; outside 24 hours
after the person's last message only templates go (131047, "Error codes"); one message comes in one call. Every call has
the business-scoped user ID of its person, and of one with a username no number ("Business-scoped user IDs"). Files have
an id, whose address is asked for as the account ("Media").
"""

from typing import Any

from aiohttp import web

from tests.peers.meta import MetaPeer, Values, refusal, seconds

NUMBER, BUSINESS = "106540352242922", "419561257915477"
WINDOW_SECONDS = 24 * 3600


class WhatsAppPeer(MetaPeer):
    """One business number; people are called by any name, and have a number each."""

    kind = "whatsapp"
    has_public = False
    has_list = False

    def __init__(self) -> None:
        super().__init__()
        self.scopes = ["whatsapp_business_messaging", "whatsapp_business_management"]
        self.sent: list[Values] = []
        self.last_from: dict[str, int] = {}
        self.files: dict[str, bytes] = {}
        self._people: dict[str, str] = {}
        self._hidden: set[str] = set()
        self._count = 0

    def table(self) -> str:
        """With the number."""
        return super().table() + f'phone_number_id = "{NUMBER}"\n'

    def number_of(self, person: str) -> str:
        """The telephone number of a person."""
        return self._people.setdefault(person, f"4477009{len(self._people):05d}")

    def user_id_of(self, person: str) -> str:
        """The business-scoped user ID of a person, which every call has."""
        return f"GB.{self.number_of(person)[::-1]}"

    def hide_number(self, person: str) -> None:
        """They take a username; from now on nobody is shown their number."""
        self._hidden.add(person)

    def write(self, person: str, words: str, *, public: bool = False) -> str:
        """A text message."""
        return self.bring(person, {"type": "text", "text": {"body": words}})

    def bring(self, person: str, message: Values, **more: Any) -> str:
        """Any message."""
        call = self.letter(person, message, **more)
        self.push(call)
        name: str = call["entry"][0]["changes"][0]["value"]["messages"][0]["id"]
        return name

    def letter(self, person: str, message: Values, **more: Any) -> Values:
        """The call with a message of a person."""
        self._count += 1
        number, name = self.number_of(person), f"wamid.HBgM{self._count:08d}"
        self.last_from[number] = self.last_from[self.user_id_of(person)] = seconds()
        whole = {"from": number, "id": name, "timestamp": str(seconds()), **message}
        whole["from_user_id"] = self.user_id_of(person)
        if person in self._hidden:
            del whole["from"]
        return self.call(whole, number, person, **more)

    def status(self, name: str, status: str, **more: Any) -> Values:
        """The call that says what became of a message of the business."""
        entry = {"id": name, "status": status, "timestamp": str(seconds()), "recipient_user_id": "GB.1", **more}
        metadata = {"display_phone_number": "441632960001", "phone_number_id": NUMBER}
        value = {"messaging_product": "whatsapp", "metadata": metadata, "statuses": [entry]}
        return self._envelope("messages", value)

    def call(self, message: Values, number: str, person: str, phone_number_id: str = NUMBER) -> Values:
        """The envelope around one message."""
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "441632960001", "phone_number_id": phone_number_id},
            "contacts": [self._contact(person, number)],
            "messages": [message],
        }
        return self._envelope("messages", value)

    def _contact(self, person: str, number: str) -> Values:
        profile = {"name": person.title()}
        if person in self._hidden:
            return {"profile": profile | {"username": f"{person}.w"}, "user_id": self.user_id_of(person)}
        return {"profile": profile, "wa_id": number, "user_id": self.user_id_of(person)}

    def staff_answer(self, person: str, words: str) -> None:
        """With the WhatsApp Business app beside the API (coexistence): it comes back as an echo."""
        self._count += 1
        echo = {
            "from": "441632960001",
            "to": self.number_of(person),
            "id": f"wamid.ECHO{self._count:08d}",
            "timestamp": str(seconds()),
            "type": "text",
            "text": {"body": words},
        }
        metadata = {"display_phone_number": "441632960001", "phone_number_id": NUMBER}
        value = {"messaging_product": "whatsapp", "metadata": metadata, "message_echoes": [echo]}
        self.push(self._envelope("smb_message_echoes", value))

    def answers_to(self, person: str) -> list[str]:
        """What the API has taken for this person."""
        names = (self.number_of(person), self.user_id_of(person))
        return [m["text"]["body"] for m in self.sent if (m.get("to") or m.get("recipient")) in names]

    def routes(self) -> list[web.RouteDef]:
        """What the service asks for."""
        return [
            web.post(f"/{NUMBER}/messages", self._take),
            web.get(f"/{NUMBER}", self._number),
            web.get("/debug_token", self.debug_token),
            web.get("/media/{file}", self._file),
            web.get("/{file}", self._media),
        ]

    def _envelope(self, field: str, value: Values) -> Values:
        entry = {"id": BUSINESS, "changes": [{"value": value, "field": field}]}
        return {"object": "whatsapp_business_account", "entry": [entry]}

    async def _number(self, request: web.Request) -> web.Response:
        if error := self.refused(request):
            return error
        return web.json_response({"display_phone_number": "+44 1632 960001", "verified_name": "Council", "id": NUMBER})

    async def _media(self, request: web.Request) -> web.Response:
        """Where a file lies, for some minutes."""
        if error := self.refused(request):
            return error
        name = request.match_info["file"]
        if name not in self.files:
            return refusal(400, 100, "Unsupported get request. Object does not exist", 33)
        return web.json_response({"url": f"{self.base}/media/{name}", "id": name, "messaging_product": "whatsapp"})

    async def _file(self, request: web.Request) -> web.Response:
        return self.refused(request) or web.Response(body=self.files[request.match_info["file"]])

    async def _take(self, request: web.Request) -> web.Response:
        if error := self.refused(request):
            return error
        sent = await request.json()
        if sent.get("messaging_product") != "whatsapp" or sent.get("recipient_type") != "individual":
            return refusal(400, 100, "(#100) Invalid parameter")
        if not 0 < len(sent["text"]["body"]) <= 4096:
            return refusal(400, 100, "(#100) Param text['body'] must be at most 4096 characters long.")
        # A number goes to `to`, a user ID to `recipient` ("Business-scoped user IDs").
        person = sent.get("to") or sent.get("recipient", "")
        if not person or person.isdigit() != ("to" in sent):
            return refusal(400, 100, "(#100) Invalid parameter")
        if seconds() - self.last_from.get(person, 0) >= WINDOW_SECONDS:
            return refusal(400, 131047, "Re-engagement message")
        self.sent.append(sent)
        contact = {"input": person, "wa_id" if person.isdigit() else "user_id": person}
        name = {"id": f"wamid.SENT{len(self.sent):08d}"}
        return web.json_response({"messaging_product": "whatsapp", "contacts": [contact], "messages": [name]})
