"""A WhatsApp Business number (Cloud API): webhook calls bring its messages, and answers are accepted for 24 hours.

Source: developers.facebook.com/docs/whatsapp/cloud-api. There is no list of messages to read: a message whose call is
lost is never seen.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from pydantic import SecretStr

from bot.allowed import NUMBER
from bot.channel import Account, Batch, Coverage, Handed, RawRequest
from bot.core.files import File
from bot.core.lengths import Longest
from bot.core.messages import Inbound, Outbound, RemoteFile
from bot.core.outlets import Limits
from bot.wire.platforms import meta, whatsapp_calls
from bot.wire.platforms.downloads import Downloads
from bot.wire.platforms.platform import Api, PlatformUrl
from bot.wire.platforms.reading import read_each

PREFIX = "whatsapp:"
WINDOW = timedelta(hours=24)
LONGEST = Longest(4096)
_NEEDED = frozenset({"whatsapp_business_messaging"})
_BLIND = ("WhatsApp has no list of messages to compare with: a call that never arrives is not seen",)


class Settings(Account):
    """`phone_number_id` and a system user's `token`; `app_secret` signs the calls, `verify_token` is your own word."""

    media = ("whatsapp",)
    phone_number_id: Annotated[str, NUMBER]
    token: SecretStr
    app_secret: SecretStr
    verify_token: SecretStr
    url: PlatformUrl = meta.GRAPH


class WhatsApp:
    """One number, inbound and outbound."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.path = f"/hooks/{name}"
        self.limits = Limits(concurrency=4, format="text", reply_window=WINDOW, longest=LONGEST)
        self._settings = settings
        headers = {"Authorization": f"Bearer {settings.token.get_secret_value()}"}
        self._api = Api(name, settings.url, headers)
        self._downloads = Downloads(self._api, meta.FILE_HOSTS)
        self._calls = whatsapp_calls.Calls(name, PREFIX, settings.phone_number_id)

    def challenge(self, raw: RawRequest) -> tuple[str, bytes]:
        """Return the answer to a call that asks whether the address is ours."""
        return meta.challenge(raw, self._settings.verify_token.get_secret_value())

    def open(self, raw: RawRequest) -> Batch:
        """Return the messages of a call for this number; one call may concern several numbers."""
        call = meta.call_of(raw, self._settings.app_secret.get_secret_value())
        return Batch(tuple(read_each(self.name, whatsapp_calls.pieces(call), self._calls.read)))

    def reread(self, raw: bytes) -> Iterator[Inbound]:
        """Read a call, or a part of one, that was not understood."""
        for piece in whatsapp_calls.pieces(meta.content_of(raw)):
            yield from self._calls.read(piece)

    async def send(self, message: Outbound) -> Handed:
        """Send one text as an answer to the message that it answers."""
        person = message.recipient.removeprefix(PREFIX)
        content = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            # A telephone number, or, of somebody who shows none, the business-scoped user ID.
            "to" if person.isdigit() else "recipient": person,
            "context": {"message_id": message.in_reply_to},
            "type": "text",
            "text": {"body": message.content.decode(), "preview_url": False},
            "biz_opaque_callback_data": message.idempotency_key,
        }
        answer = await meta.post(self._api, f"/{self._settings.phone_number_id}/messages", content)
        return Handed(str(answer["messages"][0]["id"]))

    async def fetch(self, file: RemoteFile, most_bytes: int) -> File:
        """Return a file that WhatsApp keeps for seven days ("Retrieve media"); its address holds for minutes."""
        answer = await self._api.ask("GET", f"/{quote(file.locator, safe='')}")
        if answer.status >= 400 or not isinstance(answer.content, dict):
            raise meta.refusal(self._api, answer)
        content = await self._downloads.fetch(str(answer.content.get("url", "")), most_bytes, self._api.headers)
        return File(file.name or file.kind, content)

    async def check(self) -> str:
        """Request the number; return one sentence about it. Raises Temporary, Permanent or Misconfigured."""
        query = {"fields": "display_phone_number,verified_name"}
        answer = await self._api.ask("GET", f"/{self._settings.phone_number_id}", params=query)
        if answer.status >= 400:
            raise meta.refusal(self._api, answer)
        return f"the number {answer.content.get('display_phone_number', '')} answers"

    async def coverage(self) -> Coverage:
        """Check that the token is valid, and for how long; add what WhatsApp never shows."""
        return await meta.token_coverage(self._api, self._settings.token.get_secret_value(), _NEEDED, _BLIND)

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()


def build(name: str, settings: Settings) -> WhatsApp:
    """Return the number that `settings` describe."""
    return WhatsApp(name, settings)
