"""Reads a mail of any bytes at all into an `Inbound`: quickly, in bounded time, and without ever raising.

The text is found by walking the parts without recursion. The standard library's parser gives the same result for
ordinary mail (a test compares the two), but it recurses once for each level, examines every line once for each open
boundary, and takes most of the time that one mail may take.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bot.core.messages import Inbound, Mail, Party, Report
from bot.wire.mail import bodies, bounces, headers, parts
from bot.wire.mail.parts import MAX_BODY, MAX_ENCODED, MAX_TEXT, ContentType

# A signature is at the end, and the whole must be there to be read.
_MAX_SIGNED = 20 * MAX_BODY
_NONE = [""]
_DAEMONS = ("mailer-daemon", "postmaster")
_CONTROLS = dict.fromkeys((*range(9), *range(11, 32), 127))
# Also marks of byte order, and the characters of direction (`bot.wire.directions`).
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file attached to a mail: its name ("" if it has none), its type, and its approximate size in bytes."""

    name: str
    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class File:
    """The same with its content."""

    name: str
    kind: str
    content: bytes


@dataclass(slots=True)
class Reading:
    """The result of reading a body: its text, the types of its parts, and what could not be read."""

    text: str = ""
    kinds: list[str] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    envelope_senders: list[str] = field(default_factory=list)
    fault: str = ""


def read(
    raw: bytes,
    *,
    channel: str,
    received_at: datetime | None,
    return_path: str | None = None,
    recipients: tuple[str, ...] = (),
) -> Inbound:
    """Return the message in `raw` as received on `channel`. Never raises.

    `raw` is RFC 5322 bytes with lines ending in LF, CRLF or CR. `return_path` and `recipients` are those of the SMTP or
    LMTP envelope; without an envelope `return_path` is None, and the Return-Path field is used.
    `fault` names what cannot be read; everything else is returned all the same.
    """
    source = raw if b"\n" in raw[: headers.MAX_BLOCK] else raw.replace(b"\r", b"\n")
    mail, reading, body = None, Reading(), source
    try:
        fields, body = headers.of_mail(source)
        by_name = _by_name(fields)
        content_type = headers.content_type(by_name.get("content-type", _NONE)[0])
        reading = _read_body(content_type, by_name, body)
        if return_path is None and "return-path" in by_name:
            return_path = headers.path(by_name["return-path"][0])
        authors = headers.addresses(by_name.get("from", []))
        if not reading.reports and (return_path == "" or _is_daemon(authors)):
            reading.reports = bounces.unusual(raw)
        mail = _mail(fields, by_name, content_type, authors, reading, return_path, recipients)
    except Exception:  # noqa: BLE001 - a message that breaks the code still becomes a contact, with its raw bytes
        reading.fault = "the message could not be read"
    mail = mail or Mail((), return_path, recipients)
    digest = hashlib.sha256(body.replace(b"\r\n", b"\n") if mail.message_id else raw).hexdigest()
    return Inbound(
        channel=channel,
        external_id=mail.message_id or f"sha256:{digest}",
        digest=digest,
        sender=_sender(mail),
        subject=mail.first("subject"),
        text=reading.text,
        received_at=received_at,
        sent_at=_date(mail.first("date")),
        mail=mail,
        fault=reading.fault,
        raw=raw,
    )


def page(raw: bytes) -> str:
    """Return the HTML of a mail unchanged, "" where it has none. It is not safe to display."""
    root, _ = _parts(raw, MAX_BODY)
    pages = (part for part in parts.leaves(root) if part.kind == "text/html" and part.is_words)
    return "\n".join(map(bodies.text_of, pages))


def attachments(raw: bytes) -> list[Attachment]:
    """Return what came with a mail besides its words; of one that is too complex nothing."""
    from bot.wire.mail import attached  # noqa: PLC0415 - for people who look at a mail

    root, is_complete = _parts(raw, len(raw))
    return [Attachment(*file) for file in attached.files(root)] if is_complete else []


def files(raw: bytes) -> list[File]:
    """Return the same with their contents."""
    from bot.wire.mail import attached  # noqa: PLC0415 - for people who are given what is kept of them

    root, is_complete = _parts(raw, len(raw))
    return [File(*file) for file in attached.contents(root)] if is_complete else []


def file(raw: bytes, number: int) -> File | None:
    """Return one of them, counted from 1; None where there is none."""
    from bot.wire.mail import attached  # noqa: PLC0415 - for people who open it

    root, is_complete = _parts(raw, len(raw))
    content = attached.content(root, number) if is_complete else None
    return File(*content) if content else None


def _parts(raw: bytes, limit: int) -> tuple[parts.Part, bool]:
    """Return the parts of a mail, and whether these are all."""
    fields, body = headers.of_mail(raw if b"\n" in raw[: headers.MAX_BLOCK] else raw.replace(b"\r", b"\n"))
    by_name = _by_name(fields)
    root = _root(headers.content_type(by_name.get("content-type", _NONE)[0]), by_name, body, limit)
    return root, parts.tree(root)


def _by_name(fields: headers.Fields) -> Mapping[str, list[str]]:
    by_name: dict[str, list[str]] = {}
    for name, value in fields:
        by_name.setdefault(name, []).append(value)
    return by_name


def _mail(
    fields: headers.Fields,
    by_name: Mapping[str, list[str]],
    content_type: ContentType,
    authors: tuple[Party, ...],
    reading: Reading,
    return_path: str | None,
    recipients: tuple[str, ...],
) -> Mail:
    return Mail(
        headers=tuple([(name, headers.tidy(value)) for name, value in fields]),
        return_path=return_path,
        recipients=recipients,
        from_addresses=authors,
        to=_plain(by_name.get("to", [])),
        cc=_plain(by_name.get("cc", []) + by_name.get("bcc", [])),
        reply_to=_plain(by_name.get("reply-to", [])),
        message_id=headers.message_id(by_name.get("message-id", _NONE)[0]),
        in_reply_to=headers.message_ids(by_name.get("in-reply-to", [])),
        references=headers.message_ids(by_name.get("references", [])),
        content_type=content_type[0],
        report_type=content_type[1].get("report-type", "").lower(),
        parts=tuple(reading.kinds),
        reports=tuple(reading.reports),
        envelope_senders=tuple(reading.envelope_senders),
    )


def _plain(values: list[str]) -> tuple[str, ...]:
    return tuple(party.address for party in headers.addresses(values)) if values else ()


def _is_daemon(authors: tuple[Party, ...]) -> bool:
    return any(author.address.lower().startswith(_DAEMONS) for author in authors)


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value[:100]) if value else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    # RFC 5322 section 3.3: -0000 means that the zone is unknown; the instant is in UTC all the same.
    return date.replace(tzinfo=UTC) if date and date.tzinfo is None else date


def _sender(mail: Mail) -> Party | None:
    if len(mail.from_addresses) == 1:
        return mail.from_addresses[0]
    return Party(mail.return_path) if mail.return_path else None


def _root(content_type: ContentType, by_name: Mapping[str, list[str]], body: bytes, limit: int) -> parts.Part:
    names = ("content-type", "content-disposition", "content-transfer-encoding")
    value, disposition, encoding = (by_name.get(name, _NONE)[0] for name in names)
    kind = parts.kind_of(content_type, disposition)
    limit = max(limit, _MAX_SIGNED) if kind in parts.SIGNED else limit
    return parts.Part(
        kind,
        content_type[1],
        headers.encoding_of(encoding),
        disposition,
        value,
        body[:limit],
        len(body) > limit,
    )


def _read_body(content_type: ContentType, by_name: Mapping[str, list[str]], body: bytes) -> Reading:
    kind, parameters = content_type
    reading = Reading()
    try:
        if kind == "text/plain" and parameters.keys() <= {"charset"} and "content-disposition" not in by_name:
            encoding = headers.encoding_of(by_name.get("content-transfer-encoding", _NONE)[0])
            reading.kinds.append(kind)
            reading.text = _plain_text(body, encoding, parameters.get("charset", ""))
        else:
            _read_parts(_root(content_type, by_name, body, MAX_BODY), reading)
    except Exception:  # noqa: BLE001 - the header can be read all the same, and identifies the sender
        reading.fault = "the text could not be read"
    return reading


def _plain_text(body: bytes, encoding: str, charset: str) -> str:
    """Return the text of a mail that is nothing else, as most are."""
    octets = headers.transfer_decoded(body[:MAX_ENCODED], encoding)
    return _readable(headers.decode(octets, charset, cut=len(body) > MAX_ENCODED)[:MAX_TEXT])


def _read_parts(root: parts.Part, reading: Reading) -> None:
    if not parts.tree(root):
        reading.fault = "the text could not be read in full: the message has too many parts inside one another"
    for part in parts.leaves(root):
        reading.kinds.append(_kind_in_full(part))
        if part.kind in bounces.KINDS:
            reports, senders = bounces.status_of(part.decoded())
            reading.reports += reports
            reading.envelope_senders += senders
    if root.kind == "multipart/report" and reading.reports:
        reading.envelope_senders += _return_addresses(root)
    reading.text = _readable(bodies.words_of(root)[:MAX_TEXT])


def _return_addresses(report: parts.Part) -> Iterator[str]:
    """Yield the signed address of each mail of ours that a report returns, whole or by its header."""
    for part in parts.leaves(report):
        if part.kind in bounces.HEADERS_ALONE or part.kind in parts.ENCLOSED_MAIL:
            head, _ = headers.split(part.decoded().lstrip(b"\r\n"))
            yield from bounces.return_address_of(headers.fields(head))


def _kind_in_full(part: parts.Part) -> str:
    # RFC 6047 section 2.4: the method parameter says what a calendar part asks for. An attached event or invitation
    # asks for nothing here; only programs send replies and cancellations.
    method = part.parameters.get("method", "").lower()
    silent = part.kind != "text/calendar" or not method or (part.attached and method in ("publish", "request"))
    return part.kind if silent else f"{part.kind}; method={method}"


def _readable(text: str) -> str:
    """Return the text with LF line ends and without control characters or halves of surrogate pairs."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.translate(_CONTROLS) if text.isascii() else _UNWANTED.sub("", text)
