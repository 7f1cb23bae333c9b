"""What programs get. The description of the API is generated from these models."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from bot.core.feedback import Feedback
from bot.flows.desk.message_view import Departure


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
    platform_reply_by: datetime | None
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
    wished_language: str = Field(description='The language in which the person wants to be written to; "" for none.')
    avoidable: str = Field(description='Whether it could have been saved, as `judge` takes it; "" while nobody said.')
    cause: str = Field(description='Why its answer is late, as `judge` takes it; "" while nobody said.')
    complaint_outcome: str = Field(description='What came of a complaint, as `judge` takes it; "" while nobody said.')


class MessageView(BaseModel):
    """One message of a contact."""

    id: str
    written_by: str
    channel: str
    received_at: datetime
    text: str


class NoteView(BaseModel):
    """A note of staff for staff; the person is never sent it."""

    at: datetime
    actor: str
    words: str


class FeedbackView(BaseModel):
    """What a person says of our answer to a contact; `answer` is "" where they were asked and have said nothing."""

    reference: str
    asked_at: datetime | None
    answered_at: datetime | None
    answer: Literal["yes", "partly", "no", ""]
    satisfaction: Literal["very-satisfied", "satisfied", "neither", "dissatisfied", "very-dissatisfied", ""]
    words: str
    reopened: bool
    read_at: datetime | None


class FeedbackPage(BaseModel):
    """What people say of our answers, in the order of their contacts; `next` is the cursor of those that follow."""

    feedback: list[FeedbackView]
    next: str | None


class FormatView(BaseModel):
    """What staff have to make of a message that left: into which formats, by their codes, and into which language."""

    message: str = Field(description="What `format-made` takes.")
    needs: list[str]
    language: str
    created_at: datetime
    made_at: datetime | None


class ContactDetail(ContactView):
    """One contact with its messages, what the person needs of us, and the newest notes of staff, the newest first."""

    standard: str
    needs: str
    tracking_url: str = Field(
        description="The page on which the person sees where it is, with its key: by that anybody may add to the "
        'contact, or withdraw it; "" where it has none.'
    )
    need_codes: list[str] = Field(description="The needs that messages obey, by their codes.")
    formats: list[FormatView]
    goes_on_in: str = Field(description='The contact that it was merged into; "" where it was not.')
    feedback: FeedbackView | None
    messages: list[MessageView]
    notes: list[NoteView]


class FileView(BaseModel):
    """A file that came with a message; `size` is in octets."""

    number: int
    name: str
    kind: str
    size: int


class Files(BaseModel):
    """What came with a message besides its words."""

    files: list[FileView]


class TeamView(BaseModel):
    """A team, by the name that `assign` takes."""

    name: str


class Teams(BaseModel):
    """The teams whose contacts the token sees."""

    teams: list[TeamView]


class ServiceView(BaseModel):
    """A service, by the name that `classify` takes."""

    name: str
    title: str
    page: str
    team: str


class Services(BaseModel):
    """What a contact can be about."""

    services: list[ServiceView]
    kinds: list[str]
    areas: list[str]


class ChannelView(BaseModel):
    """A way in: how people write there, whose it is, and whether contacts can be recorded there."""

    name: str
    medium: str
    team: str
    takes_records: bool


class Channels(BaseModel):
    """The ways in."""

    channels: list[ChannelView]


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


class Replay(BaseModel):
    """The events that are told again: after this number, up to that one. What is newer is told as usual."""

    after: str
    up_to: str


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
    """A refusal (RFC 9457); `incident` is the number of an error that nobody foresaw, for whoever looks for it."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ErrorView] = []
    incident: str = ""


def view_of_feedback(row: Feedback, reference: str) -> FeedbackView:
    """Return what a person says of our answer."""
    names = ("asked_at", "answered_at", "answer", "satisfaction", "words", "reopened", "read_at")
    return FeedbackView(reference=reference, **{name: getattr(row, name) for name in names})


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
