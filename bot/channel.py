"""The contract of every channel: a way in, a provider's call, a way out, and the errors they speak."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any, Literal, Protocol, runtime_checkable

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from bot.core.messages import Inbound, Outbound


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


@runtime_checkable
class Inbox(Protocol):
    """We go and look, or hold a line open. `ready` is set whenever it listens: from then on nothing is missed.

    The code after a `yield batch` runs only once that batch is committed. If it cannot be committed,
    `Temporary` is raised at the `yield`: an inbox that holds its callers on the line tells them so and
    goes on; any other lets it pass and is asked again later, from the last committed cursor.

    One with `alone = True` is an account that one process at a time should read, and has a cursor.
    """

    name: str
    ready: asyncio.Event

    def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Yield what comes, for ever; None as cursor means that nothing was ever read."""
        ...


@runtime_checkable
class Hook(Protocol):
    """The provider calls us. `open` verifies and parses, without I/O, or raises `Forged` or `Permanent`.

    Providers that first want proof that the address is ours ask by GET; a hook with `challenge(raw)` answers them.
    """

    name: str
    path: str

    def open(self, raw: RawRequest) -> Batch:
        """What the call brings; raises `Forged` or `Permanent`."""
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

    `service`, `contact_kind` and `area` say what every contact there is about, so that its standard is found.
    """

    replies_by: str | None = None
    team: str | None = None
    service: Name = ""
    contact_kind: Name = ""
    area: Name = ""


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


LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def _plain_only_at_home(value: str, info: ValidationInfo) -> str:
    if value == "none" and info.data.get("host") not in LOOPBACK:
        home = ", ".join(sorted(LOOPBACK))
        raise ValueError(f"none is only allowed where host is this machine ({home}); use implicit or starttls")
    return value


# How a line is kept private; `host` must be declared before it. Plain text never leaves this machine.
Tls = Annotated[Literal["implicit", "starttls", "none"], AfterValidator(_plain_only_at_home)]
