"""The finished mail: RFC 5322 bytes with a text and an HTML part, from one template.

The standard library takes about a millisecond to build a mail. Here each template is written once, with slots
where values go; lines without a slot are encoded once, and only the others for every mail.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from email.header import Header
from email.quoprimime import body_encode
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from pathlib import Path
from string import Template
from typing import Any

from bot.render.environment import BadTemplate, Templates, Written, clean, escaped, fill, has_slot, slot
from bot.render.formats import date_in_words

# RFC 3834 and domain practice: no delivery, read or out-of-office reports; non-delivery reports we want.
SUPPRESS = "DR, RN, NRN, OOF, AutoReply"
MOST_BYTES = 20_480
_SHORT_ASCII = re.compile(r"[\x20-\x7e]{0,66}")
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,900}>")


@dataclass(frozen=True, slots=True)
class Envelope:
    """The header values of one mail. `message_id` has its angle brackets; `date` is aware."""

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
    """A message that waits for its values: encoded lines, and lines with slots between them."""

    subject: str
    boundary: str
    text: tuple[bytes | str, ...]
    html: tuple[bytes | str, ...]


class Composer:
    """Writes the mail of one organisation. `constants` are values that every template may use."""

    def __init__(self, directories: Sequence[Path], constants: Mapping[str, str]) -> None:
        self._templates = Templates(directories)
        self._constants = dict(constants)
        layouts = [directory / "partials" / "mail.html" for directory in directories]
        self._layout = next(path for path in layouts if path.is_file()).read_text(encoding="utf-8")
        self._skeletons: dict[tuple[str, ...], tuple[Skeleton, tuple[str, ...]]] = {}

    def compose(self, name: str, values: Mapping[str, Any], envelope: Envelope, *, language: str = "en") -> bytes:
        """One mail, ready to leave. Raises BadTemplate for an unknown placeholder or a fault in the template."""
        skeleton, cleaned = self._filled(name, language, values)
        headers = _headers(fill(skeleton.subject, cleaned), envelope)
        return _body(headers, skeleton, cleaned)

    def check(self) -> list[str]:
        """Every template written on sample values: what is wrong with it, in plain words."""
        return [fault for name, language in self._templates.names() for fault in self._faults(name, language)]

    def _faults(self, name: str, language: str) -> list[str]:
        if name not in SAMPLES:
            return [f"messages/{language}/{name}.md: nothing uses a template of this name; known: {', '.join(SAMPLES)}"]
        moment = datetime(2026, 12, 18, 10, tzinfo=UTC)
        envelope = Envelope("Us <us@example.org>", "you@example.org", "<1@example.org>", moment, "auto-replied")
        try:
            size = len(self.compose(name, SAMPLES[name], envelope, language=language))
        except BadTemplate as error:
            return [str(error)]
        too_long = f"messages/{language}/{name}.md: {size} bytes as a mail; at most {MOST_BYTES} are allowed"
        return [too_long] if size > MOST_BYTES else []

    def _filled(self, name: str, language: str, values: Mapping[str, Any]) -> tuple[Skeleton, list[str]]:
        if not all(isinstance(value, str) for value in values.values()):
            # Lists make each message another one: written anew, by the same way.
            written = self._templates.write(name, language, {**values, **self._constants})
            return _skeleton(written, self._layout, language), [clean(value) for value in written.values]
        # A condition may ask whether a value is there, so that is part of the skeleton's name.
        present = tuple(key for key, value in values.items() if value)
        if (name, language, *present) not in self._skeletons:
            stand_ins = {key: f"\0{key}" if value else "" for key, value in values.items()}
            written = self._templates.write(name, language, {**stand_ins, **self._constants})
            skeleton = _skeleton(_with_constants(written), self._layout, language)
            self._skeletons[name, language, *present] = (skeleton, tuple(v.lstrip("\0") for v in written.values))
        skeleton, keys = self._skeletons[name, language, *present]
        return skeleton, [clean(values.get(key, "")) for key in keys]


def _with_constants(written: Written) -> Written:
    """Fill in what is the same in every message; a stand-in (which begins with NUL) stays a slot."""
    known = [slot(n) if v.startswith("\0") else clean(v) for n, v in enumerate(written.values)]
    in_html = [v if has_slot(v) else escaped([v])[0] for v in known]
    return replace(
        written, subject=fill(written.subject, known), text=fill(written.text, known), html=fill(written.html, in_html)
    )


def _skeleton(written: Written, layout: str, language: str) -> Skeleton:
    document = Template(layout).substitute(language=language, title=written.subject, content=written.html)
    # Made from the content, so that it is the same every time and does not occur in it.
    boundary = "=_" + hashlib.sha256((written.text + document).encode()).hexdigest()[:32]
    return Skeleton(written.subject, boundary, _lines(written.text), _lines(document))


def _lines(text: str) -> tuple[bytes | str, ...]:
    """Runs of lines without a slot as encoded bytes; each line with one as it is."""
    lines: list[bytes | str] = []
    for line in text.splitlines():
        if has_slot(line):
            lines.append(line)
        elif lines and isinstance(lines[-1], bytes):
            lines[-1] += _encoded(line)
        else:
            lines.append(_encoded(line))
    return tuple(lines)


def _encoded(line: str) -> bytes:
    """One line as quoted-printable (RFC 2045 section 6.7), ended by CRLF."""
    return body_encode(line.encode().decode("latin-1"), 78, "\r\n").encode("ascii") + b"\r\n"


def _body(headers: str, skeleton: Skeleton, values: Sequence[str]) -> bytes:
    in_html = escaped(values)
    boundary = skeleton.boundary
    start = (
        f'{headers}MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'
        f"--{boundary}\r\n{_part('plain')}"
    )
    pieces = [start.encode()]
    pieces += [line if isinstance(line, bytes) else _encoded(fill(line, values)) for line in skeleton.text]
    pieces.append(f"\r\n--{boundary}\r\n{_part('html')}".encode("ascii"))
    pieces += [line if isinstance(line, bytes) else _encoded(fill(line, in_html)) for line in skeleton.html]
    pieces.append(f"\r\n--{boundary}--\r\n".encode("ascii"))
    return b"".join(pieces)


def _part(subtype: str) -> str:
    return f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'


def _headers(subject: str, envelope: Envelope) -> str:
    before = {
        "From": envelope.sender,
        "To": envelope.recipient,
        "Subject": subject,
        "Date": format_datetime(envelope.date),
        "Message-ID": envelope.message_id,
    }
    after = {
        "Reply-To": envelope.reply_to,
        "Auto-Submitted": envelope.auto_submitted,
        "X-Auto-Response-Suppress": SUPPRESS,
        "X-Ackbot-Loop": envelope.loop,
    }
    lines = [_header(name, value) for name, value in before.items()]
    lines += [_message_ids("In-Reply-To", [envelope.in_reply_to]), _message_ids("References", envelope.references)]
    lines += [_header(name, value) for name, value in after.items() if value]
    return "".join(lines)


def _message_ids(name: str, ids: Sequence[str]) -> str:
    """Message-IDs are never encoded or broken (RFC 5322 section 3.6.4); what is none is left out."""
    good = [one for one in ids if _MESSAGE_ID.fullmatch(one)]
    folded = "\r\n ".join(good)
    return f"{name}: {folded}\r\n" if good else ""


@lru_cache(maxsize=256)
def _header(name: str, value: str) -> str:
    """One header field, folded and encoded where it must be (RFC 5322 section 2.2.3, RFC 2047)."""
    value = clean(value)
    if _SHORT_ASCII.fullmatch(value):
        return f"{name}: {value}\r\n"
    if name in ("From", "To", "Reply-To"):
        display, address = parseaddr(value)
        return f"{name}: {_folded(name, display)}\r\n <{address}>\r\n"
    return f"{name}: {_folded(name, value)}\r\n"


def _folded(name: str, value: str) -> str:
    charset = "us-ascii" if value.isascii() else "utf-8"
    return Header(value, charset, maxlinelen=76, header_name=name).encode(linesep="\r\n")


_SAMPLE_DAY = date_in_words(date(2027, 1, 6))
_SAMPLE_LISTED = [{"reference": "EX-7K3M-9QPH", "channel": "enquiries", "due": _SAMPLE_DAY}]
# What each template may use besides the constants; also what it is checked with.
SAMPLES: dict[str, dict[str, Any]] = {
    "acknowledgement": {
        "reference": "EX-7K3M-9QPH",
        "respond_by": _SAMPLE_DAY,
        "promise": "10 working days",
        "received": "10am on Friday 18 December 2026",
    },
    "alert": {
        "reference": "EX-7K3M-9QPH",
        "step": "half of the time to answer is used",
        "promise": f"answer by {_SAMPLE_DAY}",
        "received": "10am on Friday 18 December 2026",
        "channel": "enquiries",
        "action": "Answer the person, then record it: ackbot contacts respond EX-7K3M-9QPH",
    },
    "notice": {"subject": "The channel enquiries cannot be read", "happened": "It is so.", "action": "Do this."},
    "digest": {
        "day": _SAMPLE_DAY,
        "overdue": _SAMPLE_LISTED,
        "soon": _SAMPLE_LISTED,
        "unacknowledged": _SAMPLE_LISTED,
    },
}
