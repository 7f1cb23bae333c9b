"""What programs send and get. The description of the API is generated from these models."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from bot.flows.changes.refusals import MOST_CHARACTERS
from bot.flows.desk.message_view import Departure

REFERENCE = r"^[A-Za-z]{2,4}[- .]?[0-9A-Za-z]{4}[- .]?[0-9A-Za-z]{4}$"
MOST_AT_ONCE = 200
_CURSOR = r"^[0-9]{1,15}$"
# The storage of everything needs text without NUL and without halves of characters.
_TEXT = r"^[^\x00]*$"
# What the verbs themselves refuse, so that they say the same to everybody; here it is described.
_SHORT: dict[str, JsonValue] = {"maxLength": MOST_CHARACTERS}
_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d[Tt]")


def _as_it_is_described(value: Any) -> Any:
    # Left to itself the library takes seconds since 1970, too, as a number and as its digits.
    if isinstance(value, str) and _WRITTEN.match(value):
        return value
    raise ValueError("must be a time with its offset, as in 2026-11-24T09:15:00+00:00")


Instant = Annotated[AwareDatetime, BeforeValidator(_as_it_is_described)]


class Sent(BaseModel):
    """What a program sends: unknown fields are refused, so that a slip is seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Sender(Sent):
    """The person. Without an address and a number staff must find another way to tell them that we have it."""

    name: str = Field(default="", max_length=200, pattern=_TEXT)
    email: str = Field(default="", max_length=254, pattern=_TEXT, examples=["sam@residents.example"])
    phone: str = Field(default="", max_length=40, pattern=_TEXT, examples=["01632 960 001"])


class NewContact(Sent):
    """A contact that came by phone, letter or visit, or into another system."""

    channel: str = Field(default="desk", pattern=r"^[a-z][a-z0-9-]{0,39}$", description="A channel of kind desk.")
    sender: Sender = Sender()
    subject: str = Field(default="", max_length=200, pattern=_TEXT)
    text: str = Field(min_length=1, max_length=50_000, pattern=_TEXT, description="What they said, in their words.")
    service: str = Field(default="", pattern=_TEXT, description="What it is about; one of your services.")
    postcode: str = Field(default="", max_length=10, pattern=_TEXT)
    how: Literal["phone", "letter", "face_to_face", "voicemail"] = "phone"
    prefers: Literal["", "email", "text", "told", "letter", "phone"] = Field(
        default="",
        description="How they hear that we have it. `told`: they were told the reference and the date at once.",
    )
    received_at: Instant | None = Field(default=None, description="When it came; now, where it is left out.")


class Respond(Sent):
    """The person has had a full answer."""

    at: Instant | None = Field(default=None, description="When; now, where it is left out.")
    note: str = Field(
        default="", pattern=_TEXT, json_schema_extra=_SHORT, description="For the history; no personal data."
    )


class Note(Sent):
    """A word for the history."""

    note: str = Field(default="", pattern=_TEXT, json_schema_extra=_SHORT)


class Assign(Sent):
    """Who has it from now on: a team, a person, or both."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["team"]}, {"required": ["owner"]}]})

    team: str = Field(default="", pattern=_TEXT)
    owner: str = Field(
        default="",
        pattern=_TEXT,
        description="The e-mail address of somebody of staff, or of a team or a deputy that is configured.",
    )


class Close(Sent):
    """Nothing more is to be done."""

    reason: str = Field(
        default="",
        pattern=_TEXT,
        json_schema_extra=_SHORT,
        description="In words for the person; needed where it has no answer.",
    )


class ContactDates(BaseModel):
    """A contact for who may not read it: its reference, how it stands, and its dates."""

    reference: str
    state: Literal["open", "answered", "closed", "logged"]
    received_at: datetime
    acknowledge_by: datetime | None
    acknowledged_at: datetime | None
    respond_by: datetime | None
    responded_at: datetime | None
    paused_at: datetime | None
    due_at: datetime | None


class ContactView(ContactDates):
    """One contact. Instants are ISO 8601 with their offset."""

    channel: str
    outcome: str
    reason: str
    team: str | None
    owner: str
    service: str | None
    area: str
    kind: str
    urgent: str
    subject: str
    sender_name: str
    sender_address: str | None


class MessageView(BaseModel):
    """One message of a contact."""

    written_by: str
    channel: str
    received_at: datetime
    text: str


class ContactDetail(ContactView):
    """One contact with its messages."""

    standard: str
    messages: list[MessageView]


class SentMessageView(BaseModel):
    """One message of ours as it was handed over, to the person or to staff; nothing of it is written anew.

    A mail has `headers`, `text` and `html`. An alert is given without the link by which its reader acts.
    """

    purpose: str
    step: str
    channel: str
    recipient: str
    at: datetime
    attempt: int
    template: str = Field(description="What it was written from: the name of the template, and its version.")
    external_id: str = Field(description="The other side's name for it.")
    subject: str
    headers: list[tuple[str, str]]
    text: str
    html: str


class SentMessages(BaseModel):
    """Everything that we sent about a contact, the oldest first; empty once the contact is forgotten."""

    messages: list[SentMessageView]


class Created(BaseModel):
    """What to tell the person."""

    reference: str
    acknowledge_by: datetime | None
    respond_by: datetime | None
    state: str


class ContactPage(BaseModel):
    """Some contacts in the order of their logging; `next` is the cursor of those that follow, null at the end.

    With `q` in the order of the messages that hold the words: a page may then have few contacts, or none, though others
    follow, and a contact may come again with another of its messages.
    """

    contacts: list[ContactView]
    next: str | None


class Done(BaseModel):
    """It is done."""

    said: str
    contact: ContactView | ContactDates = Field(
        description="All of it with the scope contacts:read, for as long as the token sees it; else only its dates."
    )


class EventView(BaseModel):
    """Something that happened to a contact."""

    id: str
    at: datetime
    kind: str
    actor: str
    reference: str | None
    details: dict[str, Any]


class EventPage(BaseModel):
    """Some events, the oldest first; ask again with `next` as cursor for those that follow, now or later.

    A page may be empty while `next` goes on: the events in between are of contacts that the token does not see.
    """

    events: list[EventView]
    next: str


class ErrorView(BaseModel):
    """A field that is wrong, and what to do about it."""

    field: str
    detail: str


class ProblemView(BaseModel):
    """A refusal (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ErrorView] = []


Cursor = Annotated[str, Field(pattern=_CURSOR)]


class Paging(Sent):
    """Which part of a list."""

    cursor: Cursor | None = None
    limit: int = Field(default=50, ge=1, le=MOST_AT_ONCE)


class Search(Paging):
    """Which contacts."""

    state: Literal["open", "answered", "closed", "logged", "any"] = "any"
    which: Literal["", "urgent", "late", "unassigned", "paused", "suppressed", "undeliverable"] = ""
    team: str = Field(default="", max_length=40, pattern=_TEXT)
    owner: str = Field(default="", max_length=254, pattern=_TEXT)
    service: str = Field(default="", max_length=40, pattern=_TEXT)
    area: str = Field(default="", max_length=40, pattern=_TEXT)
    channel: str = Field(default="", max_length=40, pattern=_TEXT)
    q: str = Field(
        default="", max_length=200, pattern=_TEXT, description="Words of a reference, name, address or text."
    )


def views_of_sent(departure: Departure) -> list[SentMessageView]:
    """Return each message of what we sent."""
    delivery = departure.delivery
    return [
        SentMessageView(
            purpose=delivery.purpose,
            step=delivery.step,
            channel=delivery.channel,
            recipient=message.recipient,
            at=message.at,
            attempt=message.attempt,
            template=message.template,
            external_id=message.external_id,
            subject=message.subject,
            headers=list(message.headers),
            text=message.words,
            html=message.page,
        )
        for message in departure.messages
    ]
