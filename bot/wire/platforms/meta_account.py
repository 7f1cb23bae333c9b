"""Common parts of a Facebook Page and an Instagram account: webhook calls, a list of conversations, one way to send."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field, SecretStr

from bot.allowed import SECURE_PAGE
from bot.channel import Account, Batch, Handed, RawRequest
from bot.core.files import File
from bot.core.lengths import Longest
from bot.core.messages import Inbound, Outbound, RemoteFile
from bot.core.outlets import Limits
from bot.wire.platforms import deletion_requests, meta
from bot.wire.platforms.conversations import Conversations
from bot.wire.platforms.deletion_requests import DeletionRequest
from bot.wire.platforms.downloads import Downloads
from bot.wire.platforms.messenger import EVENT_FIELDS, PERSONS_WINDOW, RECEIPT_WINDOW, Inboxes
from bot.wire.platforms.messenger_list import MessageList, same_line
from bot.wire.platforms.platform import Api, PlatformUrl
from bot.wire.platforms.reading import read_each, with_raw


class MetaSettings(Account):
    """A long-lived `token`; `app_secret` signs the calls, `verify_token` is a word of your own.

    `deletion_page` explains what becomes of a request to delete data; without it such requests are not taken.
    """

    token: SecretStr
    app_secret: SecretStr
    verify_token: SecretStr
    deletion_page: Annotated[str, SECURE_PAGE] = ""
    url: PlatformUrl = meta.GRAPH
    poll_seconds: float = Field(default=300, ge=0.1, le=3600)


class MetaAccount:
    """One account, inbound and outbound.

    A subclass sets the subject of its webhook calls (`subject`), the parameter of its list (`platform`), the path and
    the fields of public answers (`answers_at`, `answer_fields`) and how long answers may be, and reads the changes that
    are public messages.
    """

    alone = True
    subject = ""
    platform = ""
    answers_at = ""
    answer_fields = "id,from,message"
    longest: Longest
    longest_public: Longest

    def __init__(self, name: str, settings: MetaSettings, inboxes: Inboxes) -> None:
        self.name = name
        self.path = f"/hooks/{name}"
        self.ready = asyncio.Event()
        self.limits = Limits(
            concurrency=4,
            format="text",
            reply_window=RECEIPT_WINDOW,
            person_window=PERSONS_WINDOW,
            longest=self.longest,
            longest_public=self.longest_public,
        )
        self._settings = settings
        self._inboxes = inboxes
        self._api = Api(name, settings.url, {"Authorization": f"Bearer {settings.token.get_secret_value()}"})
        self._messages = MessageList(inboxes, self._api, {"platform": self.platform})
        self._conversations = Conversations(self._messages, settings.poll_seconds)
        self._downloads = Downloads(self._api, meta.FILE_HOSTS)

    def challenge(self, raw: RawRequest) -> tuple[str, bytes]:
        """Return the answer to a call that asks whether the address is ours."""
        return meta.challenge(raw, self._settings.verify_token.get_secret_value())

    def open(self, raw: RawRequest) -> Batch:
        """Return the messages of a call for this account; one call may concern several accounts."""
        if (request := self._deletion_request(raw)) is not None:
            return Batch((request.inbound(self.name),))
        call = meta.call_of(raw, self._settings.app_secret.get_secret_value())
        return Batch(tuple(read_each(self.name, meta.pieces(call), self._read)))

    def answer(self, raw: RawRequest) -> bytes | None:
        """Return the answer to a request to delete somebody's data; None to any other call."""
        request = self._deletion_request(raw)
        return request.answer(self._settings.deletion_page) if request is not None else None

    def _deletion_request(self, raw: RawRequest) -> DeletionRequest | None:
        is_offered = bool(self._settings.deletion_page)
        return deletion_requests.read(raw, self._settings.app_secret.get_secret_value()) if is_offered else None

    def reread(self, raw: bytes) -> Iterator[Inbound]:
        """Read a call, or a part of one, that was not understood; or a message of the list of conversations."""
        content = json.loads(raw)
        if isinstance(content, dict) and "created_time" in content and "entry" not in content:
            yield from self._messages.read(content)
            return
        for piece in meta.pieces(meta.content_of(raw)):
            yield from self._read(piece)

    async def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Compare the list of conversations with the logged messages, from the cursor on, again and again."""
        await self.check()
        async for batch in self._conversations.read(cursor, self.ready, self._settings.begin):
            yield batch

    async def send(self, message: Outbound) -> Handed:
        """Send a private message, or post a public answer under the message that it answers."""
        if message.public:
            content = {"message": message.content.decode()}
            answer = await meta.post(self._api, f"/{message.in_reply_to}/{self.answers_at}", content)
            return Handed(str(answer["id"]))
        answer = await meta.post(self._api, f"/{self._inboxes.own}/messages", self._inboxes.outgoing(message))
        return Handed(str(answer["message_id"]))

    async def look_up(self, message: Outbound) -> Handed | None:
        """Return what the platform has of a message that may have left: Meta knows no repeat by its key."""
        if not message.public:
            return await self._messages.look_up(message)
        path, query = f"/{message.in_reply_to}/{self.answers_at}", {"fields": self.answer_fields, "limit": "50"}
        answer = await self._api.ask("GET", path, params=query)
        if answer.status >= 400:
            raise meta.refusal(self._api, answer)
        text = same_line(message.content.decode())
        answers = answer.content.get("data", ()) if isinstance(answer.content, dict) else ()
        own = (a for a in answers if text in map(same_line, (a.get("message"), a.get("text"))))
        return next((Handed(str(a["id"])) for a in own if self.is_ours(a)), None)

    async def fetch(self, file: RemoteFile, most_bytes: int) -> File:
        """Return a file that the platform keeps; its address is signed and needs no token."""
        return File(file.name or file.kind, await self._downloads.fetch(file.locator, most_bytes))

    async def check(self) -> str:
        """Request the account; return one sentence about it. Raises Temporary, Permanent or Misconfigured."""
        answer = await self._api.ask("GET", f"/{self._inboxes.own}", params={"fields": "name,username"})
        if answer.status >= 400:
            raise meta.refusal(self._api, answer)
        return f"{answer.content.get('name') or answer.content.get('username', '')} answers"

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    def read_change(self, field: str, value: Mapping[str, Any]) -> Iterator[Inbound]:
        """Yield the message in a public change, nothing for one that is rightly ignored; raises NotUnderstood."""
        raise NotImplementedError  # each platform has changes of its own, so a subclass says what they are

    def is_ours(self, answer: Mapping[str, Any]) -> bool:
        """Tell whether the account itself wrote a public answer."""
        return str(meta.part(answer, "from").get("id", "")) == self._inboxes.own

    def _read(self, piece: Mapping[str, Any]) -> Iterator[Inbound]:
        """Yield what a call with one event or one change brings; one for another account of the app is not for us."""
        number, kind, item = meta.only_part(piece, self.subject)
        if number != self._inboxes.own:
            return
        yield from with_raw(self._read_item(kind, item), piece)

    def _read_item(self, kind: str, item: Mapping[str, Any]) -> Iterator[Inbound]:
        if kind != "changes":
            return self._inboxes.read_event(item)
        field, value = meta.change_of(item)
        return self._inboxes.read_event(value) if field in EVENT_FIELDS else self.read_change(field, value)
