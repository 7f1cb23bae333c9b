"""What a message changes in what was there before: a typed change each, which `receive` applies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from bot.core.deliveries import Delivery, NewDelivery
from bot.flows.changes.needs import Wished
from bot.flows.changes.staff_answers import StaffAnswer


@dataclass(frozen=True, slots=True)
class FollowUp:
    """The person wrote again, and what of that changes their contact.

    `urgent` holds the columns of what cannot wait. `reopens_at`: it was answered or closed, and opens with that;
    `resumes_at`: it waited for them, and runs on. `is_told`: they are told that what they wrote was added; that, and
    the call to staff, are its `deliveries`.
    """

    contact_id: int
    reference: str
    urgent: Mapping[str, Any] = field(default_factory=dict)
    reopens_at: datetime | None = None
    resumes_at: datetime | None = None
    is_told: bool = False
    deliveries: tuple[NewDelivery, ...] = ()


@dataclass(frozen=True, slots=True)
class CameBack:
    """A delivery of ours came back: it is tried again at `again_at`, or (None) it has failed for good."""

    delivery: Delivery
    error: str
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What a provider says on `channel` of a message of ours that it calls `name`, and that we handed over as `key`.

    `failure` says why it did not arrive, "" if it did; `may_pass`: it may arrive if it is sent once more.
    """

    channel: str
    name: str
    key: str = ""
    failure: str = ""
    may_pass: bool = False


@dataclass(frozen=True, slots=True)
class NotReached:
    """The receipt of this contact came back: it, and what it stood for, is acknowledged no more."""

    contact_id: int


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Nothing automatic goes to this address before `until`; `cause` says why in one word, for the figures."""

    address: str
    reason: str
    until: datetime
    cause: Literal["came back", "complaint", "stop word"]


@dataclass(frozen=True, slots=True)
class Allowed:
    """Automatic messages may go to this address again: its owner says so."""

    address: str


@dataclass(frozen=True, slots=True)
class Muted:
    """A program answers for the person: nothing automatic is sent any more in this contact."""

    contact_id: int


@dataclass(frozen=True, slots=True)
class ReceiptShared:
    """New contacts have the receipt of this one, too, if it has left."""

    contact_id: int


@dataclass(frozen=True, slots=True)
class WordsRemoved:
    """Its writer took a message back: its words and those of its edits are removed."""

    contact_id: int
    message_id: str


@dataclass(frozen=True, slots=True)
class Called:
    """A new contact cannot wait; `is_one_danger`: it names no other than the one that is noted."""

    contact_id: int
    is_one_danger: bool


@dataclass(frozen=True, slots=True)
class ReceiptsStopped:
    """Too many receipts in a minute: none leaves until somebody has looked."""


@dataclass(frozen=True, slots=True)
class ReceiptsKeptBack:
    """Some who would have had their receipt have it when staff say so; `team` hears of all of them at once."""

    team: str | None


OfContact = FollowUp | StaffAnswer | CameBack | News | NotReached | Muted | ReceiptShared | WordsRemoved
Change = OfContact | Suppressed | Allowed | ReceiptsStopped | ReceiptsKeptBack | Wished
