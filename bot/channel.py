"""The contract of every channel: a way in, a provider's call, a way out, and the errors they speak."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.core.messages import Inbound, Outbound

# What stands before the name of an outlet where somebody is told by it, in place of an e-mail address.
CHANNEL = "channel:"


class ChannelError(Exception):
    """Something went wrong at the border with a provider. The text is for staff: no personal data, no secret."""


class Temporary(ChannelError):
    """It may work later without anybody acting: a dropped line, a busy server."""


class Permanent(ChannelError):
    """It will never work for this message: the address does not exist, the content is refused."""


class Misconfigured(ChannelError):
    """It works again only when staff act: a wrong password, a missing permission."""


class Forged(ChannelError):
    """The caller is not who it says it is."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What came, and the cursor to go on from once it is committed (None: the channel keeps no cursor).

    `again`: all of it should be logged already; what is not was missed, and is said to be.
    """

    messages: tuple[Inbound, ...]
    cursor: str | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Handed:
    """What the provider said when it took a message over; `external_id` is its own name for it, or ""."""

    external_id: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an outlet can carry; `concurrency` is how many sends may run at the same time.

    `reply_window` is for how long after a person's last message the platform takes an automatic answer, and
    `person_window` for how long one that a person typed, where that is longer; None: for ever. `format` says whether it
    carries finished mails, short plain texts, the words of mails, which it forms itself, or events for programs.
    """

    concurrency: int = 1
    max_bytes: int = 20_480
    reply_window: timedelta | None = None
    person_window: timedelta | None = None
    format: Literal["mail", "text", "words", "event"] = "mail"


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A provider's call or a posted form, before anything in it is believed.

    The names of `headers` are in lower case; `query` holds what stands behind the question mark of the address.
    """

    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"
    query: Mapping[str, str] = field(default_factory=dict)


class Channel(Protocol):
    """What `build` of a kind returns. What it can do besides is asked by `isinstance` and the protocols below."""

    name: str


@runtime_checkable
class Inbox(Protocol):
    """We go and look, or hold a line open. `ready` is set whenever it listens: from then on nothing is missed.

    The code after a `yield batch` runs only once that batch is committed. If it cannot be committed,
    `Temporary` is raised at the `yield`: an inbox that holds its callers on the line tells them so and
    goes on; any other lets it pass and is asked again later, from the last committed cursor.
    """

    name: str
    ready: asyncio.Event

    def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Yield what comes, for ever; None as cursor means that nothing was ever read."""
        ...


@runtime_checkable
class SingleReader(Protocol):
    """An inbox that has a cursor, and that one process at a time should read as long as `alone` is true."""

    alone: bool


def is_read_alone(inbox: Inbox) -> bool:
    """Whether one process at a time should read it."""
    return isinstance(inbox, SingleReader) and inbox.alone


@runtime_checkable
class Server(Protocol):
    """An inbox that others connect to; `port` is the one that it listens on."""

    port: int


@runtime_checkable
class SeveralFolders(Protocol):
    """An inbox beside which there are others of the same account, such as the folder of sent mail."""

    also: Sequence["Folder"]


@runtime_checkable
class Hook(Protocol):
    """The provider calls us. `open` verifies and parses, without I/O, or raises `Forged` or `Permanent`."""

    name: str
    path: str

    def open(self, raw: RawRequest) -> Batch:
        """What the call brings; raises `Forged` or `Permanent`."""
        ...


@runtime_checkable
class Challenged(Hook, Protocol):
    """A hook whose provider first asks, by GET, for proof that the address is ours."""

    def challenge(self, raw: RawRequest) -> tuple[str, bytes]:
        """The content type and the body of the answer; raises `Forged` or `Permanent`."""
        ...


@runtime_checkable
class Closable(Protocol):
    """A channel that holds connections."""

    async def close(self) -> None:
        """Let go of every connection."""
        ...


@runtime_checkable
class Outlet(Protocol):
    """A way out."""

    name: str
    limits: Limits

    async def send(self, message: Outbound) -> Handed:
        """Hand one message over; raises `Temporary`, `Permanent` or `Misconfigured`."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...


@runtime_checkable
class Sender(Protocol):
    """An outlet, or its settings, that channels and teams may name in `replies_by`; a From address with its name."""

    sender: str


class Refusal(Protocol):
    """Why nothing was recorded: (field, what to do about it)."""

    @property
    def faults(self) -> tuple[tuple[str, str], ...]:
        """At least one, each field at most once, in the order of the page."""
        ...


@runtime_checkable
class Form(Protocol):
    """Turns what was typed into a form into a message; no I/O."""

    name: str

    def read(self, fields: Mapping[str, str]) -> Inbound | Refusal:
        """The message that the fields make."""
        ...


@runtime_checkable
class Desk(Protocol):
    """Turns what was taken down into a message; no I/O."""

    name: str

    @property
    def sends_texts(self) -> bool:
        """Whether people can be sent text messages."""
        ...

    def record(self, fields: Mapping[str, str], key: str, received_at: datetime | None) -> Inbound | Refusal:
        """The message that the fields make; the same `key` is the same contact."""
        ...


@runtime_checkable
class Checkable(Protocol):
    """A channel that can try its account without sending or changing anything."""

    async def check(self) -> str:
        """One sentence about it; raises Temporary, Permanent or Misconfigured."""
        ...


@runtime_checkable
class Folder(Inbox, Checkable, Protocol):
    """An inbox that can be tried by itself."""


@dataclass(frozen=True, slots=True)
class Glance:
    """The result of a first look without logging: how many messages there are, how many it would log, the newest."""

    count: int
    to_log: int
    newest: tuple[Inbound, ...]


@runtime_checkable
class Glancing(Protocol):
    """An inbox that can say what a first look would find."""

    async def glance(self) -> Glance:
        """See it without logging anything; raises Temporary or Misconfigured."""
        ...


# Whose Authentication-Results are believed (RFC 8601 section 2.5); "" for nobody's.
AuthservId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,255}$")]
Name = Annotated[str, Field(pattern=r"^([a-z][a-z0-9_-]{0,39})?$")]


class ChannelSettings(BaseModel):
    """What every `[[channel]]` table may hold; each kind adds its own keys. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    kind: str


class WayIn(ChannelSettings):
    """Settings shared by the kinds that bring contacts in.

    `service`, `contact_kind` and `area` say what every contact there is about, so that its standard is found. `media`
    is how it came, as standards and rules of routing name it, whichever mailbox or page it was.
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
    address: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    authserv_id: AuthservId = ""
    subaddresses: bool = True


@runtime_checkable
class TextsByOutlet(Protocol):
    """Settings of a way in where people may prefer a text message, and the outlet that sends it (None: none does)."""

    texts_by: str | None


@runtime_checkable
class TextOutlet(Protocol):
    """Settings of an outlet that sends text messages, where the provider's template for them is not ""."""

    sms_template: str


@runtime_checkable
class Follower(Protocol):
    """Settings of an outlet that is told what happens to contacts: the kinds of events, "*" for all."""

    follows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Does everything that people write reach us? `green`: yes; `amber`: all but what `findings` name; `red`: no."""

    level: Literal["green", "amber", "red"]
    findings: tuple[str, ...] = ()


@runtime_checkable
class Covered(Protocol):
    """A channel that knows what keeps messages from it."""

    name: str

    async def coverage(self) -> Coverage:
        """How much of what people write reaches us; raises Temporary or Misconfigured."""
        ...


class Account(WayIn):
    """Settings shared by the accounts on platforms: each brings contacts in, and answers through itself.

    `acknowledge` says where a receipt may go: to private messages, to public ones, to both, or to none. `begin` says
    where a first look begins: now, or with all that is there.
    """

    acknowledge: Literal["private", "public", "both", "none"] = "private"
    begin: Literal["now", "all"] = "now"

    @model_validator(mode="before")
    @classmethod
    def _answers_by_itself(cls, table: Any) -> Any:
        return {"replies_by": table.get("name"), **table} if isinstance(table, dict) else table
