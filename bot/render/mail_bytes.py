"""The bytes of a mail: its header, and its text and HTML.

The standard library takes about a millisecond to build a mail. Here a message is a skeleton: lines without a slot are
encoded once, and only the others for every mail.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.quoprimime import body_encode
from email.utils import format_datetime

from bot.render.pictures import Picture
from bot.render.values import address_field, escaped, fill, has_slot, message_id_field, text_field, without_slots

# As RFC 3834 and practice suggest: no delivery, read or out-of-office reports; reports of non-delivery are wanted.
SUPPRESS = "DR, RN, NRN, OOF, AutoReply"
# RFC 2045 section 6.7: a line of quoted-printable has at most 76 characters.
_LINE = 76
PART = 'Content-Type: text/{}; charset="utf-8"\r\nContent-Transfer-Encoding: {}\r\n\r\n'
QUOTED = "quoted-printable"


@dataclass(frozen=True, slots=True)
class Envelope:
    """The header values of one mail. Message-IDs have angle brackets; `date` is aware; empty fields are left out.

    `auto_submitted` is a keyword of RFC 3834 section 5, "" where a person typed it; `loop` is our own token, which
    identifies mail that comes back.
    """

    sender: str
    recipient: str
    message_id: str
    date: datetime
    auto_submitted: str
    reply_to: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    loop: str = ""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A message without its values: encoded lines, and lines with slots between them.

    Slot i takes the value called `keys[i]` of the rendition of that number; an empty name takes nothing. A text of a
    script that is not Latin stays whole, for base64. `pictures` are those that the page shows.
    """

    subject: str
    boundary: str
    text: tuple[bytes | str, ...] | str
    html: tuple[bytes | str, ...] | str
    keys: tuple[tuple[int, str], ...]
    pictures: tuple[Picture, ...] = ()


def skeleton(
    subject: str,
    text: str,
    document: str,
    keys: Sequence[tuple[int, str]],
    pictures: Sequence[Picture] = (),
) -> Skeleton:
    """Return the skeleton of a message whose values are still slots."""
    boundary = boundary_of(text + document)
    return Skeleton(subject, boundary, _body(text), _body(document), tuple(keys), tuple(pictures))


def _body(text: str) -> tuple[bytes | str, ...] | str:
    words = without_slots(text)
    size = len(words.encode())
    # What is not ASCII takes three bytes for one as quoted-printable, and everything four for three as base64.
    extra = sum(len(character.encode()) for character in words if not character.isascii())
    return text if extra * 6 > size else _lines(text)


def boundary_of(content: str) -> str:
    """Return a boundary derived from the content. Quoted-printable never has "=_", so no content can contain it."""
    return "=_" + hashlib.sha256(content.encode()).hexdigest()[:32]


def _lines(text: str) -> tuple[bytes | str, ...]:
    """Return runs of lines without a slot as encoded bytes, and each line with a slot unchanged."""
    lines: list[bytes | str] = []
    for line in text.splitlines():
        if has_slot(line):
            lines.append(line)
        elif lines and isinstance(lines[-1], bytes):
            lines[-1] += encoded_line(line)
        else:
            lines.append(encoded_line(line))
    return tuple(lines)


def encoded_line(line: str) -> bytes:
    """Return one line as quoted-printable (RFC 2045 section 6.7), with CRLF."""
    if line.isascii() and line.isprintable() and "=" not in line and line[-1:] != " ":
        # No character to encode, only long lines to break: the result of body_encode in a tenth of its time.
        *starts, last = range(0, max(len(line) - 1, 1), _LINE - 1)
        line = "=\r\n".join([*(line[start : start + _LINE - 1] for start in starts), line[last:]])
    else:
        line = body_encode(line.encode().decode("latin-1"), _LINE, "\r\n")
    return f"{line}\r\n".encode("ascii")


def mail(headers: str, skeleton: Skeleton, values: Sequence[str]) -> bytes:
    """Return the mail with these values in the slots of its skeleton."""
    boundary = skeleton.boundary
    start = f'{headers}MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'
    # UTF-8 for an address that is not ASCII (RFC 6532); everything else is encoded.
    pieces = [start.encode(), f"--{boundary}\r\n".encode("ascii")]
    pieces += _encoded("plain", skeleton.text, values)
    pieces.append(f"\r\n--{boundary}\r\n".encode("ascii"))
    page = _encoded("html", skeleton.html, escaped(values))
    pieces += _with_pictures(page, skeleton) if skeleton.pictures else page
    pieces.append(f"\r\n--{boundary}--\r\n".encode("ascii"))
    return b"".join(pieces)


def _with_pictures(page: Sequence[bytes], skeleton: Skeleton) -> list[bytes]:
    """Return the page and its pictures as one part (RFC 2387)."""
    boundary = f"{skeleton.boundary}.related"
    opening = f'Content-Type: multipart/related; type="text/html";\r\n boundary="{boundary}"\r\n\r\n--{boundary}\r\n'
    pieces = [opening.encode("ascii"), *page]
    for picture in skeleton.pictures:
        pieces += [f"\r\n--{boundary}\r\n".encode("ascii"), picture.part()]
    return [*pieces, f"\r\n--{boundary}--\r\n".encode("ascii")]


def _encoded(kind: str, body: tuple[bytes | str, ...] | str, values: Sequence[str]) -> list[bytes]:
    """Return one part with its header."""
    if isinstance(body, str):
        content = fill(body, values).encode("utf-8").replace(b"\n", b"\r\n")
        return [PART.format(kind, "base64").encode("ascii"), base64.encodebytes(content).replace(b"\n", b"\r\n")]
    lines = [line if isinstance(line, bytes) else encoded_line(fill(line, values)) for line in body]
    return [PART.format(kind, QUOTED).encode("ascii"), *lines]


def headers_of(subject: str, envelope: Envelope) -> str:
    """Return the fields of the header; those of automatic mail only where no person typed it."""
    is_automatic = bool(envelope.auto_submitted)
    return "".join(
        (
            address_field("From", envelope.sender),
            address_field("To", envelope.recipient),
            text_field("Subject", subject),
            f"Date: {format_datetime(envelope.date)}\r\n",
            message_id_field("Message-ID", (envelope.message_id,)),
            message_id_field("In-Reply-To", (envelope.in_reply_to,)),
            message_id_field("References", envelope.references),
            address_field("Reply-To", envelope.reply_to),
            text_field("Auto-Submitted", envelope.auto_submitted),
            f"X-Auto-Response-Suppress: {SUPPRESS}\r\n" if is_automatic else "",
            text_field("X-Ackbot-Loop", envelope.loop),
        )
    )
