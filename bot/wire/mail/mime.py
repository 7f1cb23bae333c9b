"""Reads a mail of any bytes at all into an `Inbound`: quickly, in bounded time, and without ever raising.

The text is found by walking the parts without recursion. The standard library's parser gives the same result for
ordinary mail (a test compares the two), but it recurses once for each level, examines every line once for each open
boundary, and takes most of the time that one mail may take.
"""

import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bot.core.messages import Inbound, Mail, Party, Report
from bot.wire.mail import bounces, headers, markup

MAX_BODY = 1_000_000
MAX_TEXT = 100_000
_MAX_DEPTH = 30
_LONGEST_NAME = 200
_MAX_PARTS = 500
# Lines that begin like a delimiter, in one multipart: each is examined once for each level.
_MAX_DELIMITERS = 2_000
# The most base64 or quoted-printable that MAX_TEXT characters can need.
_MAX_ENCODED = 6 * MAX_TEXT

_TYPE = re.compile(r"\s*([\w!#$&^.+-]+/[\w!#$&^.+-]+)\s*(?:;|$)", re.ASCII)
_DAEMONS = ("mailer-daemon", "postmaster")
_CONTROLS = dict.fromkeys((*range(9), *range(11, 32), 127))
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message; `cut` says that its octets may end where reading stopped. `name` is a file name."""

    kind: str
    parameters: dict[str, str]
    encoding: str
    attached: bool
    octets: bytes
    cut: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file attached to a mail: its name ("" if it has none), its type, and its approximate size in bytes."""

    name: str
    kind: str
    size: int


@dataclass(slots=True)
class Reading:
    """The result of reading a body: its text, the types of its parts, and what could not be read."""

    text: str = ""
    kinds: list[str] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    envelope_senders: list[str] = field(default_factory=list)
    fault: str = ""


class TooComplex(Exception):
    """More parts, deeper nesting, or more lines that look like delimiters than any genuine mail has."""


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
    mail, reading, body = Mail((), return_path, recipients), Reading(), source
    try:
        block, body = headers.split(source)
        fields = headers.fields(block)
        body = body if fields else source
        mail = _mail(fields, return_path, recipients)
        reading = _read_body(fields, body)
        mail = replace(
            mail,
            parts=tuple(reading.kinds),
            reports=tuple(reading.reports or _unusual_reports(mail, raw)),
            envelope_senders=tuple(reading.envelope_senders),
        )
    except Exception:  # noqa: BLE001 - a message that breaks the code still becomes a contact, with its raw bytes
        reading.fault = "the message could not be read"
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
    head, body = headers.split(raw)
    try:
        parts = list(_leaves(headers.fields(head), body[:MAX_BODY], cut=len(body) > MAX_BODY))
        pages = [part for part in parts if part.kind == "text/html" and not part.attached]
        return "\n".join(map(_decoded, pages))
    except (TooComplex, ValueError, LookupError):
        return ""


def attachments(raw: bytes) -> list[Attachment]:
    """Return the files attached to a mail; leave out those that cannot be read."""
    head, body = headers.split(raw)
    try:
        parts = list(_leaves(headers.fields(head), body, cut=False))
    except (TooComplex, ValueError, LookupError):
        return []
    files = (part for part in parts if part.attached or not part.kind.startswith("text/"))
    return [Attachment(headers.tidy(part.name)[:_LONGEST_NAME], part.kind, _size(part)) for part in files]


def _size(part: Part) -> int:
    octets = len(part.octets)
    if part.encoding != "base64":
        return octets
    # RFC 2045 section 6.8: four characters hold three octets.
    return (octets - part.octets.count(b"\n") - part.octets.count(b"\r")) * 3 // 4


def _mail(fields: headers.Fields, return_path: str | None, recipients: tuple[str, ...]) -> Mail:
    by_name: dict[str, list[str]] = {}
    for name, value in fields:
        by_name.setdefault(name, []).append(value)
    if return_path is None and "return-path" in by_name:
        return_path = headers.path(by_name["return-path"][0])
    kind, parameters = _content_type(by_name.get("content-type", [""])[0])
    return Mail(
        headers=tuple((name, headers.tidy(value)) for name, value in fields),
        return_path=return_path,
        recipients=recipients,
        from_addresses=headers.addresses(by_name.get("from", [])),
        to=_plain(by_name.get("to", [])),
        cc=_plain(by_name.get("cc", []) + by_name.get("bcc", [])),
        reply_to=_plain(by_name.get("reply-to", [])),
        message_id=headers.message_id(by_name.get("message-id", [""])[0]),
        in_reply_to=headers.message_ids(by_name.get("in-reply-to", [])),
        references=headers.message_ids(by_name.get("references", [])),
        content_type=kind,
        report_type=parameters.get("report-type", "").lower(),
    )


def _plain(values: list[str]) -> tuple[str, ...]:
    return tuple(party.address for party in headers.addresses(values)) if values else ()


def _unusual_reports(mail: Mail, raw: bytes) -> list[Report]:
    daemon = any(party.address.lower().startswith(_DAEMONS) for party in mail.from_addresses)
    return bounces.unusual(raw) if daemon or mail.return_path == "" else []


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


def _read_body(fields: headers.Fields, body: bytes) -> Reading:
    reading, plain, html = Reading(), list[Part](), list[Part]()
    try:
        for part in _leaves(fields, body[:MAX_BODY], cut=len(body) > MAX_BODY):
            reading.kinds.append(_kind_in_full(part))
            if part.kind in bounces.KINDS:
                reports, senders = bounces.status_of(_transfer_decoded(part))
                reading.reports += reports
                reading.envelope_senders += senders
            if part.kind == "text/plain" and not part.attached:
                plain.append(part)
            elif part.kind == "text/html" and not part.attached:
                html.append(part)
    except TooComplex:
        reading.fault = "the text could not be read in full: the message has too many parts inside one another"
    try:
        reading.text = _words(plain, html)
    except Exception:  # noqa: BLE001 - the header has been read, and identifies the sender
        reading.fault = "the text could not be read"
    return reading


def _kind_in_full(part: Part) -> str:
    # RFC 6047 section 2.4: the method parameter says what a calendar part asks for. An attached event or invitation
    # asks for nothing here; only programs send replies and cancellations.
    method = part.parameters.get("method", "").lower()
    silent = part.kind != "text/calendar" or not method or (part.attached and method in ("publish", "request"))
    return part.kind if silent else f"{part.kind}; method={method}"


def _leaves(fields: headers.Fields, body: bytes, *, cut: bool) -> Iterator[Part]:
    """Yield the parts that hold no parts, in order. A multipart without its boundary is read as text."""
    stack, count = [(_part(fields, body, "text/plain", cut=cut), 0)], 0
    while stack:
        part, depth = stack.pop()
        count += 1
        if depth > _MAX_DEPTH or count > _MAX_PARTS:
            raise TooComplex
        inner = _pieces(part) if part.kind.startswith("multipart/") else []
        if not inner:
            yield part if not part.kind.startswith("multipart/") else replace(part, kind="text/plain")
        usual = "message/rfc822" if part.kind == "multipart/digest" else "text/plain"
        for octets in reversed(inner):
            head, rest = headers.split(octets)
            stack.append((_part(headers.fields(head), rest, usual, cut=part.cut), depth + 1))


def _part(fields: headers.Fields, octets: bytes, usual: str, *, cut: bool) -> Part:
    by_name = {name: value for name, value in reversed(fields) if name.startswith("content-")}
    kind, parameters = _content_type(by_name.get("content-type", ""), usual)
    disposed = by_name.get("content-disposition", "")
    disposition = disposed.lower()
    attached = disposition.lstrip().startswith("attachment") or "filename" in disposition
    return Part(
        kind,
        parameters,
        by_name.get("content-transfer-encoding", "").strip().lower(),
        attached,
        octets,
        cut,
        (headers.parameters(disposed).get("filename", "") if attached else "") or parameters.get("name", ""),
    )


def _content_type(value: str, usual: str = "text/plain") -> tuple[str, dict[str, str]]:
    # RFC 2045 section 5.2: a Content-Type that cannot be parsed means plain text.
    match = _TYPE.match(value[: headers.MAX_VALUE])
    return (match[1].lower() if match else usual), headers.parameters(value) if ";" in value else {}


def _pieces(part: Part) -> list[bytes]:
    """Return the content between the delimiter lines of a multipart (RFC 2046 5.1.1); the last line may be missing."""
    boundary = part.parameters.get("boundary", "").rstrip().encode("utf-8", "replace")
    if not boundary:
        return []
    source, delimiter, pieces, start = b"\n" + part.octets, b"\n--" + boundary, list[bytes](), -1
    at, count = source.find(delimiter), 0
    while at >= 0:
        count += 1
        if count > _MAX_DELIMITERS:
            raise TooComplex
        line_end = source.find(b"\n", at + 1)
        line_end = len(source) if line_end < 0 else line_end
        rest = source[at + len(delimiter) : min(line_end, at + len(delimiter) + 100)].strip()
        if rest in (b"", b"--"):
            if start >= 0:
                pieces.append(source[start:at].removesuffix(b"\r"))
            start = line_end + 1
            if rest or len(pieces) > _MAX_PARTS:
                return pieces
        # The line end of one delimiter may begin the next.
        at = source.find(delimiter, line_end if rest in (b"", b"--") else at + 1)
    return pieces + _unclosed(source, start)


def _unclosed(source: bytes, start: int) -> list[bytes]:
    """Return the content after the last delimiter, where the closing one is missing."""
    return [source[start:]] if 0 <= start < len(source) else []


def _words(plain: list[Part], html: list[Part]) -> str:
    text = "\n".join(_decoded(part) for part in plain[:10])
    if not text.strip() and html:
        text = markup.to_text(_decoded(html[0], markup.MAX_MARKUP))
    return _readable(text[:MAX_TEXT])


def _transfer_decoded(part: Part) -> bytes:
    octets = part.octets[:_MAX_ENCODED]
    if part.encoding == "base64":
        return headers.from_base64(octets)
    return binascii.a2b_qp(octets) if part.encoding == "quoted-printable" else octets


def _decoded(part: Part, limit: int = MAX_TEXT) -> str:
    octets, cut = _transfer_decoded(part), part.cut or len(part.octets) > _MAX_ENCODED
    return headers.decode(octets, part.parameters.get("charset", ""), cut=cut, guess=True)[:limit]


def _readable(text: str) -> str:
    """Return the text with LF line ends and without control characters or halves of surrogate pairs."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.translate(_CONTROLS) if text.isascii() else _UNWANTED.sub("", text)
