"""One approach by one person about one matter, as the store holds it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """The state of a contact: only an open one has running clocks; a logged one was never owed an answer."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"
    LOGGED = "logged"


@dataclass(frozen=True, slots=True)
class Contact:
    """The facts of a contact.

    Instants are aware UTC. `promise`, `calendar` and `receipt_rule` are the words of the standard in force at
    receipt, which the contact keeps for its life. `receipt_sent_at` is when our acknowledgement left;
    `acknowledged_by` says whether that is enough (`receipt`) or only staff's own will do (`staff`). `respond_by` is
    None while the clock is paused. `clock_changed`: its dates follow from its events, too, not from the receipt alone.
    `sender_key` is the address in lower case. `linked_to` is an earlier contact that it goes on with, `receipt_of` one
    whose receipt stands for it, too. `told_respond_by` is the date that the person was last told, `noted_at` when they
    were last told that something was added. `muted`: a program answers for them, so nothing automatic is sent any more.
    `platform_reply_by` is until when the platform takes an answer; `window_closed`: that is over. `due_at` is what
    falls due next, of the acknowledgement, the answer and that time.
    `legal_hold`: why it is kept whatever its age. `conversation` is the platform's name of the private thread.
    `last_activity_at` is None until its age is first looked at. `merged_into` is the contact in which staff go on with
    it: its messages are read there. `wished_language` is the language in which the person said that we should write,
    `need_codes` what else they need of us (`core.needs`), both as they were last noted for the person.
    `tracking_generation` counts how often the links to its page were made void. `medium` is how it came, `channel_kind`
    the kind of its channel then; `first_acknowledge_by` and `first_respond_by` are the dates that it opened with.
    `avoidable`, `cause` and `complaint_outcome` are what staff say of it (`core.judgements`).
    """

    id: int
    reference: str
    channel: str
    external_id: str
    state: str
    outcome: str
    rule: str
    reason: str
    sender_address: str | None
    sender_name: str
    subject: str
    team: str | None
    service: str | None
    standard: str | None
    standard_version: str | None
    promise: str
    calendar: str
    receipt_rule: str
    received_at: datetime
    acknowledge_by: datetime | None
    acknowledged_at: datetime | None
    respond_by: datetime | None
    responded_at: datetime | None
    acknowledge_step: int
    respond_step: int
    next_look_at: datetime | None
    forgotten: bool = False
    kind: str = ""
    area: str = ""
    visibility: str = "private"
    acknowledged_by: str = "receipt"
    receipt_sent_at: datetime | None = None
    paused_at: datetime | None = None
    platform_reply_by: datetime | None = None
    window_closed: bool = False
    clock_changed: bool = False
    sender_key: str | None = None
    linked_to: int | None = None
    receipt_of: int | None = None
    told_respond_by: datetime | None = None
    noted_at: datetime | None = None
    muted: bool = False
    legal_hold: str | None = None
    conversation: str | None = None
    language: str = ""
    owner: str = ""
    assigned_at: datetime | None = None
    urgent: str = ""
    urgent_words: str = ""
    urgent_at: datetime | None = None
    urgent_step: int = 0
    taken_by: str = ""
    taken_at: datetime | None = None
    quiet_until: datetime | None = None
    due_at: datetime | None = None
    last_activity_at: datetime | None = None
    merged_into: int | None = None
    wished_language: str = ""
    need_codes: str = ""
    tracking_generation: int = 0
    medium: str = ""
    channel_kind: str = ""
    first_acknowledge_by: datetime | None = None
    first_respond_by: datetime | None = None
    avoidable: str = ""
    cause: str = ""
    complaint_outcome: str = ""
