"""The contract of every channel: ways in, webhooks, ways out, and their errors."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal, Protocol, Self, runtime_checkable

from pydantic import BaseModel, ConfigDict, model_validator

from bot.allowed import ADDRESS, NAME, WORD, Form
from bot.core.files import File
from bot.core.messages import NO_LOSSES, Inbound, Losses, Outbound, RemoteFile
from bot.core.outlets import Limits

CHANNEL = "channel:"  # begins the name of an outlet that stands in place of an e-mail address


class ChannelError(Exception):
    """A failure at the border to a provider. The text is for staff: no personal data, no secret."""


class Temporary(ChannelError):
    """An error that may pass without anybody acting: a broken connection, a busy server."""


class Permanent(ChannelError):
    """An error that will never pass for this message: the address does not exist, the content is refused."""


class Misconfigured(ChannelError):
    """An error that passes only after staff act: a wrong password, a missing permission."""


class Forged(ChannelError):
    """An error for a caller that cannot prove who it is."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages that came in, and the cursor to continue from once they are committed (None: no cursor is kept).

    `again`: all should be logged already; one that is not was missed, and is reported. `position_only`: nothing was
    looked for yet, so it is no sign that the channel can be read. `up_to_date`: now all is read. `losses`: for staff.
    """

    messages: tuple[Inbound, ...]
    cursor: str | None = None
    again: bool = False
    position_only: bool = False
    losses: Losses = NO_LOSSES
    up_to_date: bool = False


@dataclass(frozen=True, slots=True)
class Handed:
    """A provider's confirmation that it took a message over; `external_id` is its own name for it, or ""."""

    external_id: str = ""


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A provider's call or a posted form, not yet verified; the names of `headers` are in lower case."""

    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"
    query: Mapping[str, str] = field(default_factory=dict)


class Channel(Protocol):
    """The result of a kind's `build`. Further abilities are tested by `isinstance` with the protocols below."""

    name: str


@runtime_checkable
class Inbox(Protocol):
    """A channel that fetches messages or listens. `ready` is set while it listens: nothing is missed from then on.

    The code after a `yield batch` runs only once that batch is committed. If it cannot be, `Temporary` is raised at the
    `yield`: an inbox whose clients wait tells them so and continues; any other is started again from its last cursor.
    """

    name: str
    ready: asyncio.Event

    def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Yield messages as they come, for ever; None as cursor means that nothing was ever read."""
        ...


@runtime_checkable
class SingleReader(Protocol):
    """An inbox that has a cursor, and that one process at a time should read as long as `alone` is true."""

    alone: bool


def is_read_alone(inbox: Inbox) -> bool:
    """Tell whether one process at a time should read it."""
    return isinstance(inbox, SingleReader) and inbox.alone


@runtime_checkable
class Server(Protocol):
    """An inbox that others connect to; `port` is the one that it listens on."""

    port: int


@runtime_checkable
class SeveralFolders(Protocol):
    """An inbox with further inboxes of the same account, such as the folder of sent mail."""

    also: Sequence["Folder"]


@runtime_checkable
class Hook(Protocol):
    """A channel that the provider calls. `open` verifies, then parses, without I/O.

    It raises `Forged` for who is not proven, and `Permanent` only for a proven call that cannot be read at all: that is
    kept as it came, for a person.
    """

    name: str
    path: str

    def open(self, raw: RawRequest) -> Batch:
        """Return the messages of a call; raises `Forged` or `Permanent`."""
        ...


@runtime_checkable
class Challenged(Hook, Protocol):
    """A hook whose provider first asks, by GET, for proof that the address is ours."""

    def challenge(self, raw: RawRequest) -> tuple[str, bytes]:
        """Return the content type and the body of the answer; raises `Forged` or `Permanent`."""
        ...


@runtime_checkable
class Rereader(Protocol):
    """An account that reads anew, after an upgrade, what it could not read: no I/O.

    `raw` is what `reading.read_each` kept: the piece as JSON, or the whole body of a call that could not be read.
    """

    name: str

    def reread(self, raw: bytes) -> Iterable[Inbound]:
        """Return the messages in it, none where it is rightly ignored; raises where it is still not understood."""
        ...


@runtime_checkable
class FileKeeper(Protocol):
    """An account whose platform keeps the files of messages (`RemoteFile`) until we fetch them."""

    name: str

    async def fetch(self, file: RemoteFile, most_bytes: int) -> File:
        """Return a file; raises `Temporary`, `Misconfigured`, or `Permanent` where it is gone or larger."""
        ...


@runtime_checkable
class Closable(Protocol):
    """A channel that holds connections."""

    async def close(self) -> None:
        """Close every connection."""
        ...


@runtime_checkable
class Outlet(Protocol):
    """A channel that sends."""

    name: str
    limits: Limits

    async def send(self, message: Outbound) -> Handed:
        """Hand one message over; raises `Temporary`, `Permanent` or `Misconfigured`."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


@runtime_checkable
class Searchable(Protocol):
    """An outlet whose provider knows no repeat by its key, and can be asked what it has taken."""

    name: str

    async def look_up(self, message: Outbound) -> Handed | None:
        """Return what the provider has of a message that may have left since `message.at`; None where it has nothing.

        Asked before another attempt. Raises `Temporary` or `Misconfigured` where it cannot be known: nothing is sent.
        """
        ...


@runtime_checkable
class Sender(Protocol):
    """An outlet, or its settings, that channels and teams may name in `replies_by`; a From address with its name."""

    sender: str


@runtime_checkable
class Checkable(Protocol):
    """A channel that can test its account without sending or changing anything."""

    async def check(self) -> str:
        """Return one sentence about it; raises Temporary, Permanent or Misconfigured."""
        ...


@runtime_checkable
class Folder(Inbox, Checkable, Protocol):
    """An inbox that can be tested by itself. It holds staff's answers to the inbox named `answers_to`, or none ("")."""

    answers_to: str


@dataclass(frozen=True, slots=True)
class Glance:
    """The result of a first look without logging: how many messages there are, how many it would log, the newest."""

    count: int
    to_log: int
    newest: tuple[Inbound, ...]


@runtime_checkable
class Glancing(Protocol):
    """An inbox that can report what a first look would find."""

    async def glance(self) -> Glance:
        """Return it without logging anything; raises Temporary or Misconfigured."""
        ...


# The server whose Authentication-Results are trusted (RFC 8601 section 2.5); "" for none.
AuthservId = Annotated[str, Form(r"[A-Za-z0-9._-]{0,255}", "the name of a mail server, such as mx.example.gov.uk")]
Name = Annotated[str, WORD]


class ChannelSettings(BaseModel):
    """The keys that every `[[channel]]` table may have; each kind adds its own. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    name: Annotated[str, NAME]
    kind: str

    def called_at(self, public_url: str) -> Self:
        """Return the settings of a kind that tells its provider at which address the service can be called."""
        return self


class WayIn(ChannelSettings):
    """Settings shared by the kinds that bring contacts in.

    `service`, `contact_kind` and `area` apply to every contact of the channel, so that its standard is found. `media`
    is how a contact came, as standards and rules of routing name it, whichever mailbox or page it was.
    """

    media: ClassVar[tuple[str, ...]] = ()
    replies_by: str | None = None
    team: str | None = None
    service: Name = ""
    contact_kind: Name = ""
    area: Name = ""


class MailWayIn(WayIn):
    """Settings shared by the kinds that bring mail in.

    `address` is the mailbox's public address. `subaddresses`: mail to `local+tag@` of it arrives here, too.
    """

    media = ("email",)
    address: Annotated[str, ADDRESS]
    authserv_id: AuthservId = ""
    subaddresses: bool = True


@runtime_checkable
class TextsByOutlet(Protocol):
    """Settings of a way in where people may prefer a text message, with the outlet that sends it (None: none does)."""

    texts_by: str | None


@runtime_checkable
class TextOutlet(Protocol):
    """Settings of an outlet that sends text messages, if the provider's template for them is not ""."""

    sms_template: str


@runtime_checkable
class Follower(Protocol):
    """Settings of an outlet that receives the events of contacts: the kinds of events, "*" for all."""

    follows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The share of people's messages that reach us: `green` all, `amber` all but those in `findings`, `red` not."""

    level: Literal["green", "amber", "red"]
    findings: tuple[str, ...] = ()


@runtime_checkable
class Covered(Protocol):
    """A channel that knows which messages do not reach it."""

    name: str

    async def coverage(self) -> Coverage:
        """Return how many of the messages reach us; raises Temporary or Misconfigured."""
        ...


class Account(WayIn):
    """Settings shared by the accounts on platforms: each brings contacts in, and answers through itself.

    `acknowledge` is where a receipt may go: to private messages, to public ones, to both, or to none. `begin` is where
    a first look begins: now, or with all existing messages.
    """

    acknowledge: Literal["private", "public", "both", "none"] = "private"
    begin: Literal["now", "all"] = "now"

    @model_validator(mode="before")
    @classmethod
    def _answers_by_itself(cls, table: Any) -> Any:
        return {"replies_by": table.get("name"), **table} if isinstance(table, dict) else table
