"""The messages that come in and go out, in the form that every channel shares with the core.

`finding` reads what our own mail server found out about a sender: Authentication-Results (RFC 8601) with its own name.
Anybody can write such a field into a mail. Only fields with the configured name are believed, as that server removes
forged ones (RFC 8601 section 5); where no name is configured, none is believed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import accumulate
from typing import Literal

import authres

# The failure of a domain that asks for nothing (p=none) does not count: its lists and forwards fail, too.
_ASKS_FOR_NOTHING = re.compile(r"\bp=none\b", re.IGNORECASE)
# Exchange Online leaves its name out, so that no parser accepts the field: this name stands for it.
EXCHANGE_ONLINE = "exchange-online"
# For all fields together, from the top, where our own server writes: the parser takes 12 milliseconds for 1,000.
_MOST_FIELDS, _MOST_LENGTH = 10, 8_000


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
    reaction concern the message `about`, and so does what the provider says of one of ours that is `delivered` or
    `undelivered`.
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


class Finding(StrEnum):
    """Whether the author's domain confirms the mail; `unknown` where no trusted server says."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


def finding(mail: Mail, authserv_id: str) -> Finding:
    """Return what the server of that name (RFC 8601 section 2.5) says of the author; "" trusts no server."""
    if not authserv_id:
        return Finding.UNKNOWN
    results, asks = _results(mail, authserv_id)
    return _judge_results(results, asks=asks)


def is_authenticated(mail: Mail, authserv_id: str) -> bool:
    """Tell whether the author's domain confirms the mail: by DMARC, or, where it has none, by its own signature."""
    if not authserv_id:
        return False
    results, asks = _results(mail, authserv_id)
    judgement = _judge_results(results, asks=asks)
    if judgement is not Finding.UNKNOWN or results.get("dmarc", set()) - {"none"}:
        return judgement is Finding.PASSED
    # RFC 7489 section 3.1, strictly: one author, of the domain that signed.
    domains = {_domain(party.address) for party in mail.from_addresses}
    return len(domains) == 1 and domains <= results.get(_SIGNERS, set())


def is_confirmed(mail: Mail, recipient: str, authserv_id: str) -> bool:
    """Tell whether `recipient` is who sent the mail: the author by DMARC or a signature, or the envelope sender by SPF.

    SPF proves the domain of the envelope sender alone, not the addresses that a forwarder may have written into it.
    """
    results, _ = _results(mail, authserv_id)
    domain = _domain(recipient)
    if mail.return_path and _domain(mail.return_path) == domain and domain in results.get(_SENDERS, ()):
        return True
    is_author = any(party.address.lower() == recipient.lower() for party in mail.from_addresses)
    return is_author and is_authenticated(mail, authserv_id)


def _results(mail: Mail, authserv_id: str) -> tuple[dict[str, set[str]], bool]:
    """Return the results by method, with the domains that passed by signature or SPF; and whether DMARC asks."""
    values = mail.values("authentication-results")[:_MOST_FIELDS]
    lengths = accumulate(map(len, values))
    results: dict[str, set[str]] = {}
    asks = True
    for value in (value for value, length in zip(values, lengths, strict=True) if length <= _MOST_LENGTH):
        header = _read_results(value, authserv_id)
        if header is None or str(header.authserv_id).lower() != authserv_id.lower():
            continue
        for result in header.results:
            method, outcome = str(result.method).lower(), str(result.result).lower()
            results.setdefault(method, set()).add(outcome)
            if (method, outcome) == ("dkim", "pass"):
                results.setdefault(_SIGNERS, set()).update(_domains(result, ("d", "i")))
            elif (method, outcome) == ("spf", "pass"):
                # Not "helo": what the other server calls itself says nothing of who wrote (RFC 7208 section 2.3).
                results.setdefault(_SENDERS, set()).update(_domains(result, ("mailfrom",)))
        asks = asks and not _ASKS_FOR_NOTHING.search(value)
    return results, asks


_SIGNERS, _SENDERS = "signers", "senders"


def _domains(result: "authres.AuthenticationResult", names: tuple[str, ...]) -> Iterator[str]:
    return (_domain(str(prop.value)) for prop in result.properties if str(prop.name).lower() in names)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _read_results(value: str, authserv_id: str) -> "authres.AuthenticationResultsHeader | None":
    if authserv_id == EXCHANGE_ONLINE:
        value = f"{authserv_id}; {value}".replace(" action=", " policy.action=").replace(";compauth=", "; compauth=")
    try:
        return authres.AuthenticationResultsHeader.parse_value(value)
    except (authres.AuthResError, ValueError, IndexError, RecursionError):  # the last by comments inside comments
        return None


def _judge_results(results: dict[str, set[str]], *, asks: bool) -> Finding:
    if "pass" in results.get("dmarc", ()):
        return Finding.PASSED
    if "fail" in results.get("dmarc", ()) and asks:
        return Finding.FAILED
    # Without DMARC: SPF fails, and no signature is valid.
    if "fail" in results.get("spf", ()) and "pass" not in results.get("dkim", ()):
        return Finding.FAILED
    return Finding.UNKNOWN
