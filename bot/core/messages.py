"""The messages that come in and go out, in the form that every channel shares with the core."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Party:
    """A person or machine that writes or receives messages.

    `address` is what the channel replies to (an e-mail address as `local@domain`, a handle, a phone number), never
    empty; `name` is the display name, which may be empty.
    """

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The content of a report about one mail to one recipient (RFC 3464 section 2.3, RFC 5965 section 3).

    `action` is failed, delayed, delivered, relayed or expanded, or "complained" in an abuse report; `status` the
    enhanced status code such as 5.1.1, or "".
    """

    action: str
    status: str = ""
    recipient: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """The properties of a mail that the triage uses (RFC 5322, RFC 3834); absent on other channels.

    `headers` has the header fields in the order of the message, names in lower case, values unfolded and decoded
    (RFC 2047), without line ends. `return_path` is the envelope sender: None if unknown, "" for the null sender `<>`.
    `cc` includes the addresses of a Bcc field. `content_type` is in lower case without parameters; `report_type` is the
    lower-case `report-type` parameter of a multipart/report, or "". `parts` has the content type of every part that
    holds no others, in order, a calendar part with its method: `text/calendar; method=request`. `reports` are the
    contents of a report of non-delivery or of abuse; `envelope_senders` are the addresses that it names as the
    reported mail's envelope sender.
    """

    headers: tuple[tuple[str, str], ...]
    return_path: str | None
    recipients: tuple[str, ...] = ()
    from_addresses: tuple[Party, ...] = ()
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    content_type: str = "text/plain"
    report_type: str = ""
    parts: tuple[str, ...] = ()
    reports: tuple[Report, ...] = ()
    envelope_senders: tuple[str, ...] = ()
    _by_name: Mapping[str, list[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort the fields by name: the rules ask for twenty of them."""
        by_name: dict[str, list[str]] = {}
        for name, value in self.headers:
            by_name.setdefault(name, []).append(value)
        object.__setattr__(self, "_by_name", by_name)

    def addressed(self) -> tuple[str, ...]:
        """Return every address to which the header says that the mail goes."""
        return (*self.to, *self.cc)

    def values(self, name: str) -> Sequence[str]:
        """Return every value of the header field `name` (lower case), in order."""
        return self._by_name.get(name, ())

    def has_any(self, names: frozenset[str]) -> bool:
        """Tell whether the header has a field of one of these names (lower case)."""
        return not names.isdisjoint(self._by_name)

    def first(self, name: str) -> str:
        """Return the first value of the header field `name` (lower case), or ""."""
        return next(iter(self.values(name)), "")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a message that a platform keeps, and only for a time: a photo, a voice note, a document.

    `kind` is the platform's word for it (image, voice, document, sticker ...); `locator` its id there, or its address.
    `name` and `content_type` are as the platform says, or "".
    """

    kind: str
    locator: str
    name: str = ""
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """The properties of a message on a platform; absent on mail and forms.

    `kind`: a message or mention is addressed to us, a comment is under a post of ours; an edit, a deletion and a
    reaction concern the message `about`; so does what the provider says of ours that is `delivered` or `undelivered`
    (`key`: our own key of it; `may_pass`: it may arrive if it is sent once more).
    `conversation` is the platform's name of the private thread, or ""; `answers` are the ids of the messages that it
    replies to, the nearest first. `by_program`: the platform says that no person wrote it. `automatic`: a copy of a
    message that we sent automatically. `holds` lists its contents besides text (image, voice, location ...), `files`
    has those of them that can be fetched, `link` is where staff can see it.
    """

    kind: Literal["message", "mention", "comment", "edit", "deletion", "reaction", "delivered", "undelivered"] = (
        "message"
    )
    conversation: str = ""
    answers: tuple[str, ...] = ()
    about: str = ""
    by_program: bool = False
    automatic: bool = False
    holds: tuple[str, ...] = ()
    files: tuple[RemoteFile, ...] = ()
    link: str = ""
    key: str = ""
    may_pass: bool = False


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message as it came in.

    `external_id` is the channel's own name for it, unique within the channel (for mail its Message-ID with the angle
    brackets, or "sha256:..." of the raw bytes where there is none). `digest` is a hash of the content, so that the same
    id with other content is recognised as another message. `received_at` is the provider's instant of receipt (aware,
    UTC); None means the instant of logging. `sender` is None if there is no identifiable sender. `sent_at` is the
    instant of sending by its own header (RFC 5322 section 3.6.1), aware, or None. `told_by` is who confirms receipt to
    the person: us, staff, or whoever or whatever took it down, at once. `medium` is how it came, where a channel
    records several media. `outgoing`: a copy of a message from staff, from a folder that only they can write to.
    `junk`: it lay in the folder of unwanted mail. `doubt` says why it may have been dealt with before, so that staff
    look before anybody is answered, or "". `unproven`: nothing proves that the address is the writer's. `by_program`:
    a program seems to have filled in the form. `is_scanned` is false where a scanner of viruses has not seen its files
    yet. `hold` says why its receipt waits for staff, or "". `of` is the contact, by its reference, to which whoever
    took the message down adds it, or "". `fault` says in plain words what could not be read, or "". `is_understood` is
    false for what no reader of its channel understands: it is kept as it is, for a person. `raw` is the original
    content.
    """

    channel: str
    external_id: str
    digest: str
    sender: Party | None
    subject: str = ""
    text: str = ""
    received_at: datetime | None = None
    sent_at: datetime | None = None
    outgoing: bool = False
    junk: bool = False
    doubt: str = ""
    unproven: bool = False
    by_program: bool = False
    is_scanned: bool = True
    hold: str = ""
    of: str = ""
    told_by: Literal["us", "staff", "at once"] = "us"
    medium: str = ""
    visibility: Literal["private", "public"] = "private"
    mail: Mail | None = None
    post: Post | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""
    is_understood: bool = True
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Losses:
    """Messages that came on `channel` and could not be read; its team is told.

    `unreadable` are those that the provider could not give, with what it says of them in `raw` and their `fault`; `gap`
    counts those that were taken away before they could be read.
    """

    channel: str
    unreadable: tuple[Inbound, ...] = ()
    gap: int = 0


NO_LOSSES = Losses("")


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message to send, ready for an outlet.

    `content` is the finished message (for mail the RFC 5322 bytes with CRLF line ends, no Bcc; elsewhere plain text in
    UTF-8, with the `subject` beside it where the outlet forms the mail). `envelope_sender` is the address for reports
    of non-delivery. `idempotency_key` (for mail the Message-ID) is the same for every attempt. On a platform
    `conversation` and `in_reply_to` are its own names of what is answered, and `public` says that everybody can read
    it. `at` is the instant of sending, `template` what it was written from, with the version of its files.
    `by_person_later`: a person typed it, and the time in which the platform takes automatic answers is over. `english`
    says the same in English, for staff, where the content does not have it.
    """

    recipient: str
    content: bytes
    envelope_sender: str = ""
    idempotency_key: str = ""
    conversation: str = ""
    in_reply_to: str = ""
    public: bool = False
    subject: str = ""
    at: datetime | None = None
    template: str = ""
    by_person_later: bool = False
    english: str = ""


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message of a contact as it is stored, without what came over the wire.

    `external_id` is unique in its channel, `message_id` the name that its sender gave it. `fields` is JSON: what a form
    says besides. `fault` says why its words could not be read. `written_by`: `sender`, `staff`, `perhaps staff`
    (nothing proves it) or `ackbot`.
    """

    id: int
    contact_id: int
    channel: str
    external_id: str
    message_id: str
    digest: str
    received_at: datetime
    sender_address: str | None
    text: str
    fields: str
    fault: str
    written_by: str
