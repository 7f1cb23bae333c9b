"""A mail of any bytes at all as an `Inbound`: quickly, in bounded time, and without ever raising.

The words are found by walking the parts without recursion. The standard library's parser finds the same in
ordinary mail (a test compares the two), but it recurses once a level, looks at every line once for each open
boundary, and takes most of the time that a whole mail may cost.
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
# Lines that begin as a delimiter does, in one multipart: each is looked at once a level.
_MAX_DELIMITERS = 2_000
# As much base64 or quoted-printable as MAX_TEXT characters can need.
_MAX_ENCODED = 6 * MAX_TEXT

_TYPE = re.compile(r"\s*([\w!#$&^.+-]+/[\w!#$&^.+-]+)\s*(?:;|$)", re.ASCII)
_DAEMONS = ("mailer-daemon", "postmaster")
_CONTROLS = dict.fromkeys((*range(9), *range(11, 32), 127))
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message; `cut` says that its octets may end where we stopped reading. `name` is that of a file."""

    kind: str
    parameters: dict[str, str]
    encoding: str
    attached: bool
    octets: bytes
    cut: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a mail: its name ("" if it has none), its type, and about how many bytes it has."""

    name: str
    kind: str
    size: int


@dataclass(slots=True)
class Reading:
    """What the body gave: its words, the kinds of its parts, and what could not be read."""

    text: str = ""
    kinds: list[str] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    envelope_senders: list[str] = field(default_factory=list)
    fault: str = ""


class TooMany(Exception):
    """More parts, parts inside parts, or lines that look like their delimiters than any honest mail has."""


def read(
    raw: bytes,
    *,
    channel: str,
    received_at: datetime | None,
    return_path: str | None = None,
    recipients: tuple[str, ...] = (),
) -> Inbound:
    """The message in `raw` (RFC 5322 bytes, lines ending in LF, CRLF or CR) that came in on `channel`. Never raises.

    `return_path` and `recipients` are those of the SMTP or LMTP envelope; `return_path` is None without one, and
    the Return-Path field counts. What cannot be read is named in `fault`, and everything else is given all the same.
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
            reports=tuple(reading.reports or _unusual(mail, raw)),
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
    """The HTML of a mail as it came, "" where it has none. Nobody may show it as it is."""
    head, body = headers.split(raw)
    try:
        parts = list(_leaves(headers.fields(head), body[:MAX_BODY], cut=len(body) > MAX_BODY))
        marked = [part for part in parts if part.kind == "text/html" and not part.attached]
        return "\n".join(map(_decoded, marked))
    except (TooMany, ValueError, LookupError):
        return ""


def attachments(raw: bytes) -> list[Attachment]:
    """What came with a mail besides its words; what cannot be read is left out."""
    head, body = headers.split(raw)
    try:
        parts = list(_leaves(headers.fields(head), body, cut=False))
    except (TooMany, ValueError, LookupError):
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


def _unusual(mail: Mail, raw: bytes) -> list[Report]:
    daemon = any(party.address.lower().startswith(_DAEMONS) for party in mail.from_addresses)
    return bounces.unusual(raw) if daemon or mail.return_path == "" else []


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value[:100]) if value else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    # RFC 5322 section 3.3: -0000 says that the zone is not known; the instant is UTC all the same.
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


def _sender(mail: Mail) -> Party | None:
    if len(mail.from_addresses) == 1:
        return mail.from_addresses[0]
    return Party(mail.return_path) if mail.return_path else None


def _read_body(fields: headers.Fields, body: bytes) -> Reading:
    reading, plain, marked = Reading(), list[Part](), list[Part]()
    try:
        for part in _leaves(fields, body[:MAX_BODY], cut=len(body) > MAX_BODY):
            reading.kinds.append(_kind_in_full(part))
            if part.kind in bounces.KINDS:
                reports, senders = bounces.status_of(_unpacked(part))
                reading.reports += reports
                reading.envelope_senders += senders
            if part.kind == "text/plain" and not part.attached:
                plain.append(part)
            elif part.kind == "text/html" and not part.attached:
                marked.append(part)
    except TooMany:
        reading.fault = "the text could not be read in full: the message has too many parts inside one another"
    try:
        reading.text = _words(plain, marked)
    except Exception:  # noqa: BLE001 - the header is read already, and tells who wrote
        reading.fault = "the text could not be read"
    return reading


def _kind_in_full(part: Part) -> str:
    # RFC 6047 section 2.4: the method parameter says what a calendar part wants. An event or an invitation that
    # somebody attached wants nothing of us; only programs write replies and cancellations.
    method = part.parameters.get("method", "").lower()
    silent = part.kind != "text/calendar" or not method or (part.attached and method in ("publish", "request"))
    return part.kind if silent else f"{part.kind}; method={method}"


def _leaves(fields: headers.Fields, body: bytes, *, cut: bool) -> Iterator[Part]:
    """The parts that hold no parts, in order. A multipart without its boundary counts as text, as it will be shown."""
    waiting, seen = [(_part(fields, body, "text/plain", cut=cut), 0)], 0
    while waiting:
        part, depth = waiting.pop()
        seen += 1
        if depth > _MAX_DEPTH or seen > _MAX_PARTS:
            raise TooMany
        inner = _pieces(part) if part.kind.startswith("multipart/") else []
        if not inner:
            yield part if not part.kind.startswith("multipart/") else replace(part, kind="text/plain")
        usual = "message/rfc822" if part.kind == "multipart/digest" else "text/plain"
        for octets in reversed(inner):
            head, rest = headers.split(octets)
            waiting.append((_part(headers.fields(head), rest, usual, cut=part.cut), depth + 1))


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
    # RFC 2045 section 5.2: a Content-Type that makes no sense is read as plain text.
    match = _TYPE.match(value[: headers.MAX_VALUE])
    return (match[1].lower() if match else usual), headers.parameters(value) if ";" in value else {}


def _pieces(part: Part) -> list[bytes]:
    """What stands between the delimiter lines of a multipart (RFC 2046 section 5.1.1); the last may be missing."""
    boundary = part.parameters.get("boundary", "").rstrip().encode("utf-8", "replace")
    if not boundary:
        return []
    source, delimiter, pieces, start = b"\n" + part.octets, b"\n--" + boundary, list[bytes](), -1
    at, seen = source.find(delimiter), 0
    while at >= 0:
        seen += 1
        if seen > _MAX_DELIMITERS:
            raise TooMany
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
    return [*pieces, source[start:]] if 0 <= start < len(source) else pieces


def _words(plain: list[Part], marked: list[Part]) -> str:
    text = "\n".join(_decoded(part) for part in plain[:10])
    if not text.strip() and marked:
        text = markup.to_text(_decoded(marked[0], markup.MAX_MARKUP))
    return _readable(text[:MAX_TEXT])


def _unpacked(part: Part) -> bytes:
    octets = part.octets[:_MAX_ENCODED]
    if part.encoding == "base64":
        return headers.from_base64(octets)
    return binascii.a2b_qp(octets) if part.encoding == "quoted-printable" else octets


def _decoded(part: Part, limit: int = MAX_TEXT) -> str:
    octets, cut = _unpacked(part), part.cut or len(part.octets) > _MAX_ENCODED
    return headers.decode(octets, part.parameters.get("charset", ""), cut=cut, guess=True)[:limit]


def _readable(text: str) -> str:
    """Text with LF line ends and without control characters or halves of surrogate pairs."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.translate(_CONTROLS) if text.isascii() else _UNWANTED.sub("", text)
